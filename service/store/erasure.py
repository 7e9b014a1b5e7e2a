"""Erasing a shopper from Postgres. What money needs stays, and names nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson
from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

_WORDS: Final = text(  # what the shopper did by themselves; no count or charge hangs on it
    "WITH gone AS (DELETE FROM events WHERE store_id = :store_id AND user_id = :user_id"
    " AND type IN ('search', 'feature_word', 'add_to_cart', 'hide') RETURNING type, event_key),"
    " keys AS (DELETE FROM event_keys USING gone WHERE event_keys.store_id = :store_id"
    " AND event_keys.type = gone.type AND event_keys.event_key = gone.event_key)"
    " SELECT count(*) FROM gone"
)
_MASKED: Final = (
    "'erased_' || encode(sha256(stores.salt || convert_to(events.order_id, 'UTF8')), 'hex')"
)
_ORDER_KEYS: Final = text(
    f"UPDATE event_keys SET event_key = {_MASKED} || '/' || events.line FROM events, stores"
    " WHERE events.store_id = :store_id AND events.user_id = :user_id AND stores.id = :store_id"
    " AND events.type = 'conversion' AND event_keys.store_id = :store_id"
    " AND event_keys.type = 'conversion' AND event_keys.event_key = events.event_key"
)
_COUNTED: Final = text(
    "UPDATE events SET user_id = NULL, session = NULL, query = NULL,"
    # what an impression cost, and where, is no shopper's
    " payload = jsonb_strip_nulls(jsonb_build_object('pricing', payload -> 'pricing',"
    "  'price', payload -> 'price', 'platform', payload -> 'platform')),"
    " event_key = CASE WHEN type = 'conversion' AND order_id IS NOT NULL"
    f"  THEN {_MASKED} || '/' || line ELSE event_key END, order_id = {_MASKED}"
    " FROM stores"
    " WHERE events.store_id = :store_id AND user_id = :user_id AND stores.id = :store_id"
)
_DECISIONS: Final = text(
    "DELETE FROM decisions WHERE store_id = :store_id"
    " AND payload #>> '{request,user_id}' = :user_id"
)
_SUSPECTS: Final = text(
    "SELECT entry_id, body FROM dead_letters"
    " WHERE position(:quoted IN body) > 0 OR position(:user_id IN error) > 0"
)
_DEAD: Final = text("DELETE FROM dead_letters WHERE entry_id = ANY(:entry_ids)")


async def erase_events(connection: AsyncConnection, store_id: str, user_id: str) -> int:
    """Delete what the shopper did by themselves; returns how many events."""
    values = {"store_id": store_id, "user_id": user_id}
    deleted: int = (await connection.execute(_WORDS, values)).scalar_one()
    return deleted


async def unname_events(connection: AsyncConnection, store_id: str, user_id: str) -> int:
    """Leave impressions, views, clicks and conversions as counts; returns how many.

    An order's number is replaced by a hash of it.
    """
    values = {"store_id": store_id, "user_id": user_id}
    await connection.execute(_ORDER_KEYS, values)
    return (await connection.execute(_COUNTED, values)).rowcount


async def erase_decisions(connection: AsyncConnection, store_id: str, user_id: str) -> int:
    """Delete the records of what was decided for the shopper; returns how many."""
    values = {"store_id": store_id, "user_id": user_id}
    return (await connection.execute(_DECISIONS, values)).rowcount


async def erase_dead_letters(connection: AsyncConnection, store_id: str, user_id: str) -> int:
    """Delete entries that could not be stored and name the shopper; returns how many."""
    values = {"quoted": orjson.dumps(user_id), "user_id": user_id}
    found = await connection.execute(_SUSPECTS, values)
    entry_ids = [row.entry_id for row in found if not _is_of_another(row.body, store_id)]
    await connection.execute(_DEAD, {"entry_ids": entry_ids})
    return len(entry_ids)


def _is_of_another(body: bytes, store_id: str) -> bool:
    """Whether an entry certainly belongs to another store."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    owner = content.get("store_id") if isinstance(content, dict) else None
    return isinstance(owner, str) and owner != store_id
