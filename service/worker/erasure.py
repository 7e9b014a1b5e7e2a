"""Erasing a shopper everywhere: spool, stream, Postgres, Redis. What is paid stays paid."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

from service.errors import StoreUnavailableError
from service.store.consents import take_turns, unname, user_of
from service.store.erasure import (
    erase_dead_letters,
    erase_decisions,
    erase_events,
    unname_events,
)
from service.store.profiles import forget
from service.store.stream import EventStream

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from redis.asyncio import Redis
    from sqlalchemy.ext.asyncio import AsyncEngine

PATIENCE_SECONDS = 60.0
LOOK_EVERY_SECONDS = 0.05


async def erase_shopper(
    engine: AsyncEngine, redis: Redis, *, state: Path, store_id: str, shopper: str
) -> dict[str, int]:
    """Leave no trace of the shopper whose hash is `shopper`; returns what was done, in counts.

    The request for it already forbade keeping anything of theirs from before. So what waits in
    spool and stream is let through first, and loses its name on the way; then comes what is kept.
    Done again, it changes nothing.

    Raises: StoreUnavailableError when what waits is not through in a minute: try again later.
    """
    await _empty_stream(EventStream(redis, "erasure"))
    await _empty_spool(state)
    async with engine.begin() as connection:
        user_id = await user_of(connection, store_id, shopper)
        if user_id is None:
            return {}
        await take_turns(connection, store_id, [user_id])
        done = {
            "events_deleted": await erase_events(connection, store_id, user_id),
            "events_unnamed": await unname_events(connection, store_id, user_id),
            "decisions_deleted": await erase_decisions(connection, store_id, user_id),
            "dead_letters_deleted": await erase_dead_letters(connection, store_id, user_id),
        }
        await forget(redis, store_id, user_id)
        await unname(connection, store_id, shopper)
    return done


async def _empty_spool(state: Path) -> None:
    """Wait until what stands in segments now is recorded; servers see to each other's, too."""
    there = list((state / "spool").glob("*.spool"))

    async def drained() -> bool:
        return not any(path.exists() for path in there)

    await _until(drained, f"the spool in {state} is not recorded yet")


async def _empty_stream(stream: EventStream) -> None:
    """Wait for the consumers to store, or bury, what was in the stream when this began."""
    newest = await stream.newest()

    async def recorded() -> bool:
        return newest is None or not await stream.holds_up_to(newest)

    await _until(recorded, "the stream is not recorded up to here yet")


async def _until(look: Callable[[], Awaitable[bool]], otherwise: str) -> None:
    deadline = monotonic() + PATIENCE_SECONDS
    while not await look():
        if monotonic() > deadline:
            raise StoreUnavailableError(otherwise)
        await asyncio.sleep(LOOK_EVERY_SECONDS)
