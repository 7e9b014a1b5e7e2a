"""The partitions of the coming days are there before they come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from sqlalchemy import text

from service.worker.keep_doing import keep_doing

if TYPE_CHECKING:
    import asyncio

    from sqlalchemy.ext.asyncio import AsyncEngine

log = structlog.get_logger(__name__)

LOOK_EVERY_SECONDS = 6 * 3600.0
DAYS = 16
"""Yesterday, for what comes late, today, and two weeks in which a worker may be away."""

_ADD = text("SELECT add_day_partitions((now() AT TIME ZONE 'UTC')::date - 1, :days)")


async def keep_partitions(engine: AsyncEngine, stop: asyncio.Event) -> None:
    """Create the partitions of the coming days, now and every few hours, until `stop` is set.

    Without them rows go to the default partition.
    """

    async def add() -> None:
        async with engine.begin() as connection:
            made = (await connection.execute(_ADD, {"days": DAYS})).scalar_one()
        if made:
            log.info("partitions_made", partitions=made)

    await keep_doing(add, stop, every_seconds=LOOK_EVERY_SECONDS, warning="partitions_failed")
