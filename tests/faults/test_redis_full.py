"""Row 7: Redis has no memory left, or no disk; it gets well when the worker makes room."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from redis.exceptions import ResponseError

from service.store.stream import STREAM
from tests.faults.own_shop import RIGHT, OwnShop, grow_disk, own_shop, small_disk
from tests.integration.worker.shop import as_entries, eventually, search

if TYPE_CHECKING:
    from pathlib import Path

MEMORY_BYTES = 8_000_000
VISITS = 60
SEARCHES = 20_000  # more than fit


def limit_memory(shop: OwnShop, policy: str) -> None:
    with shop.redis() as redis:
        redis.config_set("maxmemory", MEMORY_BYTES)
        redis.config_set("maxmemory-policy", policy)


def fill(shop: OwnShop) -> int:
    """Searches of a known shopper, until Redis takes no more; returns how many it took."""
    with shop.redis() as redis:
        for number in range(SEARCHES):
            ((kind, body),) = as_entries([search(shop.store, f"lamp {'x' * 600}", number)])
            try:
                redis.xadd(STREAM, {b"k": kind, b"b": body})
            except ResponseError:
                return number
    return SEARCHES


async def visit(shop: OwnShop, first: int) -> None:
    for number in range(first, first + VISITS):
        await shop.visit(number)


async def emptied(shop: OwnShop) -> None:
    """Wait until the stream is empty and the segments are gone."""

    async def nothing_waits() -> bool:
        with shop.redis() as redis:
            left = redis.xlen(STREAM)
        return not left and not shop.spooled_bytes()

    await eventually(nothing_waits, seconds=30)


async def test_a_redis_without_memory_loses_no_click_and_recovers(tmp_path: Path) -> None:
    async with own_shop(tmp_path) as shop:
        limit_memory(shop, "noeviction")
        assert 1_000 < fill(shop) < SEARCHES
        await visit(shop, 0)
        await shop.start_worker()
        await visit(shop, VISITS)
        await shop.recorded(seconds=40)
        assert await shop.account() == RIGHT
        assert shop.failures == []
        assert len(shop.clicked) == 4 * VISITS
        await emptied(shop)
        await shop.stop_worker()


@pytest.mark.slow
async def test_mutant_that_writes_profiles_before_it_makes_room_is_caught(tmp_path: Path) -> None:
    async with own_shop(tmp_path) as shop:
        limit_memory(shop, "noeviction")
        fill(shop)
        await visit(shop, 0)
        await shop.start_worker(defect="profiles_first")
        await shop.recorded(seconds=8)
        assert (await shop.account()).missing > VISITS


@pytest.mark.slow
async def test_even_a_redis_that_evicts_its_stream_loses_no_click(tmp_path: Path) -> None:
    # a setting that the manual forbids: searches go, clicks and orders come back from the disk
    async with own_shop(tmp_path) as shop:
        limit_memory(shop, "allkeys-lru")
        await visit(shop, 0)
        fill(shop)
        with shop.redis() as redis:
            assert redis.xlen(STREAM) < 1_000
        shop.told -= {key for key in shop.told if key.startswith("visit-")}
        await shop.start_worker()
        await shop.recorded(seconds=40)
        assert await shop.account() == RIGHT
        await shop.stop_worker()


@pytest.mark.slow
async def test_a_redis_without_disk_loses_no_click_and_recovers(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("stores")
    with small_disk(home / "valkey", "3m"):
        async with own_shop(tmp_path, home=home) as shop:
            with suppress(ResponseError), shop.redis() as redis:
                redis.config_set("auto-aof-rewrite-percentage", 0)
            fill(shop)
            await asyncio.sleep(1.5)  # it finds out when it writes, every second
            with shop.redis() as redis, pytest.raises(ResponseError, match="No space"):
                redis.set("more", "x")
            await shop.start_worker()
            await visit(shop, 0)
            assert shop.failures == []
            grow_disk(home / "valkey", "64m")
            await shop.recorded(seconds=40)
            assert await shop.account() == RIGHT
            assert len(shop.clicked) == 2 * VISITS
            await shop.stop_worker()
