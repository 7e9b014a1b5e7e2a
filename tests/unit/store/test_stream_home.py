from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis

from service.errors import StoreUnavailableError
from service.store.redis_wire import RedisWire
from service.store.stream import STREAM, EventStream
from service.store.stream_home import NOWHERE, look_at_stream, stream_id

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    await client.flushdb()
    yield client
    await client.aclose()


@pytest.fixture
async def wire(redis_url: str) -> AsyncIterator[RedisWire]:
    async with RedisWire(redis_url) as opened:
        yield opened


async def test_a_stream_stays_the_same_while_it_is_written_and_emptied(
    wire: RedisWire, redis: Redis
) -> None:
    first = await look_at_stream(wire)
    assert first.oldest is None
    assert first.home != NOWHERE
    assert first.home.run == (await redis.info("server"))["run_id"].encode()
    stream = EventStream(redis, "tester")
    await stream.ensure_group()
    await stream.append([(b"event", b"1"), (b"event", b"2")])
    one, two = await stream.read()
    look = await look_at_stream(wire)
    assert (look.home, look.oldest) == (first.home, stream_id(one.id.encode()))
    await stream.acknowledge([one.id])
    assert (await look_at_stream(wire)).oldest == stream_id(two.id.encode())
    await stream.acknowledge([two.id])
    assert await look_at_stream(wire) == first


@pytest.mark.parametrize("how", ["everything", "the stream"])
async def test_a_stream_that_was_removed_comes_back_as_another(
    wire: RedisWire, redis: Redis, how: str
) -> None:
    before = (await look_at_stream(wire)).home
    await (redis.flushdb() if how == "everything" else redis.delete(STREAM))
    after = (await look_at_stream(wire)).home
    assert after.run == before.run
    assert after.mark != before.mark


async def test_all_servers_agree_on_the_mark(
    wire: RedisWire, redis_url: str, redis: Redis
) -> None:
    assert await redis.dbsize() == 0
    async with RedisWire(redis_url) as other:
        assert (await look_at_stream(wire)).home == (await look_at_stream(other)).home


async def test_a_redis_that_tells_no_run_is_said(
    wire: RedisWire, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(*_: bytes, deadline_seconds: float) -> list[object]:
        assert deadline_seconds > 0
        return [None, b"home-1", b""]

    monkeypatch.setattr(wire, "call", silent)
    with pytest.raises(StoreUnavailableError, match="nothing of its run"):
        await look_at_stream(wire)


def test_ids_are_in_the_order_of_the_stream() -> None:
    assert stream_id(b"999-10") > stream_id(b"999-9") > stream_id(b"998-11")
