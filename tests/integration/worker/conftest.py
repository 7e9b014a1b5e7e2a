from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis

from service.store.stream import STREAM, EventStream
from service.worker.consume import Consumer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy.ext.asyncio import AsyncEngine


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    yield client
    await client.delete(STREAM)
    await client.aclose()


@pytest.fixture
def stream(redis: Redis) -> EventStream:
    return EventStream(redis, "tester")


@pytest.fixture
def consumer(engine: AsyncEngine, redis: Redis, stream: EventStream) -> Consumer:
    return Consumer(engine, redis, stream, abandoned_after_seconds=0.05, claim_every_seconds=0.05)
