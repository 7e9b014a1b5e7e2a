"""A campaign's day, planned while the caller waits."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from service.contract.platform_days import PlatformDaysError, platform_days
from service.decision.lots import lots_of
from service.decision.plans import plan
from service.decision.platform_watch import as_known
from service.errors import ConflictError
from service.store.platform_results import history_of
from service.store.platform_shocks import past_shocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from service.contract.platform_days import DayRow
    from service.decision.plans import Plan, Policy
    from service.decision.platform_watch import PastShock
    from service.decision.responses import ResponseModel
    from service.decision.terms import Micros
    from service.store.allocations import AllocatedCampaign


async def plan_day(
    connection: AsyncConnection,
    campaign: AllocatedCampaign,
    policy: Policy,
    budget: Micros,
    model: ResponseModel,
) -> Plan:
    """The plan of the campaign's day, by what its platforms told up to the day before.

    Raises: ConflictError where nothing can be planned with what they told.
    """
    rows = await history_of(connection, campaign.campaign_id)
    shocks = await past_shocks(connection, campaign.campaign_id)
    try:
        return await asyncio.to_thread(_plan, campaign, policy, budget, model, rows, shocks)
    except PlatformDaysError as error:
        raise ConflictError(f"there is nothing to plan with: {error}") from error


def _plan(
    campaign: AllocatedCampaign,
    policy: Policy,
    budget: Micros,
    model: ResponseModel,
    rows: Sequence[DayRow],
    shocks: Sequence[PastShock],
) -> Plan:
    yesterday = campaign.day - timedelta(days=1)
    days = platform_days(rows, until=yesterday, platforms=campaign.platforms)
    days, model = as_known(days, model, shocks)
    return plan(
        days,
        policy,
        budget,
        model,
        campaign.before,
        day=campaign.day,
        lots=lots_of(campaign.campaign_id, campaign.day),
        spent=campaign.spent,
    )
