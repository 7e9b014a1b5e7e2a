"""Platforms that are new to campaigns whose day is planned already: nothing may be spent there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

# whoever adds rows of several campaigns goes by their order, lest two wait for each other
_CLOSE: Final = text(
    "INSERT INTO campaign_platform_days (campaign_id, day, platform, limit_micros)"
    " SELECT c.id, today.day, reached.platform, 0 FROM campaigns AS c"
    " CROSS JOIN LATERAL (SELECT CAST(clock_timestamp() AT TIME ZONE c.time_zone AS date) AS day)"
    "  AS today"
    " CROSS JOIN LATERAL (SELECT unnest(c.platforms) AS platform"
    "  UNION SELECT platform FROM placements WHERE c.platforms = '{}' AND store_id = c.store_id)"
    "  AS reached"
    " WHERE c.store_id = :store_id"
    " AND (CAST(:campaigns AS text[]) IS NULL OR c.id = ANY(:campaigns))"
    " AND EXISTS (SELECT FROM campaign_platform_days AS planned WHERE planned.campaign_id = c.id"
    "  AND planned.day = today.day AND planned.limit_micros IS NOT NULL)"
    " ORDER BY c.id, reached.platform ON CONFLICT DO NOTHING"
)


async def close_unplanned(
    connection: AsyncConnection, store_id: str, campaigns: Sequence[str] | None = None
) -> None:
    """Let `campaigns`, or all of the store, spend nothing where their plan of today has no line.

    Without it a platform that is named after the plan would have no limit, and the day could cost
    more than was planned. The next plan gives it one.
    """
    values = {"store_id": store_id, "campaigns": campaigns}
    await connection.execute(_CLOSE, values)
