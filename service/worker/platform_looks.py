"""What platforms told of campaigns, many at once, and what it calls for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from service.contract.platform_days import platform_days
from service.decision.day_plans import Told
from service.decision.plans import Mode
from service.decision.platform_watch import Lately, noticed_shocks
from service.store.allocations import campaigns_to_allocate
from service.store.due_allocations import hours_told, planned_spends, states_of
from service.store.platform_results import histories_of
from service.store.platform_shocks import past_shocks_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.ext.asyncio import AsyncConnection

    from service.decision.day_plans import AllocatedCampaign
    from service.decision.plans import Policy
    from service.decision.platform_watch import Noticed
    from service.decision.responses import ResponseModel

WATCHED_DAYS: Final = 3
"""Days, today's too, in which a shock is looked for."""

A_DAY: Final = timedelta(days=1)
_WATCHED: Final = (WATCHED_DAYS - 1) * A_DAY


@dataclass(frozen=True, slots=True)
class Known:
    """A campaign with its policy, and what its platforms told."""

    campaign: AllocatedCampaign
    policy: Policy
    told: Told
    lately: Lately
    state: str  # of when it was read, or of before


async def read_known(
    connection: AsyncConnection, campaign_ids: Collection[str]
) -> dict[str, Known]:
    """What is known of those campaigns whose budget is spread; nothing is locked."""
    states = await states_of(connection, campaign_ids)
    found = await campaigns_to_allocate(connection, states)
    policies = {name: one.policy for name, one in found.items() if one.policy is not None}
    rows = await histories_of(connection, policies)
    shocks = await past_shocks_of(connection, policies)
    days = {name: found[name].day for name in policies}
    # fixed shares ask for no look
    watched = {name: days[name] - _WATCHED for name in days if policies[name].mode is Mode.AUTO}
    hours = await hours_told(connection, watched)
    planned = await planned_spends(connection, days)
    return {
        name: Known(
            found[name],
            policy,
            Told(rows[name], shocks[name]),
            Lately(hours.get(name, ()), planned[name], shocks[name]),
            states[name],
        )
        for name, policy in policies.items()
    }


def shocks_in(known: Known, model: ResponseModel) -> list[Noticed]:
    """The shocks of the last days that no plan was made for.

    Raises: ValueError where the history cannot be planned with.
    """
    campaign = known.campaign
    if not known.lately.told:
        return []
    until = campaign.day - _WATCHED - A_DAY
    days = platform_days(known.told.rows, until=until, platforms=campaign.platforms)
    return noticed_shocks(days, known.lately, known.policy.goal, model)
