"""Rules for selling points, of the store and of its merchants."""

from dataclasses import asdict

from fastapi import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from service.api.management.advertisers import AdvertiserId
from service.api.management.answers import answer
from service.api.management.audit import Changed, record
from service.api.management.caller import Caller, Manager
from service.api.management.database import Database
from service.api.management.etag import IfMatch, Precondition
from service.api.management.route import management_router
from service.api.problems import responses
from service.api.schemas.selling_point_rules import SellingPointRules
from service.decision.point_rules import PointRules
from service.errors import NotFoundError, PreconditionFailedError
from service.store.management.advertisers import get_advertiser
from service.store.management.point_rules import get_point_rules, put_point_rules
from service.store.management.stores import lock_store

router = management_router("selling points")
_OF_STORE = "/selling-point-rules"
_OF_MERCHANT = "/advertisers/{advertiser_id}/selling-point-rules"


@router.get(
    _OF_STORE, summary="The store's rules for selling points", response_model=SellingPointRules
)
async def read_selling_point_rules(caller: Manager, database: Database) -> Response:
    """Show what no title of the store may say. Takes a key of the whole store."""
    caller.require_whole_store()
    async with database.begin() as connection:
        return answer(await _rules(connection, caller, None))


@router.put(
    _OF_STORE,
    summary="Replace the store's rules for selling points",
    response_model=SellingPointRules,
    responses=responses(PreconditionFailedError),
)
async def put_selling_point_rules(
    rules: SellingPointRules, caller: Manager, database: Database, if_match: IfMatch
) -> Response:
    """Say what no title may say of any product; what is left out is emptied.

    Takes a key of the whole store.
    """
    caller.require_whole_store()
    async with database.begin() as connection:
        await lock_store(connection, caller.store_id)
        return await _replace(connection, caller, None, rules, if_match)


@router.get(
    _OF_MERCHANT,
    summary="A merchant's rules for selling points",
    response_model=SellingPointRules,
)
async def read_merchants_selling_point_rules(
    advertiser_id: AdvertiserId, caller: Manager, database: Database
) -> Response:
    """Show what no title of the products that the merchant has ads for may say."""
    async with database.begin() as connection:
        await _require_advertiser(connection, caller, advertiser_id)
        return answer(await _rules(connection, caller, advertiser_id))


@router.put(
    _OF_MERCHANT,
    summary="Replace a merchant's rules for selling points",
    response_model=SellingPointRules,
    responses=responses(PreconditionFailedError),
)
async def put_merchants_selling_point_rules(
    advertiser_id: AdvertiserId,
    rules: SellingPointRules,
    caller: Manager,
    database: Database,
    if_match: IfMatch,
) -> Response:
    """Say what no title of the products that the merchant has ads for may say.

    As a ban, it holds for all ads of such a product. What is left out is emptied.
    """
    async with database.begin() as connection:
        await _require_advertiser(connection, caller, advertiser_id, lock=True)
        return await _replace(connection, caller, advertiser_id, rules, if_match)


async def _replace(
    connection: AsyncConnection,
    caller: Caller,
    advertiser_id: str | None,
    rules: SellingPointRules,
    if_match: Precondition,
) -> Response:
    before = await _rules(connection, caller, advertiser_id)
    if_match.check(before)
    if rules != before:
        kept = PointRules(**rules.model_dump())
        await put_point_rules(connection, caller.store_id, advertiser_id, kept)
        whose = advertiser_id or caller.store_id
        changed = Changed("selling_point_rules", whose, "change", before, rules, advertiser_id)
        await record(connection, caller, changed)
    return answer(rules)


async def _rules(
    connection: AsyncConnection, caller: Caller, advertiser_id: str | None
) -> SellingPointRules:
    rules = await get_point_rules(connection, caller.store_id, advertiser_id)
    return SellingPointRules(**asdict(rules))


async def _require_advertiser(
    connection: AsyncConnection, caller: Caller, advertiser_id: str, *, lock: bool = False
) -> None:
    """Raise NotFoundError if the advertiser does not exist for the caller."""
    sees = caller.sees(advertiser_id)
    if not sees or not await get_advertiser(connection, caller.store_id, advertiser_id, lock=lock):
        raise NotFoundError("advertiser", advertiser_id)
