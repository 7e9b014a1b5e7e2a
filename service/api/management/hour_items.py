"""What becomes of each hour that a platform reports."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from service.api.management.batch_items import Refused
from service.api.schemas.platform_results import HourReport
from service.errors import Fault
from service.store.platform_results import HourResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.api.management.caller import Caller
    from service.api.schemas.platform_results import ResultsBatch
    from service.store.management.platforms import Reach

_HOUR_SECONDS = 3600
_INVALID, _REPEATED = 422, 409


def campaigns_in(batch: ResultsBatch) -> list[str]:
    """The campaigns that the items name."""
    named = {one.campaign_id for one in batch.items() if isinstance(one, HourReport)}
    return sorted(name for name in named if name is not None)


def sift_hours(
    caller: Caller, platform: str, batch: ResultsBatch, reach: Mapping[str, Reach]
) -> list[HourResult | Refused]:
    """Each item as a row, or why it is none; `reach` is of the campaigns that there are."""
    now, seen = datetime.now(UTC), set[tuple[object, ...]]()
    outcomes: list[HourResult | Refused] = []
    for item in batch.items():
        outcome = item
        if isinstance(item, HourReport):
            fault = _whose(item, caller, platform, reach) or _when(item, now)
            outcome = Refused(_INVALID, (fault,)) if fault else _row(platform, item)
        if isinstance(outcome, HourResult) and outcome[:3] in seen:
            outcome = Refused(_REPEATED, (_twice(item),))
        if isinstance(outcome, HourResult):
            seen.add(outcome[:3])
        outcomes.append(outcome)
    return outcomes


def _row(platform: str, item: HourReport) -> HourResult:
    counts = (item.spend_micros, item.impressions, item.clicks, item.conversions)
    return HourResult(platform, item.campaign_id, item.hour.astimezone(UTC), *counts)


def _whose(
    item: HourReport, caller: Caller, platform: str, reach: Mapping[str, Reach]
) -> Fault | None:
    if item.campaign_id is None:
        if caller.advertiser_id is None:
            return None
        detail = "The key is bound to an advertiser: give one of its campaigns"
        return Fault("/campaign_id", "not_allowed", detail)
    found = reach.get(item.campaign_id)
    if found is None:
        detail = f"There is no campaign {item.campaign_id!a}"
        return Fault("/campaign_id", "unknown_campaign", detail)
    if found.platforms and platform not in found.platforms:
        detail = f"The campaign runs on {', '.join(map(ascii, found.platforms))} only"
        return Fault("/campaign_id", "not_on_platform", detail)
    return None


def _when(item: HourReport, now: datetime) -> Fault | None:
    told = item.hour.isoformat()
    if item.hour.timestamp() % _HOUR_SECONDS:
        detail = f"Give a whole hour of UTC; received {told}"
        return Fault("/hour", "not_whole", detail)
    if item.hour > now:
        return Fault("/hour", "not_begun", f"Give an hour that has begun; received {told}")
    return None


def _twice(item: HourReport) -> Fault:
    detail = f"The request tells of {item.hour.isoformat()} and this campaign already"
    return Fault("/hour", "repeated", detail)
