"""Row 8: Postgres is gone; ads go on, events wait, and are recorded fast once it is back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.faults.own_shop import RIGHT, OwnShop, own_shop

if TYPE_CHECKING:
    from pathlib import Path

VISITS_A_SECOND = 12.0
RECOVERY_SECONDS = 3.0  # until Postgres has replayed its log and the worker tries again
DRAIN_TIMES_INTAKE = 5
SOME_SECONDS = 6.0


async def stop_for(shop: OwnShop, seconds: float) -> float:
    """Postgres is away for so long, under load; returns how long the backlog took after that."""
    async with shop.visited(VISITS_A_SECOND):
        await asyncio.sleep(2)
        await asyncio.to_thread(shop.kill_postgres)
        await asyncio.sleep(seconds)
        await asyncio.to_thread(shop.start_postgres)
    return await shop.recorded(seconds=60)


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [60.0, pytest.param(3600.0, marks=pytest.mark.soak)])
async def test_postgres_down_costs_no_ad_and_no_event(tmp_path: Path, seconds: float) -> None:
    async with own_shop(tmp_path) as shop:
        await shop.start_worker()
        drained_in = await stop_for(shop, seconds)
        assert shop.failures == []
        assert shop.without_ads == 0
        assert await shop.account() == RIGHT
        assert len(shop.clicked) > seconds * VISITS_A_SECOND
        assert drained_in < RECOVERY_SECONDS + seconds / DRAIN_TIMES_INTAKE
        await shop.stop_worker()


@pytest.mark.slow
async def test_mutant_that_acknowledges_what_it_could_not_store_is_caught(tmp_path: Path) -> None:
    async with own_shop(tmp_path) as shop:
        await shop.start_worker(defect="acknowledge_on_outage")
        async with shop.visited(VISITS_A_SECOND):
            await asyncio.sleep(1)
            await asyncio.to_thread(shop.kill_postgres)
            await asyncio.sleep(SOME_SECONDS)
            await asyncio.to_thread(shop.start_postgres)
        await shop.recorded(seconds=5)
        assert (await shop.account()).missing > SOME_SECONDS * VISITS_A_SECOND / 2
