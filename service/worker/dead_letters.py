"""Where entries go that no number of tries will store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import insert

from service.store.stream import EventStream
from service.store.tables import dead_letters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis.asyncio import Redis
    from sqlalchemy import RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from service.worker.record import Refusal

SENT_AT_ONCE: Final = 500
_LIST: Final = text(
    "SELECT entry_id, kind, body, error, tries, died_at FROM dead_letters"
    " ORDER BY died_at DESC, entry_id DESC LIMIT :limit"
)


async def bury(engine: AsyncEngine, refusals: Sequence[Refusal], *, tries: int) -> None:
    """Keep these entries, as they came, beside the reason; each once."""
    if not refusals:
        return
    statement = insert(dead_letters).on_conflict_do_nothing()
    rows = [
        {
            "entry_id": refusal.entry.id,
            "kind": refusal.entry.kind.replace("\x00", "\ufffd")[:64],
            "body": refusal.entry.body,
            "error": repr(refusal.error).replace("\x00", "\ufffd")[:2000],
            "tries": tries,
        }
        for refusal in refusals
    ]
    async with engine.begin() as connection:
        await connection.execute(statement, rows)


async def list_dead(connection: AsyncConnection, *, limit: int) -> list[RowMapping]:
    """The newest `limit` of what was given up, with why."""
    found = await connection.execute(_LIST, {"limit": limit})
    return list(found.mappings())


async def try_again(connection: AsyncConnection, redis: Redis, ids: Sequence[str]) -> list[str]:
    """Put what was given up back into the stream, inside the caller's transaction.

    An entry is sent before it is forgotten here: a failure in between sends it twice, and what
    comes twice counts once. `ids` of none means all. Returns: the ids that were there.
    """
    statement = delete(dead_letters).returning(
        dead_letters.c.entry_id, dead_letters.c.kind, dead_letters.c.body
    )
    if ids:
        statement = statement.where(dead_letters.c.entry_id.in_(ids))
    rows = (await connection.execute(statement)).all()
    stream = EventStream(redis, "dead-letters")
    for start in range(0, len(rows), SENT_AT_ONCE):
        some = rows[start : start + SENT_AT_ONCE]
        await stream.append([(row.kind.encode(), bytes(row.body)) for row in some])
    return sorted(row.entry_id for row in rows)
