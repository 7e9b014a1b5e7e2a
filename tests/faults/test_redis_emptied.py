"""Row 6: Redis is emptied under load; budgets come back from the ledger in a new epoch."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from service.store.leases import keys_of
from tests.faults.own_shop import RIGHT, OwnShop, own_shop
from tests.integration.worker.shop import eventually, one

if TYPE_CHECKING:
    from pathlib import Path

VISITS_A_SECOND = 10.0
PATIENCE_SECONDS = 2.0


async def _epoch(shop: OwnShop) -> int:
    return int(await one(shop.engine, "SELECT epoch FROM lease_epochs"))


async def _budget_is_told(shop: OwnShop, *, past_epoch: int) -> bool:
    left = keys_of(shop.store.store_id)[0]
    with shop.redis() as redis:
        epoch, micros = redis.hmget(left, ["_epoch", shop.campaign.campaign_id])
    return epoch is not None and int(epoch) > past_epoch and micros is not None


async def empty(shop: OwnShop) -> None:
    """FLUSHALL, while clicks are on their way; the budgets must be back in two seconds."""
    async with shop.visited(VISITS_A_SECOND):
        await eventually(lambda: _budget_is_told(shop, past_epoch=0), seconds=10)
        await asyncio.sleep(2)
    before = await _epoch(shop)
    with shop.redis() as redis:
        redis.flushall()
    await eventually(lambda: _budget_is_told(shop, past_epoch=before), seconds=PATIENCE_SECONDS)
    assert await _epoch(shop) == before + 1


async def test_an_emptied_redis_knows_the_budgets_again_in_two_seconds(tmp_path: Path) -> None:
    async with own_shop(tmp_path) as shop:
        await shop.start_worker()
        await empty(shop)
        async with shop.visited(VISITS_A_SECOND):
            await asyncio.sleep(1)
        assert shop.failures == []
        await shop.recorded()
        assert await shop.account() == RIGHT
        assert len(shop.clicked) > 30
        await shop.stop_worker()


@pytest.mark.slow
async def test_mutant_that_does_not_look_which_redis_it_is_is_caught(tmp_path: Path) -> None:
    async with own_shop(tmp_path) as shop:
        await shop.start_worker(defect="one_epoch_for_ever")
        with pytest.raises(TimeoutError):
            await empty(shop)
