"""Stores that are left empty, and a way to wait until all that was told is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import redis.asyncio

from service.store.stream import STREAM
from tests.integration.api.conftest import within

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from redis.asyncio import Redis

    from tests.integration.api.users.shopper import Settled


@pytest.fixture(autouse=True)
def clean(empty: Callable[[], None], redis_url: str) -> Iterator[None]:
    """Each test leaves both stores empty for the next, so that it finds its own traces only."""
    yield
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
    empty()


@pytest.fixture
async def store(redis_url: str) -> AsyncIterator[Redis]:
    async with redis.asyncio.Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def settled(store: Redis, tmp_path: Path) -> Settled:
    """Returns when all that was told is recorded, and no spool is left."""

    def spooled() -> bool:
        return any(tmp_path.glob("spool/*.spool"))

    async def nothing_waits() -> bool:
        return not await store.xlen(STREAM) and not spooled()

    async def wait() -> None:
        await within(10, nothing_waits)

    return wait
