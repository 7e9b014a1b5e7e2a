"""A click on an ad that nobody told was shown is paid back, on a real database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from service.store.events import to_bytes
from service.store.stream import Entry
from service.worker.record import record
from service.worker.sweep import SWEPT, sweep
from tests.integration.worker.shop import NOW, click, column, one, open_shop

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.store.events import Event

LONG_AGO = datetime.fromtimestamp(NOW, UTC).isoformat()
SOURCE = {"source": "a1" * 12}


async def keep(engine: AsyncEngine, redis: Redis, *events: Event) -> None:
    entries = [Entry(f"{n}-1", "event", to_bytes(event)) for n, event in enumerate(events, 1)]
    recorded = await record(engine, entries, redis)
    assert len(recorded.safe) == len(events)


async def give_grace(engine: AsyncEngine, seconds: int) -> None:
    async with engine.begin() as connection:
        statement = text("UPDATE stores SET impression_grace_seconds = :seconds")
        await connection.execute(statement, {"seconds": seconds})


async def test_clicks_on_ads_that_were_never_shown_are_refunded(
    engine: AsyncEngine, redis: Redis
) -> None:
    store, campaign = await open_shop(engine)
    now = NOW + 86_400 - 60  # a minute ago

    def at(number: int, **other: Any) -> Event:
        made = click(campaign, store, number, payload=SOURCE)
        return replace(made, ts=now + number / 1000, **other)

    unseen, shown, viewed, told = at(1), at(2), at(3), at(4, payload={})
    await keep(
        engine, redis, unseen, shown, viewed, told,
        at(2, type="impression", payload={}), at(3, type="view", payload={}),
    )  # fmt: skip
    spent = "SELECT spent_micros FROM campaigns WHERE id = :id"
    price = unseen.price or 0
    assert await one(engine, spent, id=campaign.campaign_id) == 4 * price
    await redis.set(SWEPT, LONG_AGO)
    assert await sweep(engine, redis) == 0  # ten minutes are not over

    await give_grace(engine, 1)
    await redis.set(SWEPT, LONG_AGO)
    async with engine.begin() as connection:
        await connection.execute(text("SELECT pg_sleep(1.1)"))
    assert await sweep(engine, redis) == 1
    assert await sweep(engine, redis) == 0
    await redis.set(SWEPT, LONG_AGO)
    assert await sweep(engine, redis) == 0  # and again from the beginning
    assert await one(engine, spent, id=campaign.campaign_id) == 3 * price
    refunded = "SELECT impression_id FROM charges WHERE kind = 'refund' AND store_id = :id"
    assert await column(engine, refunded, id=store.store_id) == [unseen.impression_id]
    invalid = (
        "SELECT event_key FROM events WHERE invalid_reason = 'no_impression' AND store_id = :id"
    )
    assert await column(engine, invalid, id=store.store_id) == [
        unseen.event_key
    ]  # out of training


async def test_a_shop_that_tells_of_no_impressions_or_wants_none_is_not_judged(
    engine: AsyncEngine, redis: Redis
) -> None:
    silent, campaign = await open_shop(engine)
    other, second = await open_shop(engine)
    now = NOW + 86_400 - 60
    clicked = [
        replace(click(mine, store, 1, payload=SOURCE), ts=now)
        for store, mine in ((silent, campaign), (other, second))
    ]
    shown = replace(click(second, other, 2), ts=now, type="impression")
    await keep(engine, redis, *clicked, shown)
    await give_grace(engine, 0)
    await redis.set(SWEPT, LONG_AGO)
    assert await sweep(engine, redis) == 0
    await give_grace(engine, 1)
    async with engine.begin() as connection:
        await connection.execute(text("SELECT pg_sleep(1.1)"))
    await redis.set(SWEPT, LONG_AGO)
    assert await sweep(engine, redis) == 1  # the other store's
    await redis.delete(SWEPT)


async def test_what_was_lost_is_not_swept_from_the_beginning(
    engine: AsyncEngine, redis: Redis
) -> None:
    store, campaign = await open_shop(engine)
    now = NOW + 86_400 - 60
    await keep(
        engine, redis, replace(click(campaign, store, 1, payload=SOURCE), ts=now),
        replace(click(campaign, store, 2), ts=now, type="impression"),
    )  # fmt: skip
    async with engine.begin() as connection:  # a charge of an hour ago
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        await connection.execute(text("UPDATE charges SET charged_at = now() - interval '1 hour'"))
    await redis.delete(SWEPT)
    assert await sweep(engine, redis) == 0
    assert await redis.get(SWEPT) is not None
    await redis.delete(SWEPT)
