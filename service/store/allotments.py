"""What the ledger leaves to be promised: one query a function."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from service.decision.accounts import AT

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

_LEFT: Final = text(
    "SELECT campaigns.store_id, campaigns.id, greatest(least("
    " budget_micros - campaigns.spent_micros,"
    " daily_budget_micros - coalesce(days.spent_micros, 0),"
    " credit_micros - advertisers.spent_micros), 0)"
    " FROM campaigns JOIN advertisers ON advertisers.id = advertiser_id"
    " LEFT JOIN campaign_days AS days ON daily_budget_micros IS NOT NULL"
    " AND days.campaign_id = campaigns.id"
    # the database's clock turns the day
    " AND days.day = CAST(clock_timestamp() AT TIME ZONE time_zone AS date)"
    " WHERE status = 'active'"
    f" UNION ALL SELECT store_id, campaigns.id || '{AT}' || platform,"
    " greatest(limit_micros - there.spent_micros, 0) FROM campaigns"
    " JOIN campaign_platform_days AS there ON there.campaign_id = campaigns.id"
    " AND there.day = CAST(clock_timestamp() AT TIME ZONE time_zone AS date)"
    " WHERE status = 'active' AND limit_micros IS NOT NULL"
)
_EPOCH: Final = text("SELECT epoch FROM lease_epochs")
_RAISE: Final = text("UPDATE lease_epochs SET epoch = epoch + 1 RETURNING epoch")
_DELAYS: Final = text(
    "SELECT store_id, avg(least(extract(epoch FROM received_at - ts), :longest)) FROM events"
    " WHERE type = 'click' AND invalid_reason IS NULL AND received_at >= ts"
    " AND ts > clock_timestamp() - interval '1 day' GROUP BY store_id HAVING count(*) >= :least"
)


async def left_of_campaigns(connection: AsyncConnection) -> dict[str, dict[str, int]]:
    """What each active campaign of each store may still spend now, in micros.

    Where platforms have limits of their own, also the accounts there, as `cmp_1@web`.
    """
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for store_id, name, left in await connection.execute(_LEFT):
        found[store_id][name] = left
    return dict(found)


async def lease_epoch(connection: AsyncConnection) -> int:
    """Which life of Redis the leases are of."""
    return int((await connection.execute(_EPOCH)).scalar_one())


async def raise_lease_epoch(connection: AsyncConnection) -> int:
    """Begin another epoch: Redis may have forgotten leases, or remember older budgets."""
    return int((await connection.execute(_RAISE)).scalar_one())


async def click_delays(
    connection: AsyncConnection, *, longest_seconds: float, least_clicks: int
) -> dict[str, float]:
    """How long clicks took to come on the last day, in seconds on average, for stores with many.

    One that took longer than `longest_seconds` counts as that.
    """
    asked = {"longest": longest_seconds, "least": least_clicks}
    found = await connection.execute(_DELAYS, asked)
    return {store_id: float(seconds) for store_id, seconds in found}
