"""One campaign's budget of the day, planned anew where that is due or a shock calls for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from service.contract.platform_days import platform_days
from service.decision.day_plans import Told, plan_of_day
from service.decision.plans import Mode
from service.decision.platform_watch import Lately, noticed_shocks
from service.store.accounts import lock_accounts
from service.store.allocations import NewAllocation, apply_allocation, campaign_to_allocate
from service.store.due_allocations import hours_told, newest_allocation, planned_spend
from service.store.platform_results import history_of
from service.store.platform_shocks import add_shocks, past_shocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from service.decision.day_plans import AllocatedCampaign
    from service.decision.plans import Plan, PlanLine, Policy
    from service.decision.platform_watch import Noticed
    from service.decision.responses import ResponseModel
    from service.store.due_allocations import SpreadCampaign

WATCHED_DAYS: Final = 3
"""Days, today's too, in which a shock is looked for."""

A_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Replanned:
    """A plan that now holds, and the shocks that it was made for."""

    cause: str
    noticed: Sequence[Noticed]


@dataclass(frozen=True, slots=True)
class _Known:
    """A campaign with its policy, and what its platforms told."""

    campaign: AllocatedCampaign
    policy: Policy
    told: Told


async def replan(
    engine: AsyncEngine, spread: SpreadCampaign, model: ResponseModel
) -> Replanned | None:
    """Plan the day of a campaign that is due, or one of whose platforms changed; else None.

    Nothing is charged to the campaign while it is planned, so that the limits add up to its
    budget to the micro, whatever it spent already. It is left alone where somebody else holds it,
    or planned it meanwhile.

    Raises: BadInputError or ValueError where policy or history cannot be planned with.
    """
    if not spread.is_due:
        async with engine.connect() as connection:
            seen = await _read(connection, spread.campaign_id)
            if seen is None or not await _look(connection, seen, model):
                return None
    async with engine.begin() as connection:
        accounts = await lock_accounts(connection, [spread.campaign_id], pass_over_busy=True)
        if spread.campaign_id not in accounts.held:
            return None
        if await newest_allocation(connection, spread.campaign_id) != spread.allocation_id:
            return None
        known = await _read(connection, spread.campaign_id)
        return None if known is None else await _replan(connection, known, model)


async def _replan(connection: AsyncConnection, known: _Known, model: ResponseModel) -> Replanned:
    """Plan the day of a campaign that is locked, and make the plan hold."""
    campaign_id = known.campaign.campaign_id
    noticed = await _look(connection, known, model)
    if noticed:
        await add_shocks(connection, campaign_id, noticed)
        shocks = await past_shocks(connection, campaign_id)
        known = replace(known, told=replace(known.told, shocks=shocks))
    cause = "shock" if noticed else "periodic"
    made = await asyncio.to_thread(_plan, known, model, noticed)
    await apply_allocation(connection, _allocation(known, cause, model, made))
    return Replanned(cause, noticed)


async def _look(connection: AsyncConnection, known: _Known, model: ResponseModel) -> list[Noticed]:
    """The shocks of the last days that no plan was made for; fixed shares ask for none."""
    campaign = known.campaign
    if known.policy.mode is Mode.FIXED:
        return []
    first_day = campaign.day - (WATCHED_DAYS - 1) * A_DAY
    told = await hours_told(connection, campaign.campaign_id, first_day=first_day)
    if not told:
        return []
    planned = await planned_spend(connection, campaign.campaign_id, campaign.day)
    days = platform_days(known.told.rows, until=first_day - A_DAY, platforms=campaign.platforms)
    lately = Lately(told, planned, known.told.shocks)
    return await asyncio.to_thread(noticed_shocks, days, lately, known.policy.goal, model)


async def _read(connection: AsyncConnection, campaign_id: str) -> _Known | None:
    campaign = await campaign_to_allocate(connection, campaign_id)
    if campaign is None or campaign.policy is None:
        return None
    rows = await history_of(connection, campaign_id)
    told = Told(rows, await past_shocks(connection, campaign_id))
    return _Known(campaign, campaign.policy, told)


def _plan(known: _Known, model: ResponseModel, noticed: Sequence[Noticed]) -> Plan:
    campaign = known.campaign
    made = plan_of_day(campaign, known.told, known.policy, campaign.budget, model)
    ratios = {one.platform: one.ratio for one in noticed}
    return replace(
        made, lines=tuple(_told(line, ratios.get(line.platform)) for line in made.lines)
    )


def _told(line: PlanLine, ratio: float | None) -> PlanLine:
    """The line with what changed on its platform in its words."""
    if ratio is None:
        return line
    return replace(line, detail=f"{line.detail}; of late it brings {ratio:.0%} of what it did")


def _allocation(known: _Known, cause: str, model: ResponseModel, made: Plan) -> NewAllocation:
    campaign = known.campaign
    return NewAllocation(
        campaign_id=campaign.campaign_id,
        day=campaign.day,
        cause=cause,
        budget=campaign.budget,
        goal=known.policy.goal,
        model=model.name,
        plan=made,
    )
