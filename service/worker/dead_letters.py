"""Where entries go that no number of tries will store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.dialects.postgresql import insert

from service.store.tables import dead_letters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.worker.record import Refusal


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
