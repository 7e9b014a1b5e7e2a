from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from service.store.profiles import decode_profile, profile_key
from service.store.spent_out import spent_out_campaigns
from service.worker import consume as consume_module
from service.worker.consume import TRIES, Consumer
from service.worker.record import record
from tests.integration.worker.shop import (
    NOW,
    as_entries,
    click,
    column,
    decision,
    eventually,
    feature_word,
    one,
    open_shop,
    search,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio import Redis
    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.decision.terms import Store
    from service.store.stream import EventStream
    from tests.integration.worker.shop import Entry

SPENT = "SELECT spent_micros FROM campaigns WHERE id = :id"
KEYS = "SELECT event_key FROM events WHERE store_id = :id ORDER BY event_key"


async def drain(consumer: Consumer) -> None:
    """Handle all that waits; returns when a step finds nothing."""
    while await consumer.step():
        pass


@asynccontextmanager
async def running(consumer: Consumer) -> AsyncIterator[None]:
    """The consumer's loop, for as long as the block lasts."""
    stop = asyncio.Event()
    loop = asyncio.create_task(consumer.run(stop))
    yield
    stop.set()
    await loop


async def profile(redis: Redis, store: Store, user_id: str = "ann") -> tuple[list[str], ...]:
    raw = await redis.get(profile_key(store.store_id, user_id))
    assert raw is None or isinstance(raw, bytes)
    history, _ = decode_profile(raw, NOW + 100)
    return (
        [text for text, _ in history.feature_words],
        [text for text, _ in history.titles],
        [text for text, _ in history.queries],
    )


async def test_what_is_in_the_stream_is_stored_charged_and_acknowledged(
    engine: AsyncEngine, stream: EventStream, consumer: Consumer
) -> None:
    store, campaign = await open_shop(engine)
    clicks = [click(campaign, store, number) for number in range(3)]
    await stream.append(as_entries([decision(store, 0), *clicks, search(store, "lamp", 9)]))
    await drain(consumer)
    assert await one(engine, SPENT, id=campaign.campaign_id) == 3 * 250_000
    assert (
        await one(engine, "SELECT count(*) FROM decisions WHERE store_id = :id", id=store.store_id)
        == 1
    )
    assert len(await column(engine, KEYS, id=store.store_id)) == 4
    assert await stream.waiting() == 0


async def test_the_same_entries_again_change_nothing(
    engine: AsyncEngine, stream: EventStream, consumer: Consumer, redis: Redis
) -> None:
    store, campaign = await open_shop(engine)
    entries = as_entries(
        [decision(store, 0), click(campaign, store, 1), feature_word(store, "oak", 2)]
    )
    await stream.append(entries + entries)
    await drain(consumer)
    before = (await column(engine, KEYS, id=store.store_id), await profile(redis, store))
    await stream.append(entries)
    await drain(consumer)
    assert (await column(engine, KEYS, id=store.store_id), await profile(redis, store)) == before
    assert len(before[0]) == 2
    assert await one(engine, SPENT, id=campaign.campaign_id) == 250_000


async def test_an_invalid_click_is_stored_with_its_reason_and_not_charged(
    engine: AsyncEngine, stream: EventStream, consumer: Consumer
) -> None:
    store, campaign = await open_shop(engine)
    await stream.append(as_entries([click(campaign, store, 1, invalid_reason="bot")]))
    await drain(consumer)
    assert await one(engine, SPENT, id=campaign.campaign_id) == 0
    assert await column(
        engine, "SELECT invalid_reason FROM events WHERE store_id = :id", id=store.store_id
    ) == ["bot"]


async def test_a_click_without_an_impression_before_it_is_charged(
    engine: AsyncEngine, stream: EventStream, consumer: Consumer
) -> None:
    store, campaign = await open_shop(engine)
    await stream.append(as_entries([click(campaign, store, 1)]))
    await drain(consumer)
    assert await one(engine, SPENT, id=campaign.campaign_id) == 250_000


async def test_a_click_on_a_campaign_that_is_gone_is_stored_uncharged(
    engine: AsyncEngine, stream: EventStream, consumer: Consumer
) -> None:
    store, campaign = await open_shop(engine)
    await stream.append(as_entries([click(campaign, store, 1, campaign_id="cmp_gone")]))
    await drain(consumer)
    assert len(await column(engine, KEYS, id=store.store_id)) == 1
    assert await one(engine, SPENT, id=campaign.campaign_id) == 0


async def test_charges_stop_at_the_budget_and_the_campaign_counts_as_spent_out(
    engine: AsyncEngine, stream: EventStream, consumer: Consumer
) -> None:
    store, campaign = await open_shop(engine, budget=1_100_000)  # room for 4 clicks of 250,000
    await stream.append(as_entries([click(campaign, store, number) for number in range(6)]))
    await drain(consumer)
    assert await one(engine, SPENT, id=campaign.campaign_id) == 1_000_000
    async with engine.connect() as connection:
        spent_out = await spent_out_campaigns(connection)
    assert spent_out[store.store_id] == {campaign.campaign_id}


async def test_a_profile_holds_words_titles_and_queries_newest_first(
    engine: AsyncEngine, stream: EventStream, consumer: Consumer, redis: Redis
) -> None:
    store, campaign = await open_shop(engine)
    events = [
        search(store, "lamp", 1),
        feature_word(store, "oak", 2),
        feature_word(store, "brass", 3),
        feature_word(store, "steel", 4, action="shown"),
        click(campaign, store, 5),
        search(store, "oak lamp", 6),
    ]
    await stream.append(as_entries(events))
    await drain(consumer)
    assert await profile(redis, store) == (
        ["brass", "oak"],
        ["Table Lamp Oak Model 0"],
        ["oak lamp", "lamp"],
    )


async def test_without_consent_nothing_is_written_about_anyone(
    engine: AsyncEngine, stream: EventStream, consumer: Consumer, redis: Redis
) -> None:
    store, campaign = await open_shop(engine)
    anonymous = [
        replace(event, user_id=None)
        for event in (feature_word(store, "oak", 1), click(campaign, store, 2))
    ]
    await stream.append(as_entries(anonymous))
    await drain(consumer)
    assert len(await column(engine, KEYS, id=store.store_id)) == 2
    assert await redis.keys(f"*{store.store_id}*") == []


async def test_a_profile_that_a_crash_left_unwritten_is_written_on_the_second_delivery(
    engine: AsyncEngine,
    stream: EventStream,
    consumer: Consumer,
    redis: Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store, _ = await open_shop(engine)
    await stream.append(as_entries([feature_word(store, "oak", 1)]))

    async def crash(*_: object) -> int:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(consume_module, "refresh_profiles", crash)
        with pytest.raises(ConnectionError):
            await consumer.step()
    assert len(await column(engine, KEYS, id=store.store_id)) == 1  # committed, not acknowledged
    assert await stream.waiting() == 1
    another = Consumer(engine, redis, type(stream)(redis, "another"))
    await drain(another)
    assert await profile(redis, store) == (["oak"], [], [])
    assert await stream.waiting() == 0


POISON: list[tuple[bytes, bytes]] = [
    (b"event", b"{not json"),
    (b"event", b'{"store_id": "s", "ts": "soon", "type": "click", "event_key": "k"}'),
    (b"bid", b"{}"),
    (b"decision", b"[1, 2]"),
    (b"decision", b'{"store_id": null}'),
]


async def test_poison_is_buried_after_five_tries_and_holds_up_nobody(
    engine: AsyncEngine, stream: EventStream, consumer: Consumer
) -> None:
    store, campaign = await open_shop(engine)
    # the key is too long for an index: Postgres itself refuses this one
    noise = random.Random(1).randbytes(20_000).hex()  # noqa: S311 - only to be incompressible
    long_key = click(campaign, store, 999, event_key=noise)
    good = [click(campaign, store, number) for number in range(40)]
    mixed: list[Entry] = [*good[:20], *POISON, long_key, *good[20:]]
    before = await one(engine, "SELECT count(*) FROM dead_letters")
    await stream.append(as_entries(mixed))
    await consumer.step()
    assert len(await column(engine, KEYS, id=store.store_id)) == 40  # the first batch stored them
    assert await one(engine, SPENT, id=campaign.campaign_id) == 40 * 250_000
    assert await one(engine, "SELECT count(*) FROM dead_letters") == before

    async def emptied() -> bool:
        await consumer.step()
        return not await stream.waiting()

    await eventually(emptied)
    tries = await column(engine, "SELECT tries FROM dead_letters")
    assert tries == [TRIES] * (before + len(POISON) + 1)
    bodies = await column(engine, "SELECT body FROM dead_letters")
    assert {body for _, body in POISON} <= set(map(bytes, bodies))


async def test_while_postgres_is_away_nothing_is_read_nothing_is_lost(
    engine: AsyncEngine,
    stream: EventStream,
    consumer: Consumer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store, campaign = await open_shop(engine)
    await stream.append(as_entries([click(campaign, store, 1)]))
    tries = 0

    async def refuse(*arguments: Any) -> object:
        nonlocal tries
        tries += 1
        if tries <= 3:
            raise OperationalError("INSERT", {}, ConnectionRefusedError())
        return await record(*arguments)

    async def emptied() -> bool:
        return tries >= 2 and not await stream.waiting()

    monkeypatch.setattr(consume_module, "record", refuse)
    async with running(consumer):
        await asyncio.sleep(0.1)
        await stream.append(as_entries([click(campaign, store, 2)]))
        await eventually(emptied)
    assert len(await column(engine, KEYS, id=store.store_id)) == 2
    assert await one(engine, SPENT, id=campaign.campaign_id) == 500_000


async def test_a_database_that_does_not_answer_is_given_up_and_tried_again(
    engine: AsyncEngine, stream: EventStream, consumer: Consumer
) -> None:
    store, campaign = await open_shop(engine)
    consumer.patience_seconds = 0.3
    await stream.append(as_entries([click(campaign, store, 1)]))
    async with engine.connect() as blocker:
        await blocker.execute(text("LOCK TABLE events IN EXCLUSIVE MODE"))
        with pytest.raises(TimeoutError):
            await consumer.step()
        await blocker.rollback()
    consumer.patience_seconds = 10
    assert await consumer.step() == 1
    assert await one(engine, SPENT, id=campaign.campaign_id) == 250_000
    assert await stream.waiting() == 0


async def test_consumers_side_by_side_charge_each_click_once(
    engine: AsyncEngine, stream: EventStream, redis: Redis
) -> None:
    store, campaign = await open_shop(engine, budget=10_000_000_000)
    clicks = as_entries([click(campaign, store, number) for number in range(600)])
    random.Random(1).shuffle(clicks)  # noqa: S311 - an order, not a secret
    await stream.append(clicks[:400] + clicks + clicks[200:])
    # each claims what the others have in hand: every entry is worked on more than once
    consumers = [
        Consumer(
            engine,
            redis,
            type(stream)(redis, f"worker {number}"),
            abandoned_after_seconds=0.0,
            claim_every_seconds=0.0,
        )
        for number in range(3)
    ]

    async def emptied() -> bool:
        return not await stream.waiting()

    async with AsyncExitStack() as stack:
        for consumer in consumers:
            await stack.enter_async_context(running(consumer))
        await eventually(emptied, seconds=30)
    assert len(await column(engine, KEYS, id=store.store_id)) == 600
    assert await one(engine, SPENT, id=campaign.campaign_id) == 600 * 250_000


async def test_a_campaign_that_is_held_puts_off_its_own_clicks_only(
    engine: AsyncEngine, stream: EventStream, consumer: Consumer
) -> None:
    held, others = await open_shop(engine), await open_shop(engine)
    consumer.abandoned_after_seconds, consumer.claim_every_seconds = 2.0, 1.0
    clicks = [click(shop[1], shop[0], number) for number in range(20) for shop in (held, others)]
    lock = text("SELECT 1 FROM campaigns WHERE id = :id FOR UPDATE")
    async with running(consumer):
        async with engine.connect() as blocker:
            await blocker.execute(lock, {"id": held[1].campaign_id})
            await stream.append(as_entries(clicks))

            async def through() -> bool:
                return bool(await one(engine, SPENT, id=others[1].campaign_id) == 20 * 250_000)

            await eventually(through, seconds=2)
            await asyncio.sleep(3)  # longer than it takes to seem abandoned
            assert await one(engine, SPENT, id=held[1].campaign_id) == 0
            assert await stream.waiting() == 20
            tries = await stream.deliveries([entry.id for entry in await stream.oldest()])
            assert set(tries.values()) == {1}
            await blocker.rollback()

        async def emptied() -> bool:
            return not await stream.waiting()

        await eventually(emptied, seconds=2)
    assert await one(engine, SPENT, id=held[1].campaign_id) == 20 * 250_000


async def test_an_emptied_redis_gets_its_group_and_its_profiles_back(
    engine: AsyncEngine, stream: EventStream, consumer: Consumer, redis: Redis
) -> None:
    store, campaign = await open_shop(engine)
    await stream.append(as_entries([feature_word(store, "oak", 2, user_id="bob")]))
    await drain(consumer)
    async with running(consumer):
        await asyncio.sleep(0.1)
        await redis.flushdb()
        await stream.append(as_entries([click(campaign, store, 1)]))

        async def back() -> bool:
            return await profile(redis, store, "bob") == (["oak"], [], [])

        await eventually(back)

        async def stored() -> bool:
            return len(await column(engine, KEYS, id=store.store_id)) == 2

        await eventually(stored)
    assert await one(engine, SPENT, id=campaign.campaign_id) == 250_000
