"""Clicks of one sender that come too often, on a real Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from redis.asyncio import Redis

from service.store.click_counts import WINDOW_SECONDS
from service.worker.invalid import MOST_CLICKS, judge
from tests.unit.store.made import click

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from service.store.events import Event

HASH, OTHER = "a1" * 12, "b2" * 12


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as client:
        await client.flushdb()
        yield client
        await client.flushdb()


def sent(number: int, source: str | None = HASH, at: float = 0.0, **other: Any) -> Event:
    payload = {} if source is None else {"source": source}
    return click(number, received_at=1_000.0 + at, payload=payload, **other)


def reasons(events: list[Event]) -> list[str | None]:
    return [event.invalid_reason for event in events]


async def test_the_eleventh_click_of_ten_minutes_does_not_count(redis: Redis) -> None:
    clicks = [sent(number, at=number) for number in range(12)]
    first = await judge(redis, clicks[:7])
    judged = first + await judge(redis, clicks[7:])  # over two batches
    assert reasons(judged) == [None] * MOST_CLICKS + ["too_many"] * 2
    assert judged[10].event_key == "imp_10:too_many"
    assert all("source" not in event.payload for event in judged)
    assert [event.payload for event in judged[9:11]] == [{"by": "browser"}, {}]
    # the oldest is out of the window again
    later = await judge(redis, [sent(20, at=WINDOW_SECONDS + 1.5)])
    assert reasons(later) == ["too_many"]  # twelve, less two, and this one
    much_later = await judge(redis, [sent(21, at=2 * WINDOW_SECONDS)])
    assert reasons(much_later) == [None]


async def test_others_count_apart(redis: Redis) -> None:
    clicks = [sent(number) for number in range(MOST_CLICKS)]
    assert reasons(await judge(redis, clicks)) == [None] * MOST_CLICKS
    other = [
        sent(50, OTHER),
        sent(51, campaign_id="cmp_2"),
        sent(52, store_id="sto_2"),
        sent(53, None),  # nobody knows from where
    ]
    assert reasons(await judge(redis, other)) == [None] * 4


async def test_the_same_click_again_counts_once(redis: Redis) -> None:
    for _ in range(3):  # a batch that failed and comes again
        clicks = [sent(number, at=number) for number in range(MOST_CLICKS)]
        assert reasons(await judge(redis, clicks)) == [None] * MOST_CLICKS
    assert reasons(await judge(redis, [sent(3, at=20)])) == [None]  # its token, once more


async def test_only_valid_clicks_are_counted(redis: Redis) -> None:
    shown = [sent(number, type="impression") for number in range(20)]
    invalid = [sent(number, invalid_reason="bot") for number in range(20)]
    assert reasons(await judge(redis, shown + invalid)) == [None] * 20 + ["bot"] * 20
    assert await redis.keys("*") == []


async def test_hashes_are_gone_after_twenty_minutes_and_addresses_never_came(redis: Redis) -> None:
    await judge(redis, [sent(1)])
    [key] = await redis.keys("*")
    assert HASH.encode() in key
    assert 0 < await redis.ttl(key) <= 2 * WINDOW_SECONDS


async def test_without_redis_nobody_is_counted_and_no_hash_is_kept() -> None:
    away = Redis.from_url("redis://127.0.0.1:1", socket_connect_timeout=0.2)
    judged = await judge(away, [sent(number) for number in range(20)])
    assert reasons(judged) == [None] * 20
    assert reasons(await judge(None, [sent(1)])) == [None]
    assert all("source" not in event.payload for event in judged)
    await away.aclose()
