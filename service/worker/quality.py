"""Counts every hour what each ad was shown and clicked, for what its merchant is told of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from service.store.quality import (
    count_shown,
    next_told,
    stores_to_count,
    sum_up_quality,
    take_count,
)
from service.worker.keep_doing import keep_doing

if TYPE_CHECKING:
    import asyncio

    from sqlalchemy.ext.asyncio import AsyncEngine

COUNT_EVERY_SECONDS: Final = 3600.0
AN_HOUR: Final = timedelta(hours=1)
SETTLED: Final = timedelta(hours=5)
"""How old a decision must be: its ads are clicked for four hours, and recorded soon after."""


async def keep_quality(engine: AsyncEngine, stop: asyncio.Event) -> None:
    """Count what is settled, now and every hour, until `stop` is set."""

    async def count() -> None:
        await count_all(engine, stop, now=datetime.now(UTC))

    await keep_doing(count, stop, every_seconds=COUNT_EVERY_SECONDS, warning="quality_not_counted")


async def count_all(engine: AsyncEngine, stop: asyncio.Event, *, now: datetime) -> None:
    """Count what is settled of every store, an hour a transaction."""
    until = (now - SETTLED).replace(minute=0, second=0, microsecond=0)
    async with engine.begin() as connection:
        store_ids = await stores_to_count(connection)
    for store_id in store_ids:
        while not stop.is_set() and await _count_an_hour(engine, store_id, until):
            pass


async def _count_an_hour(engine: AsyncEngine, store_id: str, until: datetime) -> bool:
    """Count one more hour of the store, passing over those without events; whether it did."""
    async with engine.begin() as connection:
        since = await take_count(connection, store_id, until=until)
        if since is None or since >= until:
            return False
        start = await next_told(connection, store_id, since, until)
        end = min(start + AN_HOUR, until)
        await count_shown(connection, store_id, start, end)
        if end == until:
            await sum_up_quality(connection, store_id, now=until)
        return True
