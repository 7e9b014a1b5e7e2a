"""When platforms last told anything of a campaign: what is looked at again goes by it.

A moment is written by whoever holds its row, so that no two that are told at once leave the same;
nobody compares it with a clock but to see in which hour it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

_TOLD: Final = text(
    "INSERT INTO platform_news (campaign_id, told_at)"
    " SELECT id, clock_timestamp() FROM unnest(CAST(:campaigns AS text[])) AS told (id)"
    " ON CONFLICT (campaign_id) DO UPDATE SET told_at = clock_timestamp()"
)
# what full hours came to, as one number: it is news only where that changed
_COUNTED: Final = text(
    "INSERT INTO platform_news (campaign_id, told_at, counted)"
    " SELECT campaign_id, clock_timestamp(), bit_xor(hashtextextended(concat_ws(' ', platform,"
    "  extract(epoch FROM hour), spend_micros, impressions, clicks, conversions), 0))"
    " FROM campaigns AS c JOIN platform_results AS told ON told.campaign_id = c.id"
    " WHERE c.store_id = :store_id AND source = 'own' AND hour >= :since AND hour < :until"
    " AND hour < date_trunc('hour', clock_timestamp(), 'UTC') GROUP BY 1 ORDER BY 1"
    " ON CONFLICT (campaign_id) DO UPDATE SET told_at = clock_timestamp(),"
    "  counted = excluded.counted"
    " WHERE platform_news.counted IS DISTINCT FROM excluded.counted"
)


async def note_told(connection: AsyncConnection, campaign_ids: Iterable[str]) -> None:
    """Note that these campaigns' platforms told something."""
    # all who note go by this order, so that nobody waits for another in a ring
    wanted = sorted(set(campaign_ids))
    if wanted:
        await connection.execute(_TOLD, {"campaigns": wanted})


async def note_counted(
    connection: AsyncConnection, store_id: str, since: datetime, until: datetime
) -> None:
    """Note of which of the store's campaigns own events of full hours in that time are others."""
    values = {"store_id": store_id, "since": since, "until": until}
    await connection.execute(_COUNTED, values)
