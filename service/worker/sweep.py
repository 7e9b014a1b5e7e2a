"""Gives back what was charged for clicks on ads that nobody told were shown."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

import structlog

from service.store.refunds import Refund, RefundReason, refund_charges
from service.store.unseen_clicks import database_now, is_alone, unseen_clicks
from service.worker.keep_doing import keep_doing

if TYPE_CHECKING:
    import asyncio

    from redis.asyncio import Redis
    from sqlalchemy.ext.asyncio import AsyncEngine

EVERY_SECONDS: Final = 10.0
SWEPT: Final = "salient:swept"
"""In Redis: up to when, by the database's clock. Where it is lost the sweep begins with now."""

AT_ONCE: Final = 500

log = structlog.get_logger(__name__)


async def keep_sweeping(engine: AsyncEngine, redis: Redis, stop: asyncio.Event) -> None:
    """Sweep every `EVERY_SECONDS` until `stop` is set; outages are waited out."""

    async def sweep_all() -> None:
        await sweep(engine, redis)

    await keep_doing(sweep_all, stop, every_seconds=EVERY_SECONDS, warning="sweep_failed")


async def sweep(engine: AsyncEngine, redis: Redis) -> int:
    """Refund the clicks whose time for an impression has ended since the last sweep.

    The charge came at once, so that a pixel that comes late or is blocked costs the shop nothing
    more than this. Done again, it changes nothing.

    Returns: how many were refunded.
    """
    async with engine.connect() as connection:
        until = await database_now(connection)
    told = await redis.get(SWEPT)
    since = datetime.fromisoformat(str(told, "ascii")) if isinstance(told, bytes) else until
    refunded, last = 0, AT_ONCE
    while last == AT_ONCE:
        last = await _refund_some(engine, since)
        refunded += last
    await redis.set(SWEPT, until.isoformat())
    if refunded:
        log.info("clicks_refunded", reason="no_impression", clicks=refunded)
    return refunded


async def _refund_some(engine: AsyncEngine, since: datetime) -> int:
    async with engine.begin() as connection:
        if not await is_alone(connection):
            return 0
        unseen = await unseen_clicks(connection, since=since, most=AT_ONCE)
        refunds = [Refund(charge, RefundReason.NO_IMPRESSION) for charge in unseen]
        return len(await refund_charges(connection, refunds))
