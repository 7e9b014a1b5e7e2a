"""The partitions of the coming days are there before they come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from sqlalchemy import text

from service.worker import counts
from service.worker.waiting import Backoff, pause

if TYPE_CHECKING:
    import asyncio

    from sqlalchemy.ext.asyncio import AsyncEngine

log = structlog.get_logger(__name__)

LOOK_EVERY_SECONDS = 6 * 3600.0
DAYS = 16
"""Yesterday, for what comes late, today, and two weeks in which a worker may be away."""

_ADD = text("SELECT add_day_partitions((now() AT TIME ZONE 'UTC')::date - 1, :days)")


async def keep_partitions(engine: AsyncEngine, stop: asyncio.Event) -> None:
    """Create the partitions of the coming days, now and every few hours, until `stop` is set."""
    backoff = Backoff()
    while not stop.is_set():
        seconds = LOOK_EVERY_SECONDS
        try:
            async with engine.begin() as connection:
                made = (await connection.execute(_ADD, {"days": DAYS})).scalar_one()
            backoff.reset()
            if made:
                log.info("partitions_made", partitions=made)
        except Exception as error:  # rows go to the default partition meanwhile
            counts.OUTAGES.inc()
            seconds = backoff.next_seconds()
            log.warning("partitions_failed", error=repr(error), retry_seconds=seconds)
        await pause(stop, seconds)
