"""Row 5: the power fails at Redis, and its append-only file lacks the last second."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from tests.faults.own_shop import RIGHT, Account, OwnShop, own_shop

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 3.0
LOST_SECONDS = 1.0
CHECK_EVERY_SECONDS = 0.05


def append_only_file(shop: OwnShop) -> Path:
    (found,) = (shop.stores.valkey.folder / "appendonlydir").glob("*.incr.aof")
    return found


def size_of(file: Path) -> int:
    return file.stat().st_size


async def note_sizes(file: Path, sizes: list[tuple[float, int]]) -> None:
    """Write down how long the file was when."""
    clock = asyncio.get_running_loop().time
    while True:
        sizes.append((clock(), size_of(file)))
        await asyncio.sleep(CHECK_EVERY_SECONDS)


def cut(file: Path, sizes: list[tuple[float, int]], killed_at: float) -> int:
    """Take the last second off the file; returns how many bytes went."""
    kept = max(size for at, size in sizes if at <= killed_at - LOST_SECONDS)
    lost = size_of(file) - kept
    os.truncate(file, kept)
    return lost


async def shop_for(shop: OwnShop, seconds: float) -> None:
    """Clicks by redirect, told clicks and orders, as fast as one shopper does it."""
    clock = asyncio.get_running_loop().time
    end, orders = clock() + seconds, 0
    while clock() < end:
        first, *others = await shop.page()
        await shop.click(first)
        for ad in others:
            await shop.tell_click(ad)
        await shop.tell_order(orders)
        orders += 1
        await asyncio.sleep(0.02)


async def lose_power(shop: OwnShop) -> tuple[Account, int]:
    """Shop, pull Redis's plug, go on with what is left; returns the account and the clicks."""
    clock = asyncio.get_running_loop().time
    file, sizes = append_only_file(shop), list[tuple[float, int]]()
    noting = asyncio.create_task(note_sizes(file, sizes))
    await shop_for(shop, SECONDS)
    noting.cancel()
    shop.kill_valkey()
    assert cut(file, sizes, clock()) > 10_000
    shop.start_valkey()
    await shop.start_worker()
    await shop.recorded()
    return await shop.account(), len(shop.clicked)


async def test_no_acknowledged_click_is_lost_with_the_last_second(tmp_path: Path) -> None:
    async with own_shop(tmp_path) as shop:
        account, clicks = await lose_power(shop)
        assert shop.failures == []
        assert account == RIGHT
        assert clicks > 50
        await shop.stop_worker()


@pytest.mark.slow
async def test_mutant_that_releases_what_is_only_sent_is_caught(tmp_path: Path) -> None:
    async with own_shop(tmp_path, defect="unlink_when_sent") as shop:
        account, clicks = await lose_power(shop)
        assert account.missing > clicks // 20
