"""Row 21: the server's own disk is full, and Redis is away as well."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from service.store.segment import read_segment
from tests.faults.own_shop import RIGHT, OwnShop, own_shop, small_disk

if TYPE_CHECKING:
    from pathlib import Path

CLICKS = 2_500  # some 700 bytes each
LEAST_DROPPED = 500


async def entries(shop: OwnShop, fate: str) -> int:
    """How many entries the server counts by `fate`."""
    answer = await shop.client.get(f"{shop.server.url}/metrics")
    families = text_string_to_metric_families(answer.text)
    samples = [one for family in families for one in family.samples]
    found = [
        one.value
        for one in samples
        if one.name == "salient_event_log_total" and one.labels["fate"] == fate
    ]
    return int(sum(found))


def lines(spool: Path) -> tuple[int, int]:
    """How many entries are on the disk, and how many torn lines."""
    read = [read_segment(path) for path in spool.glob("*.spool")]
    return sum(len(found) for found, _ in read), sum(torn for _, torn in read)


async def click_without_room(shop: OwnShop) -> None:
    """Many clicks on the ads of a few pages, with Redis gone."""
    ads = [ad for _ in range(5) for ad in await shop.page()]
    await asyncio.sleep(0.5)  # the records of those pages are in the stream
    await asyncio.to_thread(shop.kill_valkey)
    await asyncio.sleep(0.3)
    for number in range(0, CLICKS, 10):
        await asyncio.gather(*(shop.click(ads[(number + n) % len(ads)]) for n in range(10)))


async def test_redirects_work_and_drops_are_counted_exactly(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    search = {"type": "search", "query": "lamp " * 50}
    with small_disk(spool, "1m"):
        async with own_shop(tmp_path) as shop:
            await click_without_room(shop)
            assert shop.failures == []
            kept, torn = await asyncio.to_thread(lines, spool)
            dropped = await entries(shop, "dropped")
            assert (kept + dropped, torn) == (CLICKS, 0)
            assert dropped > LEAST_DROPPED
            searches = [search | {"event_id": f"e-{n}"} for n in range(200)]
            assert not await shop.tell(*searches)
            assert shop.failures.pop().startswith("POST /v1/event: 503")  # nobody is told a lie
            assert len(list(spool.iterdir())) < 5  # no file for each click that was dropped
            await asyncio.to_thread(shop.start_valkey)
            await shop.start_worker()
            await shop.recorded()
            assert await shop.account() == RIGHT
            await shop.stop_worker()


@pytest.mark.slow
async def test_mutant_that_lets_the_disk_stop_a_redirect_is_caught(tmp_path: Path) -> None:
    with small_disk(tmp_path / "spool", "1m"):
        async with own_shop(tmp_path, defect="disk_errors_pass_through") as shop:
            await click_without_room(shop)
            assert len(shop.failures) > LEAST_DROPPED
