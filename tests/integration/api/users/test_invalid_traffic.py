"""Clicks from browsers at known addresses, judged, charged and paid back. On real stores."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from prometheus_client import REGISTRY
from sqlalchemy import text

from service.api.sources import open_sources
from service.worker.sweep import SWEPT, sweep
from tests.integration.api.users.test_erasure import redis_traces, traces

if TYPE_CHECKING:
    from pathlib import Path

    import httpx
    from redis.asyncio import Redis

    from tests.integration.api.conftest import Service
    from tests.integration.api.users.shopper import Settled

HOME, OFFICE, HOST = "81.2.69.142", "81.2.69.160", "88.198.1.1"
LONG_AGO = "2026-01-01T00:00:00+00:00"


async def shown_long_ago(service: Service, pages: int) -> list[dict[str, Any]]:
    """The ads of so many pages, told as rendered, half a second old."""
    service.state.sources = open_sources("127.0.0.0/8", None, b"k" * 32)  # the balancer is here
    answers = [await service.ads() for _ in range(pages)]
    ads = [ad for answer in answers for ad in answer["ads"]]
    events = [{"type": "impression", "token": ad["impression_url"]} for ad in ads]
    assert (await service.tell(*events)).json()["rejected"] == 0
    await asyncio.sleep(0.6)
    return ads


async def click(service: Service, ad: dict[str, Any], address: str) -> httpx.Response:
    path = ad["click_url"].replace("http://ads.example", "")
    return await service.client.get(path, headers={"x-forwarded-for": f"10.9.9.9, {address}"})


async def reasons(service: Service) -> dict[str | None, int]:
    rows = await service.rows(
        "SELECT invalid_reason, count(*) FROM events WHERE type = 'click' GROUP BY 1"
    )
    return {row[0]: row[1] for row in rows}


async def test_only_ten_clicks_of_one_sender_are_charged_and_no_address_is_kept(
    service: Service, store: Redis, settled: Settled, database_url: str, tmp_path: Path
) -> None:
    ads = await shown_long_ago(service, 4)
    for ad in ads[:13]:
        assert (await click(service, ad, HOME)).status_code == 302
    assert (await click(service, ads[13], OFFICE)).status_code == 302
    assert (await click(service, ads[14], HOST)).status_code == 302
    fresh = (await service.ads())["ads"][0]
    assert (await click(service, fresh, OFFICE)).status_code == 302
    await settled()
    assert await reasons(service) == {None: 11, "too_many": 3, "datacentre": 1, "too_fast": 1}
    assert await service.rows("SELECT count(*) FROM charges") == [(11,)]
    for needle in ("81.2.69", "88.198"):
        assert traces(needle, database_url, tmp_path) == []
        assert await redis_traces(needle, store) == []
    assert await service.rows("SELECT FROM events WHERE payload ? 'source'") == []


async def test_a_token_used_again_is_counted_and_makes_no_row(
    service: Service, settled: Settled
) -> None:
    [ad, *_] = await shown_long_ago(service, 1)
    name, labels = "salient_worker_repeats_total", {"type": "click"}
    before = REGISTRY.get_sample_value(name, labels) or 0.0
    for _ in range(4):
        assert (await click(service, ad, HOME)).status_code == 302
        await settled()
    assert await reasons(service) == {None: 1}
    assert await service.rows("SELECT count(*) FROM charges") == [(1,)]
    assert (REGISTRY.get_sample_value(name, labels) or 0.0) - before == 3


async def test_a_click_on_an_ad_that_was_not_shown_is_paid_back(
    service: Service, store: Redis, settled: Settled
) -> None:
    [first, *_] = await shown_long_ago(service, 1)
    unseen = (await service.ads())["ads"][0]
    by_server = (await service.ads())["ads"][1]
    await asyncio.sleep(0.6)
    for ad in (first, unseen):
        assert (await click(service, ad, HOME)).status_code == 302
    told = {"type": "click", "token": by_server["click_url"]}
    assert (await service.tell(told)).json()["accepted"] == 1
    await settled()
    spent = (
        "SELECT spent_micros, sum(price_micros) FROM campaigns JOIN charges"
        " ON campaign_id = campaigns.id WHERE campaigns.id = :id GROUP BY 1"
    )
    campaign = {"id": service.shop.campaign.campaign_id}
    before = (await service.rows(spent, **campaign))[0]
    async with service.engine.begin() as connection:
        await connection.execute(text("UPDATE stores SET impression_grace_seconds = 1"))
    await asyncio.sleep(1.2)
    await store.set(SWEPT, LONG_AGO)
    await sweep(service.engine, store)  # or the worker did, before us
    assert await service.rows("SELECT impression_id FROM charges WHERE kind = 'refund'") == [
        (unseen["impression_id"],)
    ]
    after = (await service.rows(spent, **campaign))[0]
    assert after[0] == after[1] < before[0]
    assert await reasons(service) == {None: 2, "no_impression": 1}
