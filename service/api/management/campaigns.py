"""Campaigns: /v1/campaigns."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Path, Query, Response
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from service.api.ids import new_id
from service.api.management.answers import Made, answer, made
from service.api.management.audit import Changed, record
from service.api.management.caller import Caller, Manager
from service.api.management.campaign_fields import columns_of, fields_of
from service.api.management.campaign_rules import (
    charged_in_its_zone,
    check_change,
    check_dates,
    check_platforms,
    check_schedule,
    check_zone,
    check_zone_name,
    require_not_ended,
)
from service.api.management.cursor import Page
from service.api.management.database import Database
from service.api.management.etag import IfMatch
from service.api.management.idempotency import Once
from service.api.management.route import management_router
from service.api.problems import responses
from service.api.schemas.campaigns import Campaign, CampaignChange, CampaignDraft, CampaignPage
from service.api.schemas.resource import Id
from service.decision.terms import CampaignStatus
from service.errors import (
    ConflictError,
    Fault,
    InvalidRequestError,
    NotFoundError,
    PreconditionFailedError,
)
from service.store.management.advertisers import get_advertiser
from service.store.management.campaigns import (
    add_campaign,
    campaigns_page,
    change_campaign,
    get_campaign,
    has_charges,
    lock_campaign,
    remove_campaign,
)
from service.store.unplanned_platforms import close_unplanned

router = management_router("campaigns")

CampaignId = Annotated[
    Id, Path(description="The campaign.", examples=["cmp_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"])
]
OfAdvertiser = Annotated[
    Id | None,
    Query(
        description="Only this advertiser's.", examples=["adv_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"]
    ),
]
OfStatus = Annotated[
    CampaignStatus | None, Query(description="Only those of this status.", examples=["active"])
]


@router.post(
    "/campaigns",
    summary="Make a campaign",
    status_code=201,
    response_model=Campaign,
    responses=responses(ConflictError),
)
async def create_campaign(draft: CampaignDraft, caller: Manager, once: Once) -> Response:
    """Make a campaign. It begins paused: give it ads and keywords, then set it to active."""
    check_dates(draft.starts_at, draft.ends_at)
    check_schedule(draft.schedule)
    check_zone_name(draft.time_zone)

    async def create(connection: AsyncConnection) -> Made:
        await _require_advertiser(connection, caller, draft.advertiser_id)
        await check_platforms(connection, caller.store_id, draft.platforms, "/platforms")
        await check_zone(connection, draft.time_zone)
        given = {name: getattr(draft, name) for name in CampaignDraft.model_fields}
        values = columns_of(given) | {"id": new_id("cmp")}
        campaign = _shown(await add_campaign(connection, caller.store_id, values))
        await record(connection, caller, _changed("create", campaign, after=campaign))
        return made(campaign, f"/v1/campaigns/{campaign.id}")

    return await once(create)


@router.get("/campaigns", summary="List campaigns", response_model=CampaignPage)
async def list_campaigns(
    caller: Manager,
    database: Database,
    page: Page,
    advertiser_id: OfAdvertiser = None,
    status: OfStatus = None,
) -> Response:
    """List campaigns, in the order of their ids; a merchant sees its own."""
    owner = advertiser_id or caller.advertiser_id
    if not caller.sees(owner):
        return page.answer(CampaignPage, [], lambda one: one.id)
    asked = {"advertiser_id": owner, "status": status and status.value}
    only = {name: value for name, value in asked.items() if value is not None}
    async with database.begin() as connection:
        rows = await campaigns_page(
            connection, caller.store_id, only, after=page.after, limit=page.fetch
        )
    return page.answer(CampaignPage, [_shown(row) for row in rows], lambda one: one.id)


@router.get("/campaigns/{campaign_id}", summary="One campaign", response_model=Campaign)
async def read_campaign(campaign_id: CampaignId, caller: Manager, database: Database) -> Response:
    """Show one campaign, with its ETag."""
    async with database.begin() as connection:
        row = await get_campaign(connection, caller.store_id, campaign_id)
    return answer(seen(row, caller, campaign_id))


@router.patch(
    "/campaigns/{campaign_id}",
    summary="Change a campaign",
    response_model=Campaign,
    responses=responses(ConflictError, PreconditionFailedError),
)
async def patch_campaign(
    campaign_id: CampaignId,
    change: CampaignChange,
    caller: Manager,
    database: Database,
    if_match: IfMatch,
) -> Response:
    """Change what is given. With `If-Match`, only if nobody changed it meanwhile.

    The budget may not go below what is spent; the daily budget may, and then ends the day. The
    time zone stays once there are charges. An ended campaign stays as it is.
    """
    given = change.given()
    async with database.begin() as connection:
        row = await lock_campaign(connection, caller.store_id, campaign_id)
        before = seen(row, caller, campaign_id)
        if_match.check(before)
        check_change(before, given, datetime.now(UTC))
        await check_platforms(connection, caller.store_id, change.platforms or (), "/platforms")
        if given.get("time_zone", before.time_zone) != before.time_zone:
            await check_zone(connection, change.time_zone)
            if await has_charges(connection, campaign_id):
                raise charged_in_its_zone(before)
        values = columns_of(given)
        after = _shown(await change_campaign(connection, caller.store_id, campaign_id, values))
        if after.platforms != before.platforms:
            await close_unplanned(connection, caller.store_id, [campaign_id])
        await record(connection, caller, _changed("change", after, before=before, after=after))
    return answer(after)


@router.delete(
    "/campaigns/{campaign_id}",
    summary="Delete a campaign",
    status_code=204,
    responses=responses(ConflictError, PreconditionFailedError),
)
async def delete_campaign(
    campaign_id: CampaignId, caller: Manager, database: Database, if_match: IfMatch
) -> Response:
    """Delete a campaign that was never charged, with its ads and keywords.

    What was paid is never forgotten: end a campaign that has charges instead.
    """
    async with database.begin() as connection:
        row = await lock_campaign(connection, caller.store_id, campaign_id, to_delete=True)
        before = seen(row, caller, campaign_id)
        if_match.check(before)
        if before.spent_micros or await has_charges(connection, campaign_id):
            raise ConflictError(
                f"the campaign has spent {before.spent_micros} micros, which stay on record;"
                ' end it with PATCH {"status": "ended"}'
            )
        await remove_campaign(connection, caller.store_id, campaign_id)
        await record(connection, caller, _changed("delete", before, before=before))
    return Response(status_code=204)


def seen(row: RowMapping | None, caller: Caller, campaign_id: str) -> Campaign:
    """The campaign of `row`, if there is one and it exists for the caller.

    Raises: NotFoundError.
    """
    if row is None or not caller.sees(row["advertiser_id"]):
        raise NotFoundError("campaign", campaign_id)
    return _shown(row)


async def open_for_changes(
    connection: AsyncConnection, caller: Caller, campaign_id: str
) -> Campaign:
    """The campaign, locked, for changes to its ads and keywords.

    Raises: NotFoundError; ConflictError when it has ended.
    """
    row = await lock_campaign(connection, caller.store_id, campaign_id)
    campaign = seen(row, caller, campaign_id)
    require_not_ended(campaign)
    return campaign


async def _require_advertiser(
    connection: AsyncConnection, caller: Caller, advertiser_id: str
) -> None:
    row = await get_advertiser(connection, caller.store_id, advertiser_id)
    if row is None or not caller.sees(advertiser_id):
        detail = f"There is no advertiser {advertiser_id!a}"
        fault = Fault("/advertiser_id", "unknown_advertiser", detail)
        raise InvalidRequestError([fault], 1)


def _shown(row: RowMapping) -> Campaign:
    return Campaign(**fields_of(row))


def _changed(
    action: str, of: Campaign, before: Campaign | None = None, after: Campaign | None = None
) -> Changed:
    return Changed("campaign", of.id, action, before, after, of.advertiser_id)
