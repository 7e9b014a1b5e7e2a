"""Looks at the database go on, whatever becomes of their connection."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter
from sqlalchemy import text

from service.worker.polling import poll
from tests.integration.worker.shop import eventually

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

_WHO = text("SELECT pg_backend_pid()")
_IDLE = text("SELECT state FROM pg_stat_activity WHERE pid = :pid")
_END = text("SELECT pg_terminate_backend(:pid)")


class Looks:
    """Remembers by which connection each look was taken."""

    def __init__(self) -> None:
        self.pids: list[int] = []
        self.counts = CollectorRegistry()
        self.missed = Counter("missed", "Looks missed.", registry=self.counts)

    async def look(self, connection: AsyncConnection) -> None:
        self.pids.append((await connection.execute(_WHO)).scalar_one())

    def follow(self, engine: AsyncEngine) -> asyncio.Task[None]:
        return asyncio.create_task(
            poll(engine, self.look, every_seconds=0.01, missed=self.missed, warning="missed")
        )

    async def several(self) -> bool:
        return len(self.pids) >= 3

    async def by_another(self) -> bool:
        return self.pids[-1] != self.pids[0]


async def test_one_connection_is_kept_and_holds_no_transaction(engine: AsyncEngine) -> None:
    looks = Looks()
    following = looks.follow(engine)
    await eventually(looks.several)
    assert len(set(looks.pids)) == 1
    states = set()
    for _ in range(20):
        async with engine.connect() as connection:  # each transaction sees the states of its start
            states.add((await connection.execute(_IDLE, {"pid": looks.pids[0]})).scalar_one())
    assert "idle in transaction" not in states
    following.cancel()


async def test_a_connection_that_is_cut_is_replaced(engine: AsyncEngine) -> None:
    looks = Looks()
    following = looks.follow(engine)
    await eventually(looks.several)
    async with engine.connect() as connection:
        await connection.execute(_END, {"pid": looks.pids[0]})
    await eventually(looks.by_another)
    assert looks.counts.get_sample_value("missed_total")
    following.cancel()
