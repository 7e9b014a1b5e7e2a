"""Which campaigns' budgets are to be spread anew, and what platforms told hour by hour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import text

from service.decision.live_engagement import HourTold
from service.decision.terms import Micros

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

# the database's clock says which day it is
_SPREAD: Final = text(
    "SELECT c.id, policy.mode = 'auto' AS auto, today.day, newest.id AS allocation_id,"
    " newest.day IS DISTINCT FROM today.day AS day_is_new, coalesce(newest.day <> today.day"
    "  OR newest.created_at < clock_timestamp() - make_interval(secs => :every_seconds)"
    "  OR greatest(policy.updated_at, c.updated_at) > newest.created_at"
    # a placement may name what the plan does not
    "  OR c.platforms = '{}' AND EXISTS (SELECT FROM placements WHERE store_id = c.store_id"
    "   AND NOT EXISTS (SELECT FROM allocation_lines AS line WHERE allocation_id = newest.id"
    "    AND line.platform = placements.platform)), true) AS is_due,"
    " extract(epoch FROM clock_timestamp() - wanted.since)::float8 AS waiting,"
    " news.told_at, date_trunc('hour', clock_timestamp(), 'UTC') AS hour"
    " FROM allocation_policies AS policy JOIN campaigns AS c ON c.id = policy.campaign_id"
    " CROSS JOIN LATERAL (SELECT CAST(clock_timestamp() AT TIME ZONE c.time_zone AS date) AS day)"
    "  AS today"
    " CROSS JOIN LATERAL (SELECT greatest(c.starts_at, c.updated_at, policy.updated_at,"
    "  today.day::timestamp AT TIME ZONE c.time_zone) AS since) AS wanted"
    " LEFT JOIN LATERAL (SELECT id, day, created_at FROM allocations WHERE campaign_id = c.id"
    "  ORDER BY created_at DESC, id DESC LIMIT 1) AS newest ON true"
    " LEFT JOIN platform_news AS news ON news.campaign_id = c.id"
    " WHERE c.status = 'active' AND coalesce(c.starts_at <= clock_timestamp(), true)"
    " AND coalesce(c.ends_at > clock_timestamp(), true)"
    # those first that have no limits yet, and have waited longest for them
    " ORDER BY newest.day IS NOT DISTINCT FROM today.day,"
    " CASE WHEN newest.day IS DISTINCT FROM today.day THEN wanted.since END,"
    " newest.created_at NULLS FIRST, c.id"
)
_NEWEST: Final = text(
    "SELECT id FROM allocations WHERE campaign_id = :campaign_id"
    " ORDER BY created_at DESC, id DESC LIMIT 1"
)
# rows that change have another xmin; each charge changes the campaign's
_STATES: Final = text(
    "SELECT c.id, concat_ws('/', c.xmin, policy.xmin, news.told_at,"
    "  CAST(clock_timestamp() AT TIME ZONE c.time_zone AS date))"
    " FROM campaigns AS c JOIN allocation_policies AS policy ON policy.campaign_id = c.id"
    " LEFT JOIN platform_news AS news ON news.campaign_id = c.id WHERE c.id = ANY(:campaigns)"
)
_DAYS: Final = "unnest(CAST(:campaigns AS text[]), CAST(:days AS date[])) AS wanted (id, day)"
_PLANNED: Final = text(
    f"SELECT wanted.id, platform, spend_micros FROM {_DAYS}"
    " CROSS JOIN LATERAL (SELECT id FROM allocations WHERE campaign_id = wanted.id"
    "  AND day = wanted.day ORDER BY created_at DESC, id DESC LIMIT 1) AS newest"
    " JOIN allocation_lines ON allocation_id = newest.id"
)
# as `histories_of`, by the hour; the one that runs is not told yet
_HOURS: Final = text(
    "SELECT c.id, hours.* FROM"
    f" {_DAYS} JOIN campaigns AS c ON c.id = wanted.id CROSS JOIN LATERAL ("
    "  SELECT hour, CAST(hour AT TIME ZONE c.time_zone AS date), platform,"
    "  CAST(sum(spend_micros) AS bigint), CAST(sum(clicks) AS bigint),"
    "  CAST(sum(conversions) AS bigint) FROM platform_results"
    "  WHERE campaign_id = c.id AND hour < date_trunc('hour', clock_timestamp(), 'UTC')"
    "  AND hour >= wanted.day::timestamp AT TIME ZONE c.time_zone"
    "  AND (c.platforms = '{}' OR platform = ANY(c.platforms))"
    "  GROUP BY 1, 2, 3) AS hours ORDER BY 1, 2, 4"
)


class SpreadCampaign(NamedTuple):
    """A running campaign whose budget is spread, and whether it is to be planned anew."""

    campaign_id: str
    auto: bool
    day: date  # of its zone, now
    allocation_id: str | None  # the newest
    day_is_new: bool  # nothing is planned for this day yet
    is_due: bool
    waiting_seconds: float  # since the day began, or it was changed
    told: datetime | None  # when its platforms last told anything
    hour: datetime  # that runs


async def spread_campaigns(
    connection: AsyncConnection, *, every_seconds: float
) -> list[SpreadCampaign]:
    """All running campaigns with an allocation policy, those first that wait longest for a plan.

    Due are those that have none, or an older one than `every_seconds`, or were changed since, or
    name no platforms where a placement names one that the plan has no line of.
    """
    found = await connection.execute(_SPREAD, {"every_seconds": every_seconds})
    return [SpreadCampaign(*row) for row in found]


async def newest_allocation(connection: AsyncConnection, campaign_id: str) -> str | None:
    """The id of the plan that holds; ask while the campaign is locked."""
    found = await connection.execute(_NEWEST, {"campaign_id": campaign_id})
    return found.scalar_one_or_none()


async def states_of(connection: AsyncConnection, campaign_ids: Iterable[str]) -> dict[str, str]:
    """What stands for all that a plan is made from, of those campaigns that are spread.

    Where it is the same again, neither campaign nor policy changed meanwhile, nothing was charged
    or told, and the day is the same.
    """
    found = await connection.execute(_STATES, {"campaigns": list(campaign_ids)})
    return {row[0]: row[1] for row in found}


async def planned_spends(
    connection: AsyncConnection, days: Mapping[str, date]
) -> dict[str, dict[str, Micros]]:
    """What each platform is to spend by the newest plan of a day, of campaigns by id."""
    planned: dict[str, dict[str, Micros]] = {one: {} for one in days}
    for campaign_id, platform, micros in await connection.execute(_PLANNED, _values(days)):
        planned[campaign_id][platform] = Micros(micros)
    return planned


async def hours_told(
    connection: AsyncConnection, first_days: Mapping[str, date]
) -> dict[str, list[HourTold]]:
    """What platforms told of each full hour since a day of the campaign's zone, by its id."""
    told: dict[str, list[HourTold]] = {one: [] for one in first_days}
    for row in (await connection.execute(_HOURS, _values(first_days))).all():
        told[row[0]].append(HourTold(*row[1:]))
    return told


def _values(days: Mapping[str, date]) -> dict[str, list[Any]]:
    return {"campaigns": list(days), "days": list(days.values())}
