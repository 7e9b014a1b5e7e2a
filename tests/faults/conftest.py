from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis

from service.store.stream import STREAM, EventStream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    yield client
    await client.delete(STREAM)
    await client.aclose()


@pytest.fixture
async def stream(redis: Redis) -> EventStream:
    made = EventStream(redis, "tester")
    await made.ensure_group()
    return made
