"""What a campaign pays for is charged once: through the whole house, from bid to ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from service.decision.terms import Pricing
from tests.integration.worker.house import open_house
from tests.integration.worker.shop import column, eventually, open_shop

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine

    from tests.integration.worker.house import House


async def selling(
    engine: AsyncEngine, urls: tuple[str, str], folder: Path, pricing: Pricing, bid: int
) -> AbstractAsyncContextManager[House]:
    """A house whose one campaign pays by `pricing`."""
    store, campaign = await open_shop(engine, size=4, bid=bid)
    async with engine.begin() as connection:
        await connection.execute(
            text("UPDATE campaigns SET pricing = :pricing WHERE id = :id"),
            {"pricing": pricing.value, "id": campaign.campaign_id},
        )
    return open_house(engine, urls, store, folder, folder / "models")


async def charged(house: House) -> list[tuple[str, str, int]]:
    async with house.engine.connect() as connection:
        found = await connection.execute(
            text("SELECT kind, impression_id, price_micros FROM charges WHERE store_id = :id"),
            {"id": house.store.store_id},
        )
        return sorted((row[0], row[1], row[2]) for row in found)


async def prices(house: House) -> dict[str, int]:
    [record] = await house.records()
    return {award["impression_id"]: award["price"] for award in record["awards"]}


async def test_a_campaign_may_pay_for_being_shown(
    engine: AsyncEngine, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    urls = (database_url, redis_url)
    async with await selling(engine, urls, tmp_path, Pricing.IMPRESSION, 400_000) as house:
        page = await house.ads("lamp", "ann")
        for _ in range(2):  # told twice, paid once
            await house.see(page)
        await house.click(page["ads"][0])
        await house.settled(events=5, decisions=1)
        told = await prices(house)
        assert len(told) == 4
        # the last one pays the reserve: 10,000 for a click, and 5 of 100 click
        assert sorted(told.values()) == [500, 400_000, 400_000, 400_000]
        assert await charged(house) == sorted(("impression", *one) for one in told.items())


async def test_a_campaign_may_pay_for_orders(
    engine: AsyncEngine, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    urls = (database_url, redis_url)
    async with await selling(engine, urls, tmp_path, Pricing.ORDER, 4_000_000) as house:
        page = await house.ads("lamp", "ann")
        ad = page["ads"][0]
        await house.see(page)
        await house.click(ad)
        order: dict[str, Any] = {"type": "conversion", "order_id": "o-1", "value": 20_000_000}
        order |= {"product_id": ad["product_id"], "quantity": 2, "token": ad["click_url"]}
        await house.tell(order, user="ann", consent=False)
        await house.settled(events=6, decisions=1)
        assert await charged(house) == []

        async def paid() -> list[tuple[str, str, int]]:
            return await charged(house)

        await eventually(paid, seconds=30)
        price = (await prices(house))[ad["impression_id"]]
        assert await charged(house) == [("order", ad["impression_id"], price)]
        back = {"type": "return", "order_id": "o-1", "return_id": "r-1", "quantity": 1}
        await house.tell(back, user="ann")

        async def refunded() -> bool:
            return len(await charged(house)) == 2

        await eventually(refunded, seconds=30)
        assert ("refund", ad["impression_id"], -(price // 2)) in await charged(house)
        spent = "SELECT spent_micros FROM campaigns WHERE store_id = :id"
        assert await column(engine, spent, id=house.store.store_id) == [price - price // 2]
