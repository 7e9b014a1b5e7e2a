"""The demo's campaign beyond the shop: its first plan knows that a platform fell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.commands.seed import put_outreach
from service.demo.merchants import DEMO_SEED, make_shop
from service.demo.outreach import DAILY, PLATFORMS, outreach_campaign
from service.store.campaigns import put_advertisers
from service.store.catalogue import put_store
from tests.integration.worker.shop import column
from tests.integration.worker.test_allocating import look

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine

NEWEST = (
    "SELECT platform || ' ' || spend_micros FROM allocation_lines JOIN allocations"
    " ON allocations.id = allocation_id WHERE campaign_id = :id ORDER BY platform"
)


async def test_the_worker_spreads_it_and_notices_that_video_fell(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    shop = make_shop(DEMO_SEED)
    campaign = outreach_campaign(shop, DEMO_SEED)
    async with engine.begin() as connection:
        await put_store(connection, shop.store)
        await put_advertisers(connection, shop.store.store_id, shop.advertisers)
        await put_outreach(connection, shop, DEMO_SEED)
    await look(engine, tmp_path)
    lines = [row.split() for row in await column(engine, NEWEST, id=campaign.campaign_id)]
    assert [line[0] for line in lines] == list(PLATFORMS)
    assert sum(int(line[1]) for line in lines) == DAILY
    causes = await column(
        engine, "SELECT cause FROM allocations WHERE campaign_id = :id", id=campaign.campaign_id
    )
    assert causes == ["shock"]
    [fell] = await column(
        engine,
        "SELECT platform FROM platform_shocks WHERE campaign_id = :id",
        id=campaign.campaign_id,
    )
    assert fell == "video"
