"""GET /v1/reports/conversions: what ads sold, and what came back, by campaign and day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from service.store.attribution_tables import attributions
from service.store.events import moment
from service.store.keys import create_key
from tests.integration.api.management.test_reports import at, day

if TYPE_CHECKING:
    from tests.integration.api.management.conftest import House, Shop

PATH = "/v1/reports/conversions"


def owed(shop: Shop, order: str, ts: float, **changes: Any) -> dict[str, Any]:
    """Two pieces for 20, sold after a click."""
    return {
        "store_id": shop.store_id,
        "order_key": order,
        "line": "0",
        "kind": "sale",
        "part": "",
        "impression_id": "imp_1",
        "campaign_id": shop.campaign.campaign_id,
        "ad_id": "ad_1",
        "product_id": "100001",
        "touch": "click",
        "halo": False,
        "new_to_brand": None,
        "quantity": 2,
        "value_micros": 20_000_000,
        "converted_at": moment(ts),
    } | changes


async def two_days(house: House) -> None:
    shop = house.shop
    back = {"kind": "return", "part": "r", "quantity": -1, "value_micros": -10_000_000}
    rows = [
        owed(shop, "a", at(1, 0), new_to_brand=True),
        owed(shop, "b", at(1, 86_399.9), touch="view", halo=True, new_to_brand=False),
        owed(shop, "c", at(0, 0), quantity=1, value_micros=7_000_000),
        owed(shop, "a", at(0, 1), **back),
        owed(house.other, "a", at(0, 1)),
    ]
    async with house.engine.begin() as connection:
        await connection.execute(insert(attributions), rows)


async def test_sales_and_returns_are_counted_on_their_days(house: House) -> None:
    await two_days(house)
    campaign = house.shop.campaign
    what = {
        "campaign_id": campaign.campaign_id,
        "campaign_name": "All lamps",
        "advertiser_id": campaign.advertiser_id,
    }
    assert await house.read(PATH, key=house.shop.reporter) == {
        "data": [
            {
                "day": day(1),
                **what,
                "conversions": 2,
                "view_through": 1,
                "halo": 1,
                "new_to_brand": 1,
                "quantity": 4,
                "value_micros": 40_000_000,
                "returns": 0,
                "returned_quantity": 0,
                "returned_micros": 0,
            },
            {
                "day": day(0),
                **what,
                "conversions": 1,
                "view_through": 0,
                "halo": 0,
                "new_to_brand": 0,
                "quantity": 1,
                "value_micros": 7_000_000,
                "returns": 1,
                "returned_quantity": 1,
                "returned_micros": 10_000_000,
            },
        ],
        "next": None,
    }


async def test_rows_come_in_pages_and_can_be_chosen(house: House) -> None:
    await two_days(house)

    async def days(query: str) -> tuple[list[str], str | None]:
        page = await house.read(f"{PATH}?{query}")
        return [row["day"] for row in page["data"]], page["next"]

    first, following = await days("limit=1")
    assert first == [day(1)]
    assert await days(f"limit=1&cursor={following}") == ([day(0)], None)
    assert await days(f"first_day={day(0)}") == ([day(0)], None)
    mine, others = house.shop.campaign, house.other.campaign
    assert (await days(f"campaign_id={mine.campaign_id}"))[0] == [day(1), day(0)]
    assert (await days(f"advertiser_id={mine.advertiser_id}"))[0] == [day(1), day(0)]
    assert await days(f"campaign_id={others.campaign_id}") == ([], None)
    assert await days(f"advertiser_id={others.advertiser_id}") == ([], None)


async def test_a_merchant_sees_its_own_only(house: House) -> None:
    await two_days(house)
    rival = "adv_rival_of_" + house.shop.store_id
    await house.run(
        "INSERT INTO advertisers (id, store_id, name) VALUES (:id, :store, 'Rival')",
        id=rival,
        store=house.shop.store_id,
    )
    keys = []
    async with house.engine.begin() as connection:
        for bound in (rival, house.shop.campaign.advertiser_id):
            scopes = ("report",)
            made = await create_key(connection, house.shop.store_id, "secret", scopes, (), bound)
            keys.append(made[1])
    await house.reload()
    assert (await house.read(PATH, key=keys[0]))["data"] == []
    spied = f"{PATH}?advertiser_id={house.shop.campaign.advertiser_id}"
    assert (await house.read(spied, key=keys[0]))["data"] == []
    assert len((await house.read(PATH, key=keys[1]))["data"]) == 2
