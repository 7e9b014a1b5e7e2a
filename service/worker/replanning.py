"""Campaigns' budgets of the day, planned anew where that is due or a shock calls for it.

All that takes long is done before a campaign is locked: history is read for many at once, looked
at for shocks, and planned with. What was spent meanwhile is planned with under the lock.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from service.decision.day_plans import plan_of_day
from service.store.accounts import hold_campaign
from service.store.allocations import NewAllocation, apply_allocation, campaign_to_allocate
from service.store.due_allocations import newest_allocation, states_of
from service.store.platform_shocks import add_shocks, past_shocks
from service.worker.platform_looks import Known, read_known, shocks_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from service.decision.plans import Plan, PlanLine
    from service.decision.platform_watch import Noticed
    from service.decision.responses import ResponseModel
    from service.store.due_allocations import SpreadCampaign

HELD_SECONDS: Final = 5.0
"""A campaign is locked for some milliseconds; Postgres itself ends a lock of this long."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What was seen of a campaign that was not locked, and a plan of that where one is due."""

    known: Known
    noticed: Sequence[Noticed]
    plan: Plan | None


@dataclass(frozen=True, slots=True)
class Replanned:
    """A plan that now holds, and the shocks that it was made for."""

    cause: str
    noticed: Sequence[Noticed]


async def outlooks_of(
    connection: AsyncConnection, spreads: Sequence[SpreadCampaign], model: ResponseModel
) -> dict[str, Outlook | Exception]:
    """Look at campaigns for shocks, and plan those that are due; or why that is not possible.

    One that is not spread any more is left out. Nothing is locked, nor changed.
    """
    known = await _read(connection, [one.campaign_id for one in spreads])
    return await asyncio.to_thread(_outlooks, spreads, known, model)


async def replan(
    connection: AsyncConnection, spread: SpreadCampaign, outlook: Outlook, model: ResponseModel
) -> Replanned | None:
    """Make a plan of the day hold, in a transaction of its own.

    Nothing is charged to the campaign meanwhile, so that the limits add up to its budget to the
    micro, whatever it spent already. None, and nothing is done, where somebody else holds it, or
    planned it since it was read.

    Raises: BadInputError or ValueError where policy or history cannot be planned with.
    """
    async with connection.begin():
        known = await _held(connection, spread, outlook.known)
        if known is None:
            return None
        if outlook.noticed:
            await add_shocks(connection, spread.campaign_id, outlook.noticed)
            shocks = await past_shocks(connection, spread.campaign_id)
            known = replace(known, told=replace(known.told, shocks=shocks))
        made = outlook.plan
        if made is None or known.campaign != outlook.known.campaign:
            made = await asyncio.to_thread(_plan, known, model, outlook.noticed)
        cause = "shock" if outlook.noticed else "periodic"
        await apply_allocation(connection, _allocation(known, cause, model, made))
    return Replanned(cause, outlook.noticed)


async def _held(connection: AsyncConnection, spread: SpreadCampaign, known: Known) -> Known | None:
    """What is known of the campaign, as it is now, locked; None where it is not to be planned."""
    campaign_id = spread.campaign_id
    if not await hold_campaign(connection, campaign_id, seconds=HELD_SECONDS):
        return None
    if await newest_allocation(connection, campaign_id) != spread.allocation_id:
        return None
    # as long as it is locked, what was read of it before is still so
    if (await states_of(connection, [campaign_id])).get(campaign_id) == known.state:
        return known
    campaign = await campaign_to_allocate(connection, campaign_id)
    if campaign is None or campaign.policy is None:
        return None
    return replace(known, campaign=campaign, policy=campaign.policy)


async def _read(
    connection: AsyncConnection, campaign_ids: Sequence[str]
) -> dict[str, Known | Exception]:
    """What is known of campaigns; where one cannot be read, the others still are."""
    try:
        async with connection.begin():
            return dict(await read_known(connection, campaign_ids))
    except Exception as error:
        if connection.invalidated:
            raise
        if len(campaign_ids) == 1:
            return {campaign_ids[0]: error}
    known: dict[str, Known | Exception] = {}
    for one in campaign_ids:
        known |= await _read(connection, [one])
    return known


def _outlooks(
    spreads: Iterable[SpreadCampaign], known: Mapping[str, Known | Exception], model: ResponseModel
) -> dict[str, Outlook | Exception]:
    return {
        one.campaign_id: _outlook(known[one.campaign_id], model, is_due=one.is_due)
        for one in spreads
        if one.campaign_id in known
    }


def _outlook(
    known: Known | Exception, model: ResponseModel, *, is_due: bool
) -> Outlook | Exception:
    if isinstance(known, Exception):
        return known
    try:
        noticed = shocks_in(known, model)
        # with a shock it is known under the lock only what is planned with
        made = _plan(known, model, ()) if is_due and not noticed else None
    except Exception as error:  # of this campaign: others go on
        return error
    return Outlook(known, noticed, made)


def _plan(known: Known, model: ResponseModel, noticed: Sequence[Noticed]) -> Plan:
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


def _allocation(known: Known, cause: str, model: ResponseModel, made: Plan) -> NewAllocation:
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
