from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from service.store.lone_worker import is_alone
from service.worker.keep_doing import keep_doing, keep_looking_alone

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


async def test_what_has_more_to_do_does_it_at_once_and_stops_in_a_pause() -> None:
    stop, left = asyncio.Event(), [True, True, False]

    async def work() -> bool:
        if len(left) == 1:
            asyncio.get_running_loop().call_later(0.05, stop.set)
        return left.pop(0)

    async with asyncio.timeout(10):
        await keep_doing(work, stop, every_seconds=3600.0, warning="test_failed")
    assert not left


async def test_a_failure_does_not_end_the_loop_and_its_next_turn_comes_soon() -> None:
    stop, turns = asyncio.Event(), 0

    async def work() -> None:
        nonlocal turns
        turns += 1
        if turns < 4:
            raise RuntimeError(turns)
        stop.set()

    async with asyncio.timeout(10):
        await keep_doing(work, stop, every_seconds=3600.0, warning="test_failed")
    assert turns == 4


class Lookers:
    """Two that look, and who of them did."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.looks: list[str] = []
        self.looked = asyncio.Event()
        self.fails: set[str] = set()

    def begin(self, name: str) -> Callable[[AsyncConnection], Awaitable[None]]:
        async def look(_: AsyncConnection) -> None:
            self.looks.append(name)
            self.looked.set()
            if name in self.fails:
                raise RuntimeError(name)

        return look

    def start(self, name: str, stop: asyncio.Event) -> asyncio.Task[None]:
        return asyncio.create_task(
            keep_looking_alone(
                self.engine,
                lambda: self.begin(name),
                stop,
                name="test",
                every_seconds=0.01,
                patience_seconds=5.0,
            )
        )

    async def next_looks(self, most: int = 20) -> set[str]:
        self.looks.clear()
        while len(self.looks) < most:
            self.looked.clear()
            await self.looked.wait()
        return set(self.looks)


async def test_one_looks_at_a_time_and_another_takes_over_where_it_stops(
    engine: AsyncEngine,
) -> None:
    lookers, stops = Lookers(engine), (asyncio.Event(), asyncio.Event())
    async with asyncio.timeout(30):
        first = lookers.start("first", stops[0])
        assert await lookers.next_looks() == {"first"}
        second = lookers.start("second", stops[1])
        assert await lookers.next_looks(100) == {"first"}
        stops[0].set()
        await first
        assert await lookers.next_looks() == {"second"}
        stops[1].set()
        await second
    async with engine.connect() as connection:
        assert await is_alone(connection, "test")
        await connection.invalidate()


async def test_who_fails_gives_the_lock_up(engine: AsyncEngine) -> None:
    lookers, stops = Lookers(engine), (asyncio.Event(), asyncio.Event())
    lookers.fails.add("first")
    async with asyncio.timeout(30):
        tasks = [lookers.start("first", stops[0])]
        await lookers.next_looks(1)
        tasks.append(lookers.start("second", stops[1]))
        while "second" not in await lookers.next_looks(1):
            pass
        for stop, task in zip(stops, tasks, strict=True):
            stop.set()
            await task


async def test_different_work_is_kept_by_different_sessions(engine: AsyncEngine) -> None:
    async with engine.connect() as first, engine.connect() as second:
        assert await is_alone(first, "one")
        assert not await is_alone(second, "one")
        assert await is_alone(second, "another")
        await first.invalidate()
        await second.invalidate()
