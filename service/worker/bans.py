"""Bans reach what is served at once: the snapshot without them may take longer to build."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from service.decision.live import with_bans
from service.store.selling_points import recent_bans
from service.worker import counts
from service.worker.polling import poll

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from service.decision.live import Live

RECENT_SECONDS = 3600.0
"""No snapshot is that far behind, for no store is served without a worker for longer."""


async def follow_bans(
    live: dict[str, Live], engine: AsyncEngine, *, every_seconds: float = 0.25
) -> None:
    """Keep banned selling points out of every store's titles, for ever; failures keep the last."""

    async def look(connection: AsyncConnection) -> None:
        apply_bans(live, await recent_bans(connection, RECENT_SECONDS))

    await poll(
        engine,
        look,
        every_seconds=every_seconds,
        missed=counts.BANS_UNREAD,
        warning="bans_unread",
    )


def apply_bans(live: dict[str, Live], rows: list[tuple[str, str, str]]) -> None:
    """Mute what `rows` (store, product, text) ban, and nothing else."""
    banned: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for store_id, product_id, phrase in rows:
        banned[store_id].add((product_id, phrase))
    for store_id, current in list(live.items()):
        bans = frozenset(banned[store_id])
        if bans != current.bans:
            live[store_id] = with_bans(current, bans)
