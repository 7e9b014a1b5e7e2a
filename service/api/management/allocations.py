"""Plans of budgets over platforms: /v1/campaigns/{campaign_id}/allocations."""

import asyncio
from datetime import datetime

import orjson
from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from service.api.management.allocation_answers import kept, preview
from service.api.management.answers import Made
from service.api.management.audit import Changed, record
from service.api.management.caller import Caller, Manager
from service.api.management.campaigns import CampaignId, open_for_changes, seen
from service.api.management.cursor import Page, PageQuery
from service.api.management.database import Database
from service.api.management.idempotency import Once
from service.api.management.planning import plan_day
from service.api.management.route import management_router
from service.api.problems import responses
from service.api.schemas.allocations import Allocation, AllocationDraft, AllocationPage, Cause
from service.api.state import state_of
from service.decision.day_plans import AllocatedCampaign
from service.decision.plans import Policy
from service.decision.terms import Micros
from service.errors import ConflictError, Fault, InvalidRequestError, NotFoundError
from service.store.allocations import NewAllocation, apply_allocation, campaign_to_allocate
from service.store.management.allocations import (
    AllocationPlace,
    allocations_page,
    get_allocation,
    lines_of,
)
from service.store.management.campaigns import get_campaign

router = management_router("allocations")


@router.post(
    "/campaigns/{campaign_id}/allocations",
    summary="Plan a campaign's day",
    response_model=Allocation,
    responses={
        201: {"model": Allocation, "description": "The plan holds"},
        **responses(ConflictError),
    },
)
async def create_allocation(
    campaign_id: CampaignId, draft: AllocationDraft, caller: Manager, request: Request, once: Once
) -> Response:
    """Plan how today's budget is spread over platforms, with the reason of each line.

    With `apply` the lines become what each platform may spend today, and 201 is the answer; no
    line is below what is spent already. Without it this is a preview: nothing is kept, and 200
    is the answer. Without an allocation of its own the campaign is planned as by the default.
    """
    model = await asyncio.to_thread(state_of(request).response_model)

    async def create(connection: AsyncConnection) -> Made:
        campaign = await _campaign(connection, caller, campaign_id, draft)
        policy = _policy(campaign, draft)
        budget = _budget(campaign, draft)
        plan = await plan_day(connection, campaign, policy, budget, model)
        new = NewAllocation(
            campaign_id, campaign.day, Cause.ASKED.value, budget, policy.goal, model.name, plan
        )
        if not draft.apply:
            return Made(preview(new, campaign.spent), status=200)
        return await _apply(connection, caller, new)

    return await once(create)


@router.get(
    "/campaigns/{campaign_id}/allocations",
    summary="How budgets were spread",
    response_model=AllocationPage,
)
async def list_allocations(
    campaign_id: CampaignId, caller: Manager, database: Database, page: Page
) -> Response:
    """List a campaign's plans, newest first: what was foretold, and what the day brought so far.

    Plans of the same day follow one another; what is foretold, spent and brought is of the whole
    day.
    """
    after = _place_after(page)
    async with database.begin() as connection:
        seen(await get_campaign(connection, caller.store_id, campaign_id), caller, campaign_id)
        rows = await allocations_page(connection, campaign_id, after, limit=page.fetch)
        lines = await lines_of(connection, [row["id"] for row in rows])
    plans = [kept(row, lines[row["id"]]) for row in rows]
    return page.answer(AllocationPage, plans, _key)


async def _campaign(
    connection: AsyncConnection, caller: Caller, campaign_id: str, draft: AllocationDraft
) -> AllocatedCampaign:
    """The campaign as it stands; for a plan that is to hold, nobody charges it meanwhile."""
    if draft.apply:
        await open_for_changes(connection, caller, campaign_id)
    else:
        seen(await get_campaign(connection, caller.store_id, campaign_id), caller, campaign_id)
    found = await campaign_to_allocate(connection, campaign_id)
    if found is None:
        raise NotFoundError("campaign", campaign_id)
    return found


def _policy(campaign: AllocatedCampaign, draft: AllocationDraft) -> Policy:
    if campaign.policy is None and draft.apply:
        raise ConflictError(
            "the campaign's budget is not spread: say how with"
            f" PUT /v1/campaigns/{campaign.campaign_id}/allocation, then apply a plan"
        )
    return campaign.policy or Policy()


def _budget(campaign: AllocatedCampaign, draft: AllocationDraft) -> Micros:
    asked = draft.budget_micros
    if asked is None:
        return campaign.budget
    if draft.apply and asked > campaign.budget:
        detail = f"The campaign may spend {campaign.budget} micros today; received {asked}"
        raise InvalidRequestError([Fault("/budget_micros", "above_budget", detail)], 1)
    return Micros(asked)


async def _apply(connection: AsyncConnection, caller: Caller, new: NewAllocation) -> Made:
    allocation_id = await apply_allocation(connection, new)
    row = await get_allocation(connection, allocation_id)
    lines = await lines_of(connection, [allocation_id])
    made = kept(row, lines[allocation_id])
    whose = await get_campaign(connection, caller.store_id, new.campaign_id)
    owner = seen(whose, caller, new.campaign_id).advertiser_id
    changed = Changed("allocation", allocation_id, "create", None, made, owner)
    await record(connection, caller, changed)
    return Made(made, {"Location": f"/v1/campaigns/{new.campaign_id}/allocations"})


def _place_after(page: PageQuery) -> AllocationPlace | None:
    if not page.after:
        return None
    try:
        created_at, allocation_id = orjson.loads(page.after)
        place = AllocationPlace(datetime.fromisoformat(created_at), str(allocation_id))
    except (ValueError, TypeError):
        place = None
    if place is None or place.created_at.tzinfo is None or "\0" in place.id:
        detail = "Not a cursor of this list; give the `next` of the page before, or none"
        raise InvalidRequestError([Fault("/query/cursor", "bad_cursor", detail)], 1)
    return place


def _key(plan: Allocation) -> str:
    created_at = plan.created_at and plan.created_at.isoformat()
    return orjson.dumps((created_at, plan.id)).decode()
