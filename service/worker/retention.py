"""Events, decisions and plans that are older than the shop keeps them go, a day at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog
from sqlalchemy import text

from service.store.profiles import LIFETIME_SECONDS
from service.worker import counts
from service.worker.keep_doing import keep_doing

if TYPE_CHECKING:
    import asyncio

    from sqlalchemy.ext.asyncio import AsyncEngine

log = structlog.get_logger(__name__)

LOOK_EVERY_SECONDS = 6 * 3600.0
DELETED_AT_ONCE = 10_000
KEYS_LONGER_DAYS: Final = LIFETIME_SECONDS // 86_400
"""A caller who tries again that late is still told from a new one."""

_PATIENCE: Final = text("SET LOCAL lock_timeout = '5s'")
_DROP: Final = text("SELECT drop_partitions((now() AT TIME ZONE 'UTC')::date - :days)")
_OLD: Final = (
    "DELETE FROM {table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {table}"
    " WHERE {time} < (now() AT TIME ZONE 'UTC')::date - CAST(:days AS integer) LIMIT :most))"
)
_OLD_DECISIONS: Final = text(_OLD.format(table="decisions_default", time="ts"))
_OLD_EVENTS: Final = text(_OLD.format(table="events_default", time="ts"))
_OLD_KEYS: Final = text(_OLD.format(table="event_keys", time="ts"))
_OLD_RESULTS: Final = text(_OLD.format(table="platform_results", time="hour"))
_OLD_PLANS: Final = text(_OLD.format(table="allocations", time="day"))


async def keep_retention(engine: AsyncEngine, days: int, stop: asyncio.Event) -> None:
    """Drop what is older than `days`, now and every few hours until `stop`; 0 keeps all."""

    async def drop() -> None:
        await drop_old(engine, days)

    if days > 0:
        await keep_doing(drop, stop, every_seconds=LOOK_EVERY_SECONDS, warning="retention_failed")


async def drop_old(engine: AsyncEngine, days: int) -> list[str]:
    """Drop the partitions of days before the last `days`; returns their names.

    What platforms told, and plans, go as well; charges stay for ever. The keys of callers' own
    events stay 90 days longer than the events, so that a repeat of one that is gone is not taken
    for a new one.
    """
    async with engine.begin() as connection:
        await connection.execute(_PATIENCE)
        dropped: list[str] = (await connection.execute(_DROP, {"days": days})).scalar_one()
    for statement, kept_days in (
        (_OLD_DECISIONS, days),
        (_OLD_EVENTS, days),
        (_OLD_RESULTS, days),
        (_OLD_PLANS, days),
        (_OLD_KEYS, days + KEYS_LONGER_DAYS),
    ):
        values = {"days": kept_days, "most": DELETED_AT_ONCE}
        deleted = DELETED_AT_ONCE
        while deleted == DELETED_AT_ONCE:
            async with engine.begin() as connection:
                deleted = (await connection.execute(statement, values)).rowcount
    counts.PARTITIONS_DROPPED.inc(len(dropped))
    if dropped:
        log.info("partitions_dropped", partitions=dropped)
    return dropped
