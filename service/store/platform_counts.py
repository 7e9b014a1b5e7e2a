"""What our own ads cost and brought on each platform, counted by the hour."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from service.store.platform_news import note_counted

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

DAYS: Final = 28
"""How far back a store is counted at first."""

_STORES: Final = text(
    "SELECT DISTINCT store_id FROM campaigns"
    " JOIN allocation_policies ON campaign_id = campaigns.id WHERE status <> 'ended' ORDER BY 1"
)
_BEGIN: Final = text(
    "INSERT INTO platform_counts (store_id, counted_until) VALUES (:store_id, :since)"
    " ON CONFLICT DO NOTHING"
)
_TAKE: Final = text(
    "SELECT counted_until FROM platform_counts WHERE store_id = :store_id FOR UPDATE SKIP LOCKED"
)
_CLEAR: Final = text(
    "DELETE FROM platform_results USING campaigns WHERE campaigns.store_id = :store_id"
    " AND platform_results.campaign_id = campaigns.id AND source = 'own'"
    " AND hour >= :since AND hour < :until"
)
# charges are found by when they were booked: soon after their event
_COUNT: Final = text(
    "WITH told AS ("
    "  SELECT payload ->> 'platform' AS platform, campaign_id, ts, 0 AS spend,"
    "  CAST(type = 'impression' AS int) AS impressions, CAST(type = 'click' AS int) AS clicks,"
    "  0 AS conversions"
    "  FROM events WHERE store_id = :store_id AND ts >= :since AND ts < :until"
    "  AND type IN ('impression', 'click') AND invalid_reason IS NULL"
    "  UNION ALL SELECT platform, campaign_id, ts, price_micros, 0, 0, 0"
    "  FROM campaigns JOIN charges ON charges.campaign_id = campaigns.id"
    "  WHERE campaigns.store_id = :store_id AND ts >= :since AND ts < :until"
    "  AND charged_at >= CAST(:since AS timestamptz) - interval '1 hour'"
    "  AND charged_at < CAST(:until AS timestamptz) + interval '1 day'"
    "  UNION ALL SELECT platform, campaign_id, converted_at, 0, 0, 0, 1"
    "  FROM attributions WHERE store_id = :store_id AND kind = 'sale'"
    "  AND converted_at >= :since AND converted_at < :until)"
    " INSERT INTO platform_results (store_id, platform, campaign_id, hour, source,"
    " spend_micros, impressions, clicks, conversions)"
    " SELECT :store_id, platform, campaign_id, date_trunc('hour', ts, 'UTC'), 'own',"
    # what was given back may be of an hour that is not counted with its charge
    " greatest(sum(spend), 0), sum(impressions), sum(clicks), sum(conversions)"
    " FROM told JOIN campaigns ON campaigns.id = campaign_id AND campaigns.store_id = :store_id"
    " WHERE platform IS NOT NULL GROUP BY 2, 3, 4"
)
_MARK: Final = text("UPDATE platform_counts SET counted_until = :until WHERE store_id = :store_id")


async def stores_that_allocate(connection: AsyncConnection) -> list[str]:
    """The ids of the stores of which some campaign's budget is spread over platforms."""
    return list((await connection.execute(_STORES)).scalars())


async def take_platform_count(
    connection: AsyncConnection, store_id: str, *, now: datetime
) -> datetime | None:
    """Up to when the store's own events are counted for good, `DAYS` before `now` at the start.

    It is locked until the transaction ends; None where somebody else counts them just now.
    """
    since = (now - timedelta(days=DAYS)).replace(minute=0, second=0, microsecond=0)
    await connection.execute(_BEGIN, {"store_id": store_id, "since": since})
    return (await connection.execute(_TAKE, {"store_id": store_id})).scalar_one_or_none()


async def count_platforms(
    connection: AsyncConnection, store_id: str, since: datetime, until: datetime
) -> None:
    """Count anew the hours from `since` to before `until`, both full hours.

    The caller holds `take_platform_count`'s lock. Valid impressions and clicks count in the hour
    of their decision, money in that of what it was paid for, orders in that of the purchase.
    What names no platform, as tokens of older versions, is left out.
    """
    period = {"store_id": store_id, "since": since, "until": until}
    await connection.execute(_CLEAR, period)
    await connection.execute(_COUNT, period)
    await note_counted(connection, store_id, since, until)


async def settle_platform_count(
    connection: AsyncConnection, store_id: str, until: datetime
) -> None:
    """Note that what happened before `until` is counted for good."""
    await connection.execute(_MARK, {"store_id": store_id, "until": until})
