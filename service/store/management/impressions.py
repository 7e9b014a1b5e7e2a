"""What was recorded of one impression."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

_LATEST_MILLISECONDS: Final = 253_402_214_400_000  # the last day that a calendar holds
_AWARD: Final = text(
    "SELECT d.ts, d.request_id, d.payload -> 'request' AS request, award,"
    " advertisers.name AS advertiser, campaigns.advertiser_id"
    " FROM decisions AS d"
    " CROSS JOIN LATERAL jsonb_array_elements(d.payload -> 'awards') AS award"
    " LEFT JOIN campaigns ON campaigns.id = award ->> 'campaign_id'"
    "  AND campaigns.store_id = d.store_id"
    " LEFT JOIN advertisers ON advertisers.id = campaigns.advertiser_id"
    " WHERE d.store_id = :store_id AND d.ts BETWEEN :first AND :last"
    " AND award ->> 'impression_id' = :impression_id"
)


async def get_award(
    connection: AsyncConnection, store_id: str, impression_id: str
) -> RowMapping | None:
    """The request and the award of an impression, as they were recorded; None if they were not.

    The id holds the millisecond of the decision, cut short: so it is looked for in two.
    """
    milliseconds = int(impression_id[4:16], 16)
    if milliseconds > _LATEST_MILLISECONDS:
        return None
    first = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)
    values = {
        "store_id": store_id,
        "impression_id": impression_id,
        "first": first,
        "last": first + timedelta(milliseconds=1),
    }
    return (await connection.execute(_AWARD, values)).mappings().one_or_none()
