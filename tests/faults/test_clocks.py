"""Row 12: the clocks of servers and workers jump; the day turns by the database's."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from tests.faults.own_shop import RIGHT, OwnShop, own_shop
from tests.integration.worker.shop import column, eventually, one

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

FAKES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
pytestmark = pytest.mark.skipif(not FAKES, reason="needs libfaketime: apt-get install faketime")

VISITS_A_SECOND = 8.0
CLICKS_A_DAY = 60
JUMPS = (("+2h", "+26h"), ("-2h", "-26h"), ("+0", "+5s"), ("+2h", "-5s"))


class Clock:
    """What one process takes for the time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.jump("+0")

    def jump(self, by: str) -> None:
        """Set it off from the machine's clock: "+2h", "-5s"."""
        self._path.write_text(by + "\n")

    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(FAKES[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self._path),
            "FAKETIME_NO_CACHE": "1",
            # a clock that is set does not move those that count on
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }


@asynccontextmanager
async def shop_with_clocks(
    tmp_path: Path, *, defect: str = "none"
) -> AsyncIterator[tuple[OwnShop, Clock, Clock]]:
    """A shop with a daily budget, and the clocks of its server and of its worker."""
    servers, workers = Clock(tmp_path / "server"), Clock(tmp_path / "worker")
    async with own_shop(tmp_path / "state", home=None, **servers.environment()) as shop:
        shop.environment |= workers.environment()
        async with shop.engine.begin() as connection:
            limit = text("UPDATE campaigns SET daily_budget_micros = :micros WHERE id = :id")
            micros = CLICKS_A_DAY * shop.campaign.bid
            await connection.execute(limit, {"micros": micros, "id": shop.campaign.campaign_id})
        await shop.start_worker(defect=defect)
        yield shop, servers, workers


async def spend(shop: OwnShop, servers: Clock, workers: Clock) -> None:
    """Load, while the server's clock jumps by two hours and the worker's over midnight.

    After each jump some clicks are charged; in the end the day's budget is used up.
    """
    async with shop.visited(VISITS_A_SECOND):
        for number, (server, worker) in enumerate(JUMPS, start=1):
            await charged(shop, number * CLICKS_A_DAY // (len(JUMPS) + 2))
            servers.jump(server)
            workers.jump(worker)
        with suppress(TimeoutError):  # a defect may have opened another day
            await charged(shop, CLICKS_A_DAY, seconds=20)
        await asyncio.sleep(1)
    await shop.recorded(seconds=60)


async def charged(shop: OwnShop, count: int, *, seconds: float = 30) -> None:
    """Wait until so many clicks are charged."""
    query = "SELECT count(*) FROM charges WHERE campaign_id = :id"

    async def so_many() -> bool:
        return int(await one(shop.engine, query, id=shop.campaign.campaign_id)) >= count

    await eventually(so_many, seconds=seconds)


async def spent_by_day(shop: OwnShop) -> list[int]:
    query = "SELECT spent_micros FROM campaign_days WHERE campaign_id = :id AND spent_micros > 0"
    return await column(shop.engine, query, id=shop.campaign.campaign_id)


async def test_no_clock_but_the_databases_turns_the_day(tmp_path: Path) -> None:
    async with shop_with_clocks(tmp_path) as (shop, servers, workers):
        await spend(shop, servers, workers)
        assert shop.failures == []
        days = await spent_by_day(shop)
        daily = CLICKS_A_DAY * shop.campaign.bid
        assert len(days) == 1  # the machine's midnight apart
        assert 0.9 * daily < days[0] <= daily
        account = await shop.account()
        unpaid = await one(shop.engine, "SELECT count(*) FROM unpaid WHERE reason = 'day'")
        assert account.uncharged == unpaid
        assert (account.missing, account.double, account.difference) == (
            RIGHT.missing,
            RIGHT.double,
            RIGHT.difference,
        )
        await shop.stop_worker()


@pytest.mark.slow
async def test_mutant_that_takes_the_day_from_its_own_clock_is_caught(tmp_path: Path) -> None:
    async with shop_with_clocks(tmp_path, defect="day_by_own_clock") as (shop, servers, workers):
        await spend(shop, servers, workers)
        assert len(await spent_by_day(shop)) > 1
