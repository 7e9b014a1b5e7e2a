"""The loop of whatever the worker does periodically: it goes on through every outage."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog

from service.store.lone_worker import is_alone
from service.worker import counts
from service.worker.waiting import Backoff, pause

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

log = structlog.get_logger(__name__)

TAKE_OVER_SECONDS: Final = 1.0


async def keep_doing(
    work: Callable[[], Awaitable[bool | None]],
    stop: asyncio.Event,
    *,
    every_seconds: float,
    warning: str,
) -> None:
    """Do `work` every so often until `stop` is set, and at once again where it returns True.

    Work leaves what it could not do for its next turn, which comes soon after a failure. Each
    failure is counted and told as a `warning`.
    """
    backoff = Backoff()
    while not stop.is_set():
        try:
            seconds = 0.0 if await work() else every_seconds
            backoff.reset()
        except Exception as error:  # an outage, or a fault of ours: the others go on
            counts.OUTAGES.inc()
            seconds = min(backoff.next_seconds(), every_seconds)
            log.warning(warning, error=repr(error), retry_seconds=seconds)
        await pause(stop, seconds)


async def keep_looking_alone(
    engine: AsyncEngine,
    begin: Callable[[], Callable[[AsyncConnection], Awaitable[None]]],
    stop: asyncio.Event,
    *,
    name: str,
    every_seconds: float,
    patience_seconds: float,
) -> None:
    """Look every so often until `stop` is set, while no other worker does what has this `name`.

    Whoever takes over begins anew with `begin()`; all looks use the connection that holds the
    lock. A look that takes longer than `patience_seconds` has failed.
    """
    engine = engine.execution_options(isolation_level="AUTOCOMMIT")

    async def look_while_alone() -> None:
        async with engine.connect() as connection:
            async with asyncio.timeout(patience_seconds):
                if not await is_alone(connection, name):
                    return
            try:
                look = begin()
                while not stop.is_set():
                    async with asyncio.timeout(patience_seconds):
                        await look(connection)
                    await pause(stop, every_seconds)
            finally:
                await connection.invalidate()  # and with it the lock, which a pool would keep

    await keep_doing(
        look_while_alone, stop, every_seconds=TAKE_OVER_SECONDS, warning=f"{name}_failed"
    )
