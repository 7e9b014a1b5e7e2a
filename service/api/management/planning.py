"""A campaign's day, planned while the caller waits."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from service.contract.platform_days import PlatformDaysError
from service.decision.allocation import AllocationError
from service.decision.day_plans import Told, plan_of_day
from service.errors import ConflictError
from service.store.platform_results import history_of
from service.store.platform_shocks import past_shocks

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from service.decision.day_plans import AllocatedCampaign
    from service.decision.plans import Plan, Policy
    from service.decision.responses import ResponseModel
    from service.decision.terms import Micros


async def plan_day(
    connection: AsyncConnection,
    campaign: AllocatedCampaign,
    policy: Policy,
    budget: Micros,
    model: ResponseModel,
) -> Plan:
    """The plan of the campaign's day, by what its platforms told up to the day before.

    Raises: ConflictError where nothing can be planned with what they told, or by the policy.
    """
    rows = await history_of(connection, campaign.campaign_id)
    told = Told(rows, await past_shocks(connection, campaign.campaign_id))
    try:
        return await asyncio.to_thread(plan_of_day, campaign, told, policy, budget, model)
    except PlatformDaysError as error:
        raise ConflictError(f"there is nothing to plan with: {error}") from error
    except AllocationError as error:  # none of the policy's platforms is the campaign's any more
        raise ConflictError(f"the allocation cannot be met: {error}") from error
