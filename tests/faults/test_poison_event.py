"""Row 13: a poison event."""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING

import pytest

from service.worker import failures, record
from service.worker.consume import TRIES, Consumer
from tests.integration.worker.shop import as_entries, click, column, eventually, one, open_shop

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.store.stream import EventStream
    from tests.integration.worker.shop import Entry

KEYS = "SELECT event_key FROM events WHERE store_id = :id"
LAG_SECONDS = 2.0
NOISE = random.Random(1).randbytes(20_000).hex()  # noqa: S311 - only to be incompressible


async def lag_beside_poison(
    engine: AsyncEngine, redis: Redis, stream: EventStream
) -> tuple[float, int, int]:
    """Send poison among good events for a while, to a running consumer.

    Returns: the longest time until a good event was stored, how much poison was sent, how many
    entries were buried.
    """
    store, campaign = await open_shop(engine, budget=10_000_000_000)
    before = await one(engine, "SELECT count(*) FROM dead_letters")
    consumer = Consumer(
        engine, redis, stream, abandoned_after_seconds=0.1, claim_every_seconds=0.1
    )
    stop = asyncio.Event()
    running = asyncio.create_task(consumer.run(stop))
    longest, poisoned = 0.0, 0
    try:
        for round_ in range(5):
            wrong_type = b'{"store_id": 7, "ts": "noon", "type": [], "event_key": null}'
            # a field of a megabyte is a nuisance, not poison
            megabyte = click(campaign, store, round_, query="q" * 1_000_000)
            # a key that no index can hold: Postgres itself refuses it
            long = click(campaign, store, round_, event_key=f"{round_}{NOISE}")
            poison: list[Entry] = [(b"event", wrong_type), long]
            good = [click(campaign, store, 100 * (round_ + 1) + row) for row in range(20)]
            wanted = {event.event_key for event in good} | {megabyte.event_key}
            started = time.monotonic()
            await stream.append(as_entries([*good[:10], *poison, megabyte, *good[10:]]))
            poisoned += len(poison)

            async def stored(wanted: set[str] = wanted) -> bool:
                return wanted <= set(await column(engine, KEYS, id=store.store_id))

            await eventually(stored, seconds=LAG_SECONDS)
            longest = max(longest, time.monotonic() - started)

        async def emptied() -> bool:
            return not await stream.waiting()

        await eventually(emptied)
    finally:
        stop.set()
        await running
    return longest, poisoned, await one(engine, "SELECT count(*) FROM dead_letters") - before


async def test_poison_is_buried_after_its_tries_and_the_others_go_on(
    engine: AsyncEngine, redis: Redis, stream: EventStream
) -> None:
    longest, poisoned, buried = await lag_beside_poison(engine, redis, stream)
    assert longest < LAG_SECONDS
    assert buried == poisoned
    assert set(await column(engine, "SELECT tries FROM dead_letters")) == {TRIES}


async def test_mutant_that_takes_poison_for_an_outage_is_caught(
    engine: AsyncEngine,
    redis: Redis,
    stream: EventStream,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(record, "is_poison", lambda _: False)
    assert failures.is_poison(ValueError())
    with pytest.raises(TimeoutError):
        await lag_beside_poison(engine, redis, stream)
