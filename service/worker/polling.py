"""Looks at the database that are taken over and over, while a process serves."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from prometheus_client import Counter
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

log = structlog.get_logger(__name__)

PATIENCE_SECONDS: Final = 5.0


async def poll(
    engine: AsyncEngine,
    look: Callable[[AsyncConnection], Awaitable[None]],
    *,
    every_seconds: float,
    missed: Counter,
    warning: str,
) -> None:
    """Take a `look` every so often, for ever, on one connection that is kept.

    Each failure is `missed`; a `warning` tells of the first in a row.
    """
    engine = engine.execution_options(isolation_level="AUTOCOMMIT")  # one round trip, not three
    away = False
    while True:
        try:
            async with _patient(engine) as connection:
                while True:
                    async with asyncio.timeout(PATIENCE_SECONDS):
                        await look(connection)
                    away = False
                    await asyncio.sleep(every_seconds)
        except Exception as error:  # no database: what was seen last goes on
            missed.inc()
            if not away:
                log.warning(warning, error=repr(error))
            away = True
        await asyncio.sleep(every_seconds)


@asynccontextmanager
async def _patient(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection; to open it and to give it back takes `PATIENCE_SECONDS` at most."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        connection = await engine.connect()
    try:
        yield connection
    finally:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await connection.close()
