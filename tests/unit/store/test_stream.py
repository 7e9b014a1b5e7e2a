from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from service.store.stream import GROUP, STREAM, EventStream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture(params=[2, 3], ids=["resp2", "resp3"])
async def redis(request: pytest.FixtureRequest, redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url, protocol=request.param) as opened:
        await opened.flushdb()
        yield opened


async def test_entries_come_in_order_and_leave_when_acknowledged(redis: Redis) -> None:
    stream = EventStream(redis, "one")
    await stream.append([(b"event", b"early")])  # before the group is there
    await stream.ensure_group()
    await stream.ensure_group()
    await stream.append([(b"event", b"{}"), (b"decision", b"[]")])
    entries = await stream.read(count=10, block_seconds=0.01)
    assert [(e.kind, e.body) for e in entries] == [
        ("event", b"early"),
        ("event", b"{}"),
        ("decision", b"[]"),
    ]
    assert await stream.read(count=10, block_seconds=0.01) == []
    assert await stream.waiting() == 3
    await stream.acknowledge([])
    await stream.acknowledge([entry.id for entry in entries])
    assert await stream.waiting() == 0
    assert (await redis.xpending(STREAM, GROUP))["pending"] == 0


async def test_what_a_dead_consumer_left_is_claimed(redis: Redis) -> None:
    dead, alive = EventStream(redis, "dead"), EventStream(redis, "alive")
    await dead.ensure_group()
    await dead.append([(b"event", b"1"), (b"event", b"2")])
    left = await dead.read(count=10, block_seconds=0.01)
    assert await alive.claim_abandoned(count=10, idle_seconds=60.0) == []
    assert await alive.claim_abandoned(count=10, idle_seconds=0.0) == left
    assert await alive.deliveries([left[0].id, "1-1"]) == {left[0].id: 2}


async def test_a_deleted_entry_is_not_claimed(redis: Redis) -> None:
    stream = EventStream(redis, "one")
    await stream.ensure_group()
    await stream.append([(b"event", b"1")])
    (entry,) = await stream.read(count=1, block_seconds=0.01)
    await redis.xdel(STREAM, entry.id)
    assert await stream.claim_abandoned(count=10, idle_seconds=0.0) == []


async def test_an_entry_without_our_fields_is_not_lost(redis: Redis) -> None:
    stream = EventStream(redis, "one")
    await stream.ensure_group()
    await redis.xadd(STREAM, {"foreign": "x"})
    (entry,) = await stream.read(count=1, block_seconds=0.01)
    assert (entry.kind, entry.body) == ("", b"")


async def test_a_key_of_another_type_is_said(redis: Redis) -> None:
    await redis.set(STREAM, "not a stream")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await EventStream(redis, "one").ensure_group()
