"""Advertisers: /v1/advertisers."""

from typing import Annotated

from fastapi import Path, Response
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from service.api.ids import new_id
from service.api.management.answers import Made, answer, made
from service.api.management.audit import Changed, record
from service.api.management.caller import Caller, Manager
from service.api.management.cursor import Page
from service.api.management.database import Database
from service.api.management.etag import IfMatch
from service.api.management.idempotency import Once
from service.api.management.route import management_router
from service.api.problems import responses
from service.api.schemas.advertisers import (
    Advertiser,
    AdvertiserChange,
    AdvertiserDraft,
    AdvertiserPage,
)
from service.api.schemas.resource import Id
from service.errors import ConflictError, NotFoundError, PreconditionFailedError
from service.store.management.advertisers import (
    add_advertiser,
    advertisers_page,
    get_advertiser,
    remove_advertiser,
    rename_advertiser,
)
from service.store.management.campaigns import count_campaigns
from service.store.management.payments import has_payments

router = management_router("advertisers")

AdvertiserId = Annotated[
    Id, Path(description="The advertiser.", examples=["adv_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"])
]


@router.post(
    "/advertisers",
    summary="Make an advertiser",
    status_code=201,
    response_model=Advertiser,
    responses=responses(ConflictError),
)
async def create_advertiser(draft: AdvertiserDraft, caller: Manager, once: Once) -> Response:
    """Make a merchant who may book campaigns. Takes a key of the whole store."""
    caller.require_whole_store()

    async def create(connection: AsyncConnection) -> Made:
        row = await add_advertiser(connection, caller.store_id, new_id("adv"), draft.name)
        advertiser = _shown(row)
        await record(connection, caller, _changed("create", None, advertiser))
        return made(advertiser, f"/v1/advertisers/{advertiser.id}")

    return await once(create)


@router.get("/advertisers", summary="List advertisers", response_model=AdvertiserPage)
async def list_advertisers(caller: Manager, database: Database, page: Page) -> Response:
    """List the store's advertisers, in the order of their ids; a merchant sees itself."""
    async with database.begin() as connection:
        rows = await advertisers_page(
            connection, caller.store_id, caller.advertiser_id, after=page.after, limit=page.fetch
        )
    return page.answer(AdvertiserPage, [_shown(row) for row in rows], lambda one: one.id)


@router.get("/advertisers/{advertiser_id}", summary="One advertiser", response_model=Advertiser)
async def read_advertiser(
    advertiser_id: AdvertiserId, caller: Manager, database: Database
) -> Response:
    """Show one advertiser, with its ETag."""
    async with database.begin() as connection:
        return answer(await found_advertiser(connection, caller, advertiser_id))


@router.patch(
    "/advertisers/{advertiser_id}",
    summary="Change an advertiser",
    response_model=Advertiser,
    responses=responses(ConflictError, PreconditionFailedError),
)
async def patch_advertiser(
    advertiser_id: AdvertiserId,
    change: AdvertiserChange,
    caller: Manager,
    database: Database,
    if_match: IfMatch,
) -> Response:
    """Change what is given. With `If-Match`, only if nobody changed it meanwhile."""
    async with database.begin() as connection:
        before = await found_advertiser(connection, caller, advertiser_id, lock=True)
        if_match.check(before)
        name = change.given().get("name", before.name)
        after = _shown(await rename_advertiser(connection, caller.store_id, advertiser_id, name))
        await record(connection, caller, _changed("change", before, after))
    return answer(after)


@router.delete(
    "/advertisers/{advertiser_id}",
    summary="Delete an advertiser",
    status_code=204,
    responses=responses(ConflictError, PreconditionFailedError),
)
async def delete_advertiser(
    advertiser_id: AdvertiserId, caller: Manager, database: Database, if_match: IfMatch
) -> Response:
    """Delete an advertiser that has no campaigns, and its keys. Takes a key of the whole store."""
    async with database.begin() as connection:
        before = await found_advertiser(connection, caller, advertiser_id, lock=True)
        caller.require_whole_store()
        if_match.check(before)
        if campaigns := await count_campaigns(connection, caller.store_id, advertiser_id):
            raise ConflictError(f"the advertiser has {campaigns} campaigns; delete them first")
        if await has_payments(connection, advertiser_id):
            raise ConflictError(
                "the advertiser has payments, which stay on record, and so does it"
            )
        await remove_advertiser(connection, caller.store_id, advertiser_id)
        await record(connection, caller, _changed("delete", before, None))
    return Response(status_code=204)


async def found_advertiser(
    connection: AsyncConnection, caller: Caller, advertiser_id: str, *, lock: bool = False
) -> Advertiser:
    """The advertiser, if it exists for the caller.

    Raises: NotFoundError.
    """
    row = await get_advertiser(connection, caller.store_id, advertiser_id, lock=lock)
    if row is None or not caller.sees(advertiser_id):
        raise NotFoundError("advertiser", advertiser_id)
    return _shown(row)


def _shown(row: RowMapping) -> Advertiser:
    return Advertiser(**row)


def _changed(action: str, before: Advertiser | None, after: Advertiser | None) -> Changed:
    advertiser_id = (after or before).id  # type: ignore[union-attr] # one of them is there
    return Changed("advertiser", advertiser_id, action, before, after, advertiser_id)
