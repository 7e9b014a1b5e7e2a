"""Bans reach what is served at once: the snapshot without them may take longer to build."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING

import structlog

from service.decision.live import with_bans
from service.store.selling_points import recent_bans
from service.worker import counts

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.decision.live import Live

log = structlog.get_logger(__name__)

RECENT_SECONDS = 3600.0
"""No snapshot is that far behind, for no store is served without a worker for longer."""


async def follow_bans(
    live: dict[str, Live], engine: AsyncEngine, *, every_seconds: float = 0.25
) -> None:
    """Keep banned selling points out of every store's titles, for ever; failures keep the last."""
    away = False
    while True:
        try:
            async with asyncio.timeout(5), engine.connect() as connection:
                rows = await recent_bans(connection, RECENT_SECONDS)
        except Exception as error:  # no database: what was banned before stays so
            counts.BANS_UNREAD.inc()
            if not away:
                log.warning("bans_unread", error=repr(error))
            away = True
        else:
            apply_bans(live, rows)
            away = False
        await asyncio.sleep(every_seconds)


def apply_bans(live: dict[str, Live], rows: list[tuple[str, str, str]]) -> None:
    """Mute what `rows` (store, product, text) ban, and nothing else."""
    banned: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for store_id, product_id, phrase in rows:
        banned[store_id].add((product_id, phrase))
    for store_id, current in list(live.items()):
        bans = frozenset(banned[store_id])
        if bans != current.bans:
            live[store_id] = with_bans(current, bans)
