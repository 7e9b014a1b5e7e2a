"""How fast events go from the stream into Postgres, against the floor of the same work.

    python -m tests.benchmarks.events [--seed N] [--events N]

All is on: charging, profiles, the look-up of consents, dead letters, and segments that are
released by what is recorded. Worker and floor take turns in one process; what is counted is this
process's CPU time, so Postgres and Valkey stand apart. The last line is JSON; exit 1 says that
the ratio is above its limit.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import statistics
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import structlog
from redis.asyncio import Redis
from rich.console import Console
from rich.table import Table

from service.api.event_log import EventLog
from service.api.metrics import Metrics
from service.commands.work import YOUNG_OBJECTS
from service.store.embedded.stores import EmbeddedStores
from service.store.migrate import migrate
from service.store.postgres import open_engine
from service.store.redis_wire import RedisWire
from service.store.spool import Spool
from service.store.stream import EventStream
from service.worker.consume import Consumer
from tests.benchmarks.events_floor import record_floor
from tests.benchmarks.events_made import made_events
from tests.integration.worker.shop import column, one, open_shop

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.decision.terms import Campaign, Store

ROUNDS = 5
EVENTS = 10_000
SHOPS = 4
RATIO_LIMIT = 2.5
BUDGET = 10**15
SENT_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Round:
    """One turn: microseconds an event."""

    cpu_us: float
    wall_us: float


@dataclass(slots=True)
class Bench:
    """The stores, the shops, and the log that fills the stream."""

    stores: EmbeddedStores
    engine: AsyncEngine
    redis: Redis
    log: EventLog
    spool: Spool
    shops: list[tuple[Store, Campaign]]
    seed: int
    sent: int = 0
    clicks: int = 0

    async def fill(self, count: int) -> None:
        """Put `count` events into the stream, as servers do."""
        made = made_events(self.shops, count, self.sent, self.seed)
        self.sent += count
        for start in range(0, len(made), SENT_AT_ONCE):
            some = made[start : start + SENT_AT_ONCE]
            surely = [number for number, (_, _, kept) in enumerate(some) if kept]
            await self.log.append(b"event", [body for _, body, _ in some], surely=surely)

    async def time_worker(self, count: int) -> Round:
        """Let the worker's consumer empty the stream, with the segments tended beside it."""
        await self.fill(count)
        stream = EventStream(self.redis, "bench")
        consumer = Consumer(self.engine, self.redis, stream)
        tending = asyncio.create_task(self.log.drain_forever())
        wall, cpu = time.perf_counter(), time.process_time()
        while await stream.waiting() > count // 1_000:  # the poison of this round may stay
            await consumer.step()
        timed = _round(wall, cpu, count)
        while await stream.waiting():  # until it is buried
            consumer.abandoned_after_seconds = consumer.claim_every_seconds = 0.0
            await consumer.step()
        tending.cancel()
        with suppress(asyncio.CancelledError):
            await tending
        return timed

    async def time_floor(self, count: int) -> Round:
        """Let the floor empty it."""
        await self.fill(count)
        urls = self.stores.urls
        wall, cpu = time.perf_counter(), time.process_time()
        await asyncio.to_thread(record_floor, urls.database_url, urls.redis_url)
        return _round(wall, cpu, count)

    async def check(self, recorded: int) -> None:
        """See that the work was done: a benchmark of nothing is fast."""
        stored = await one(self.engine, "SELECT count(*) FROM events")
        charges = await one(self.engine, "SELECT count(*) FROM charges")
        buried = await one(self.engine, "SELECT count(*) FROM dead_letters")
        profiles = len(await self.redis.keys("*profile*"))
        spent = sum(await column(self.engine, "SELECT spent_micros FROM campaigns"))
        if stored != recorded or not charges or not spent or not buried or not profiles:
            message = f"{stored} of {recorded} events, {charges} charges, {buried} dead letters"
            raise SystemExit(f"{message}, {profiles} profiles, {spent} micros spent")


def _round(wall: float, cpu: float, count: int) -> Round:
    return Round(
        (time.process_time() - cpu) / count * 1e6, (time.perf_counter() - wall) / count * 1e6
    )


async def measure(seed: int, count: int) -> list[tuple[Round, Round]]:
    """(worker, floor) of each round, after one round that warms both up."""
    with tempfile.TemporaryDirectory(prefix="salient-") as folder:
        stores = EmbeddedStores(Path(folder), tied=True)
        with stores:
            migrate(stores.urls.database_url)
            engine = open_engine(stores.urls.database_url)
            shops = [await open_shop(engine, budget=BUDGET) for _ in range(SHOPS)]
            spool = Spool(Path(folder) / "spool")
            async with (
                Redis.from_url(stores.urls.redis_url) as redis,
                RedisWire(stores.urls.redis_url) as wire,
            ):
                log = EventLog(wire, spool, Metrics())
                bench = Bench(stores, engine, redis, log, spool, shops, seed)
                rounds = [
                    (await bench.time_worker(count), await bench.time_floor(count))
                    for _ in range(ROUNDS + 1)
                ]
                await bench.check(2 * count * (ROUNDS + 1))
            spool.close()
            await engine.dispose()
    return rounds[1:]


def main() -> int:
    """Measure, tell, and judge."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--events", type=int, default=EVENTS)
    options = parser.parse_args()
    quiet = structlog.make_filtering_bound_logger(logging.ERROR)
    structlog.configure(wrapper_class=quiet)  # poison is told of, every time it is tried
    gc.freeze()  # as the worker does; the floor gains by it as well
    gc.set_threshold(YOUNG_OBJECTS)
    rounds = asyncio.run(measure(options.seed, options.events))
    table = Table("round", "worker CPU us", "worker wall us", "floor CPU us", "floor wall us")
    for number, (ours, floor) in enumerate(rounds, 1):
        figures = (ours.cpu_us, ours.wall_us, floor.cpu_us, floor.wall_us)
        table.add_row(str(number), *(f"{figure:.1f}" for figure in figures))
    Console(width=100).print(table)
    cpu = statistics.median(ours.cpu_us for ours, _ in rounds)
    floor_cpu = statistics.median(floor.cpu_us for _, floor in rounds)
    wall = statistics.median(ours.wall_us for ours, _ in rounds)
    result = {
        "events_per_s": round(1e6 / wall),
        "cpu_us_per_event": round(cpu, 1),
        "floor_us": round(floor_cpu, 1),
        "ratio_to_floor": round(cpu / floor_cpu, 2),
    }
    print(orjson.dumps(result).decode())  # noqa: T201 - the last line is for machines
    return int(cpu / floor_cpu > RATIO_LIMIT)


if __name__ == "__main__":
    sys.exit(main())
