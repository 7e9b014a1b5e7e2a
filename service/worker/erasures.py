"""The loop that does erasures: beside all other jobs, and as often as it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from service.errors import StoreUnavailableError
from service.store.management.erasures import (
    claim_erasure,
    finish_erasure,
    put_off_erasure,
)
from service.worker.erasure import erase_shopper
from service.worker.keep_doing import keep_doing
from service.worker.leftovers import Leftovers

if TYPE_CHECKING:
    import asyncio
    from pathlib import Path

    from redis.asyncio import Redis
    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.store.management.erasures import Erasure

LOOK_EVERY_SECONDS = 0.5
AGAIN_SECONDS = 10.0
LEASE_SECONDS = 300.0  # longer than an erasure waits; then another worker may take it over
log = structlog.get_logger(__name__)


async def do_erasures(engine: AsyncEngine, redis: Redis, state: Path, stop: asyncio.Event) -> None:
    """Do the erasures that were asked for, one after the other, until `stop` is set.

    One that cannot be done now is tried again, however often: it is never given up.
    """
    leftovers = Leftovers(engine, redis)

    async def look() -> bool:
        found = await _do_next(engine, redis, state)
        leftovers.due |= found
        if not found:
            await leftovers.clear_if_due()
        return found

    await keep_doing(look, stop, every_seconds=LOOK_EVERY_SECONDS, warning="erasures_failed")


async def _do_next(engine: AsyncEngine, redis: Redis, state: Path) -> bool:
    async with engine.begin() as connection:
        erasure = await claim_erasure(connection, lease_seconds=LEASE_SECONDS)
    if erasure is None:
        return False
    await _do(engine, redis, state, erasure)
    return True


async def _do(engine: AsyncEngine, redis: Redis, state: Path, erasure: Erasure) -> None:
    try:
        result = await erase_shopper(
            engine, redis, state=state, store_id=erasure.store_id, shopper=erasure.shopper
        )
    except Exception as error:
        reason = str(error) if isinstance(error, StoreUnavailableError) else type(error).__name__
        log.warning("erasure_put_off", job=erasure.job_id, reason=reason)
        async with engine.begin() as connection:
            await put_off_erasure(connection, erasure.job_id, reason, again_seconds=AGAIN_SECONDS)
        return
    async with engine.begin() as connection:
        total = sum(result.values())
        await finish_erasure(connection, erasure.job_id, {**result, "changed": total})
    log.info("erasure_done", job=erasure.job_id, **result)
