"""Which campaigns' budgets are to be spread anew, and what platforms told hour by hour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import text

from service.decision.live_engagement import HourTold
from service.decision.terms import Micros

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.ext.asyncio import AsyncConnection

# the database's clock says which day it is
_SPREAD: Final = text(
    "SELECT c.id, policy.mode = 'auto' AS auto, today.day, newest.id AS allocation_id,"
    " newest.day IS DISTINCT FROM today.day AS day_is_new, coalesce(newest.day <> today.day"
    "  OR newest.created_at < clock_timestamp() - make_interval(secs => :every_seconds)"
    "  OR greatest(policy.updated_at, c.updated_at) > newest.created_at, true) AS is_due,"
    " extract(epoch FROM clock_timestamp() - greatest(c.starts_at, c.updated_at,"
    "  policy.updated_at, today.day::timestamp AT TIME ZONE c.time_zone))::float8 AS waiting"
    " FROM allocation_policies AS policy JOIN campaigns AS c ON c.id = policy.campaign_id"
    " CROSS JOIN LATERAL (SELECT CAST(clock_timestamp() AT TIME ZONE c.time_zone AS date) AS day)"
    "  AS today"
    " LEFT JOIN LATERAL (SELECT id, day, created_at FROM allocations WHERE campaign_id = c.id"
    "  ORDER BY created_at DESC, id DESC LIMIT 1) AS newest ON true"
    " WHERE c.status = 'active' AND coalesce(c.starts_at <= clock_timestamp(), true)"
    " AND coalesce(c.ends_at > clock_timestamp(), true)"
    # those first that have no limits yet
    " ORDER BY newest.day IS NOT DISTINCT FROM today.day, newest.created_at NULLS FIRST, c.id"
)
_NEWEST: Final = text(
    "SELECT id FROM allocations WHERE campaign_id = :campaign_id"
    " ORDER BY created_at DESC, id DESC LIMIT 1"
)
_PLANNED: Final = text(
    "SELECT platform, spend_micros FROM allocation_lines WHERE allocation_id = ("
    " SELECT id FROM allocations WHERE campaign_id = :campaign_id AND day = :day"
    " ORDER BY created_at DESC, id DESC LIMIT 1)"
)
# as `history_of`, by the hour; the one that runs is not told yet
_HOURS: Final = text(
    "SELECT told.hour, CAST(told.hour AT TIME ZONE c.time_zone AS date) AS day, told.platform,"
    " CAST(sum(told.spend_micros) AS bigint), CAST(sum(told.clicks) AS bigint),"
    " CAST(sum(told.conversions) AS bigint)"
    " FROM campaigns AS c JOIN platform_results AS told ON told.campaign_id = c.id"
    " WHERE c.id = :campaign_id AND told.hour < date_trunc('hour', clock_timestamp())"
    " AND told.hour >= CAST(:first_day AS timestamp) AT TIME ZONE c.time_zone"
    " AND (c.platforms = '{}' OR told.platform = ANY(c.platforms))"
    " GROUP BY 1, 2, 3 ORDER BY 1, 3"
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


async def spread_campaigns(
    connection: AsyncConnection, *, every_seconds: float
) -> list[SpreadCampaign]:
    """All running campaigns with an allocation policy; those without a plan of today first.

    Due are those that have none, or an older one than `every_seconds`, or were changed since.
    """
    found = await connection.execute(_SPREAD, {"every_seconds": every_seconds})
    return [SpreadCampaign(*row) for row in found]


async def newest_allocation(connection: AsyncConnection, campaign_id: str) -> str | None:
    """The id of the plan that holds; ask while the campaign is locked."""
    found = await connection.execute(_NEWEST, {"campaign_id": campaign_id})
    return found.scalar_one_or_none()


async def planned_spend(
    connection: AsyncConnection, campaign_id: str, day: date
) -> dict[str, Micros]:
    """What each platform is to spend by the newest plan of that day; nothing without one."""
    values = {"campaign_id": campaign_id, "day": day}
    return {row[0]: Micros(row[1]) for row in await connection.execute(_PLANNED, values)}


async def hours_told(
    connection: AsyncConnection, campaign_id: str, *, first_day: date
) -> list[HourTold]:
    """What the campaign's platforms told of each full hour from `first_day` of its zone on."""
    values = {"campaign_id": campaign_id, "first_day": first_day}
    return [HourTold(*row) for row in await connection.execute(_HOURS, values)]
