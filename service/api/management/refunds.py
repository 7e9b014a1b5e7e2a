"""Refunds: /v1/refunds."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from service.api.management.answers import Made
from service.api.management.audit import Changed, record
from service.api.management.caller import Caller, Manager
from service.api.management.cursor import Page
from service.api.management.database import Database
from service.api.management.idempotency import Once
from service.api.management.ledger_pages import ledger_answer, place_after
from service.api.management.route import management_router
from service.api.problems import responses
from service.api.schemas.ledger import LedgerPage, RefundDraft, RefundNote, Refunds
from service.api.schemas.resource import Id
from service.errors import ConflictError, Fault, InvalidRequestError
from service.store.management.campaigns import get_campaign
from service.store.management.ledger import RefundFilter, refunds_page
from service.store.refunds import (
    MOST_AT_ONCE,
    Refund,
    Refunded,
    RefundQuery,
    find_charges,
    refund_charges,
)

router = management_router("refunds")

OfCampaign = Annotated[
    Id | None,
    Query(description="Only this campaign's.", examples=["cmp_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"]),
]
OfAdvertiser = Annotated[
    Id | None,
    Query(
        description="Only this advertiser's.", examples=["adv_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"]
    ),
]


@router.post(
    "/refunds",
    summary="Give money back",
    status_code=201,
    response_model=Refunds,
    responses=responses(ConflictError),
)
async def create_refunds(draft: RefundDraft, caller: Manager, once: Once) -> Response:
    """Give back what is left of charges. Takes a key of the whole store.

    Campaign, day and balance have it at once, and may spend it again. Asking again gives
    nothing back twice.
    """
    caller.require_whole_store()
    _check(draft)

    async def create(connection: AsyncConnection) -> Made:
        if draft.campaign_id is not None:
            await _require_campaign(connection, caller, draft.campaign_id)
        query = RefundQuery(
            caller.store_id, draft.impression_ids, draft.campaign_id, draft.since, draft.until
        )
        names = await find_charges(connection, query, most=MOST_AT_ONCE + 1)
        now = [Refund(name, draft.reason) for name in names[:MOST_AT_ONCE]]
        done = await refund_charges(connection, now)
        await _record(connection, caller, done)
        paid = {one.refund.charge.impression_id for one in done}
        body = Refunds(
            refunded=len(done),
            refunded_micros=sum(one.micros for one in done),
            not_refunded=tuple(one for one in draft.impression_ids or () if one not in paid),
            more=len(names) > MOST_AT_ONCE,
        )
        return Made(body)

    return await once(create)


@router.get("/refunds", summary="List refunds", response_model=LedgerPage)
async def list_refunds(
    caller: Manager,
    database: Database,
    page: Page,
    advertiser_id: OfAdvertiser = None,
    campaign_id: OfCampaign = None,
) -> Response:
    """List what was given back, newest first; a merchant sees its own."""
    owner = advertiser_id or caller.advertiser_id
    if not caller.sees(owner):
        return ledger_answer(page, [])
    only = RefundFilter(caller.store_id, owner, campaign_id)
    async with database.begin() as connection:
        rows = await refunds_page(connection, only, place_after(page), limit=page.fetch)
    return ledger_answer(page, rows)


def _check(draft: RefundDraft) -> None:
    if draft.impression_ids is not None:
        return
    needed = ("campaign_id", "since", "until")
    faults = [
        Fault(f"/{name}", "missing", "Give impression_ids, or campaign_id with since and until")
        for name in needed
        if getattr(draft, name) is None
    ]
    if faults:
        raise InvalidRequestError(faults, len(faults))


async def _require_campaign(connection: AsyncConnection, caller: Caller, campaign_id: str) -> None:
    if await get_campaign(connection, caller.store_id, campaign_id) is None:
        detail = f"There is no campaign {campaign_id!a}"
        raise InvalidRequestError([Fault("/campaign_id", "unknown_campaign", detail)], 1)


async def _record(connection: AsyncConnection, caller: Caller, done: Sequence[Refunded]) -> None:
    """One entry a campaign, which its merchant may read."""
    for campaign_id in sorted({one.campaign_id for one in done}):
        of = [one for one in done if one.campaign_id == campaign_id]
        note = RefundNote(
            reason=of[0].refund.reason,
            refunded=len(of),
            refunded_micros=sum(one.micros for one in of),
        )
        campaign = await get_campaign(connection, caller.store_id, campaign_id)
        owner = None if campaign is None else campaign["advertiser_id"]
        await record(
            connection, caller, Changed("campaign", campaign_id, "refund", None, note, owner)
        )
