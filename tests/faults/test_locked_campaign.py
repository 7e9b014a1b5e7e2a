"""Row 10: somebody holds a campaign; its clicks wait, and nobody else's."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis
from sqlalchemy import text

from service.store.accounts import lock_accounts
from service.store.campaigns import put_campaigns
from service.store.stream import EventStream
from service.worker import record
from service.worker.consume import Consumer
from tests.integration.worker.shop import as_entries, click, column, eventually, one, open_shop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from service.decision.terms import Campaign, Store
    from service.store.accounts import Accounts

CONSUMERS = 2
EVERY_SECONDS = 0.1
PRICE = 250_000


@dataclass(frozen=True, slots=True)
class House:
    """Two campaigns of one merchant, of which somebody holds the first."""

    engine: AsyncEngine
    stream: EventStream
    store: Store
    held: Campaign
    free: Campaign


@dataclass(frozen=True, slots=True)
class Outcome:
    """How long clicks took from the stream to their charge, in seconds."""

    slowest_free: float
    held_paid_early: int  # while they could not be
    missing: int
    double: int
    spent: list[int]


@pytest.fixture
async def house(engine: AsyncEngine, stream: EventStream, redis_url: str) -> AsyncIterator[House]:
    store, held = await open_shop(engine, budget=10**12)
    free = replace(held, campaign_id=f"{held.campaign_id}b")
    async with engine.begin() as connection:
        await put_campaigns(connection, store.store_id, [free])
    redis, stop = Redis.from_url(redis_url), asyncio.Event()
    consumers = [
        asyncio.create_task(Consumer(engine, redis, EventStream(redis, f"c{n}")).run(stop))
        for n in range(CONSUMERS)
    ]
    yield House(engine, stream, store, held, free)
    stop.set()
    await asyncio.gather(*consumers)
    await redis.aclose()


async def send(house: House, seconds: float) -> dict[str, float]:
    """Send clicks of both campaigns in turn; when each was sent."""
    sent: dict[str, float] = {}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        first = len(sent)
        pair = [
            click(house.held, house.store, first),
            click(house.free, house.store, first + 1, campaign_id=house.free.campaign_id),
        ]
        await house.stream.append(as_entries(pair))
        sent |= {str(event.impression_id): time.monotonic() for event in pair}
        await asyncio.sleep(EVERY_SECONDS)
    return sent


async def charges(house: House) -> list[str]:
    query = "SELECT impression_id FROM charges WHERE store_id = :id"
    return await column(house.engine, query, id=house.store.store_id)


async def watch(house: House, seen: dict[str, float]) -> None:
    """Note when each charge is there, for ever."""
    while True:
        for name in await charges(house):
            seen.setdefault(name, time.monotonic())
        await asyncio.sleep(0.02)


async def hold(house: House, seconds: float) -> Outcome:
    """Hold the campaign while clicks come in, then let go and see what became of them."""
    seen: dict[str, float] = {}
    watching = asyncio.create_task(watch(house, seen))
    query = text("SELECT FROM campaigns WHERE id = :id FOR UPDATE")
    async with house.engine.begin() as holder:
        await holder.execute(query, {"id": house.held.campaign_id})
        sent = await send(house, seconds)
        early = sum(_is_of_held(name) for name in seen)

    async def all_there() -> bool:
        return set(sent) <= set(await charges(house))

    await eventually(all_there, seconds=20)
    await eventually(lambda: _are_seen(sent, seen), seconds=5)
    watching.cancel()
    names = await charges(house)
    spent = "SELECT spent_micros FROM campaigns WHERE store_id = :id ORDER BY id"
    return Outcome(
        slowest_free=max(seen[name] - at for name, at in sent.items() if not _is_of_held(name)),
        held_paid_early=early,
        missing=len(set(sent) - set(names)),
        double=len(names) - len(set(names)),
        spent=await column(house.engine, spent, id=house.store.store_id),
    )


async def _are_seen(sent: dict[str, float], seen: dict[str, float]) -> bool:
    return set(sent) <= set(seen)


def _is_of_held(name: str) -> bool:
    return int(name.rpartition("_")[2]) % 2 == 0


async def check(house: House, seconds: float) -> None:
    outcome = await hold(house, seconds)
    assert outcome.slowest_free < 2
    assert (outcome.held_paid_early, outcome.missing, outcome.double) == (0, 0, 0)
    clicks = "SELECT count(*) FROM events WHERE store_id = :id AND type = 'click'"
    each = await one(house.engine, clicks, id=house.store.store_id) // 2
    assert each >= seconds / EVERY_SECONDS / 3
    assert outcome.spent == [each * PRICE] * 2
    assert await one(house.engine, "SELECT count(*) FROM dead_letters") == 0


async def test_clicks_of_a_held_campaign_wait_alone(house: House) -> None:
    # longer than an entry may lie with its reader before another one claims it
    await check(house, 3.5)


@pytest.mark.slow
async def test_a_campaign_held_for_ten_seconds_holds_up_nobody_else(house: House) -> None:
    await check(house, 10)


@pytest.mark.slow
async def test_mutant_that_waits_for_the_lock_is_caught(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def patient(
        connection: AsyncConnection, campaigns: Iterable[str], *, pass_over_busy: bool
    ) -> Accounts:
        assert pass_over_busy
        return await lock_accounts(connection, campaigns)

    monkeypatch.setattr(record, "lock_accounts", patient)
    assert (await hold(house, 3.5)).slowest_free > 2


async def test_a_merchant_with_a_balance_is_held_up_no_longer(house: House) -> None:
    """Its balance is one row for all its campaigns: it is taken after them, and shortly."""
    pay = text(
        "INSERT INTO payments (id, store_id, advertiser_id, amount_micros, key_id)"
        " VALUES (:id, :store, :advertiser, :micros, 'key')"
    )
    async with house.engine.begin() as connection:
        values = {"id": f"pay_{house.store.store_id}", "store": house.store.store_id}
        values |= {"advertiser": house.held.advertiser_id}
        await connection.execute(pay, {**values, "micros": 10**12})
    await check(house, 3.5)
    held = "SELECT spent_micros FROM advertisers WHERE id = :id"
    spent = await one(house.engine, held, id=house.held.advertiser_id)
    total = "SELECT sum(spent_micros)::bigint FROM campaigns WHERE store_id = :id"
    assert spent == await one(house.engine, total, id=house.store.store_id)
