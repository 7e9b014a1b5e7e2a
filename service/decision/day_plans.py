"""A campaign's day, planned from what its platforms told up to the day before."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from service.contract.platform_days import platform_days
from service.decision.lots import lots_of
from service.decision.plans import plan
from service.decision.platform_watch import as_known

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date  # noqa: TID251 - days as values; nothing here asks for today's

    from service.contract.platform_days import DayRow
    from service.decision.plans import Plan, Policy
    from service.decision.platform_watch import PastShock
    from service.decision.responses import ResponseModel
    from service.decision.terms import Micros


@dataclass(frozen=True, slots=True)
class AllocatedCampaign:
    """A campaign as its budget is spread today. Amounts in micros.

    `platforms` are those that it names; of one that names none, those of placements and those
    that told of it. `spent` is what today cost so far on these, outside the shop too; `before` is
    the last plan of an earlier day. What the policy says of other platforms is left out.
    """

    campaign_id: str
    store_id: str
    day: date  # of its zone
    until: date  # the day before: the last that its history tells of
    budget: Micros  # for the whole day, less what today cost beside `platforms`
    platforms: tuple[str, ...]
    policy: Policy | None
    spent: Mapping[str, Micros] = field(default_factory=dict)
    before: Mapping[str, Micros] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """What a campaign's platforms told by the day, and the shocks that plans were made for."""

    rows: Sequence[DayRow]
    shocks: Sequence[PastShock]


def plan_of_day(
    campaign: AllocatedCampaign,
    told: Told,
    policy: Policy,
    budget: Micros,
    model: ResponseModel,
) -> Plan:
    """Spread `budget` over the campaign's platforms; rows of the day itself count for nothing.

    The same is planned whoever asks: lots are those of the campaign and its day.

    Raises: PlatformDaysError for a history, AllocationError for a policy, that nothing can be
    planned with.
    """
    days = platform_days(told.rows, until=campaign.until, platforms=campaign.platforms)
    days, model = as_known(days, model, told.shocks)
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
