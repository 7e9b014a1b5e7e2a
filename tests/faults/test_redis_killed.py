"""Row 3: Redis is killed under load, and comes back after three seconds."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.faults.own_shop import RIGHT, OwnShop, own_shop, p99

if TYPE_CHECKING:
    from pathlib import Path

VISITS_A_SECOND = 12.0  # four requests each
DOWN_SECONDS = 3.0
KNOWN = {"user": {"id": "ann", "consent": True}}
LEAST_P99_SECONDS = 0.025  # below it, the scheduler of a busy machine is what is measured


async def kill_for_a_while(shop: OwnShop) -> tuple[float, float]:
    """Load, kill, wait, start; returns p99 of the ads before and from the kill on."""
    async with shop.visited(VISITS_A_SECOND):
        await asyncio.sleep(1.0)
        shop.took.clear()
        await asyncio.sleep(2 * DOWN_SECONDS)
        before = p99(shop.took["/v1"])
        shop.took.clear()
        await asyncio.to_thread(shop.kill_valkey)
        await asyncio.sleep(DOWN_SECONDS)
        after = p99(shop.took["/v1"])
        await asyncio.to_thread(shop.start_valkey)
    return before, after


async def seconds_until_personal(shop: OwnShop) -> float:
    """How long it takes until a known shopper's profile is read again."""
    clock = asyncio.get_running_loop().time
    started = clock()
    while clock() < started + 20:
        answer = await shop.answer(**KNOWN)
        if "no_profile" not in answer["degraded"]:
            break
        await asyncio.sleep(0.05)
    return clock() - started


async def test_redis_killed_for_three_seconds_costs_nothing(tmp_path: Path) -> None:
    async with own_shop(tmp_path) as shop:
        await shop.start_worker()
        before, after = await kill_for_a_while(shop)
        assert shop.failures == []
        assert after <= 2 * max(before, LEAST_P99_SECONDS)
        assert await seconds_until_personal(shop) < 5
        await shop.recorded()
        assert await shop.account() == RIGHT
        assert len(shop.clicked) > 100
        await shop.stop_worker()


@pytest.mark.slow
async def test_mutant_that_drops_what_was_spooled_is_caught(tmp_path: Path) -> None:
    async with own_shop(tmp_path, defect="unlink_when_sent") as shop:
        await shop.start_worker()
        await kill_for_a_while(shop)
        await shop.recorded(seconds=5)
        assert (await shop.account()).missing > 10
