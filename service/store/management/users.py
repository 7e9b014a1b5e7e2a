"""What is held of one shopper, in the order of its times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

# ids are hashed, since they only tell records of one moment apart and a caller's may be long
_EVENT: Final = "md5(type || ':' || event_key)"
_DECISION: Final = "md5(request_id)"
_PAGE: Final = text(
    f"(SELECT {_EVENT} AS id, 'event' AS kind, ts AS at,"
    "  jsonb_strip_nulls(to_jsonb(events) - 'store_id' - 'ts' - 'payload') AS content"
    "  FROM events WHERE store_id = :store_id AND user_id = :user_id"
    f" AND ts >= :at AND (ts, {_EVENT}) > (:at, :id) ORDER BY ts, {_EVENT} LIMIT :limit)"
    " UNION ALL"
    f" (SELECT {_DECISION}, 'decision', ts, payload - 'store_id' - 'ts'"
    "  FROM decisions WHERE store_id = :store_id"
    "  AND payload #>> '{request,user_id}' = :user_id"
    f" AND ts >= :at AND (ts, {_DECISION}) > (:at, :id) ORDER BY ts, {_DECISION} LIMIT :limit)"
    " ORDER BY at, id LIMIT :limit"
)


async def records_page(
    connection: AsyncConnection,
    store_id: str,
    user_id: str,
    *,
    after: tuple[datetime, str],
    limit: int,
) -> list[RowMapping]:
    """Events and decisions that name the shopper, oldest first: those past (time, id)."""
    at, record_id = after
    values = {
        "store_id": store_id,
        "user_id": user_id,
        "at": at,
        "id": record_id,
        "limit": limit,
    }
    return list((await connection.execute(_PAGE, values)).mappings())
