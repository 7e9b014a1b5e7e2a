"""Orders are owed to ads, paid for where that was agreed, and taken back when they come back."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import text

from service.store.catalogue import put_products
from service.worker.attributing import (
    attribute_sales,
)
from tests.integration.worker.shop import NOW, column, products
from tests.integration.worker.till import DAY, ORDERED, Till
from tests.unit.store.test_platform_limits import limit


async def test_an_order_is_owed_to_the_last_click_on_its_product(till: Till) -> None:
    await till.record(till.clicked(1), till.clicked(2), till.sold("o-1"))
    assert await attribute_sales(till.engine) == 1
    [verdict] = await till.verdicts()
    assert verdict["impression_id"] == f"imp_{till.store.store_id}_2"
    assert (verdict["touch"], verdict["halo"]) == ("click", False)
    assert (verdict["quantity"], verdict["value_micros"]) == (2, 20_000_000)
    assert "o-1" not in str(verdict)
    assert "ann" not in str(verdict)
    assert await till.booked() == []  # its clicks are paid for
    assert await attribute_sales(till.engine) == 0


async def test_no_order_is_looked_at_before_its_click_can_be_there(till: Till) -> None:
    await till.record(till.clicked(1), till.sold("o-1"))
    recorded = "UPDATE event_keys SET attribute_at = now() - make_interval(secs => :ago)"
    await till.execute(f"{recorded} WHERE store_id = :id", ago=4, id=till.store.store_id)
    assert await attribute_sales(till.engine) == 0
    await till.execute(f"{recorded} WHERE store_id = :id", ago=5, id=till.store.store_id)
    assert await attribute_sales(till.engine) == 1


@pytest.mark.parametrize(
    ("of_campaign", "of_store", "days"), [(None, 7, 7), (None, 14, 14), (30, 7, 30)]
)
async def test_windows_are_the_campaigns_or_the_stores(
    till: Till, of_campaign: int | None, of_store: int, days: int
) -> None:
    await till.execute("UPDATE stores SET attribution_days = :d", d=of_store)
    await till.execute("UPDATE campaigns SET attribution_days = :d", d=of_campaign)
    seen = till.clicked(1, received_at=NOW)
    await till.record(
        replace(seen, ts=NOW - days * DAY, received_at=NOW - days * DAY, event_key="a"),
        till.sold("in-time", after=0.0),
        till.sold("late", after=0.001),
    )
    await attribute_sales(till.engine)
    assert [one["converted_at"].timestamp() for one in await till.verdicts()] == [NOW]


async def test_views_count_where_the_campaign_says_so(till: Till) -> None:
    view = till.clicked(1, type="view")
    await till.record(view, till.sold("o-1"))
    await attribute_sales(till.engine)
    assert await till.verdicts() == []
    await till.execute("UPDATE campaigns SET view_through_hours = 24")
    await till.record(till.sold("o-2"), till.sold("o-3", after=DAY + 10))
    await attribute_sales(till.engine)
    assert [one["touch"] for one in await till.verdicts()] == ["view"]


async def test_an_order_in_another_currency_has_no_value(till: Till) -> None:
    await till.record(till.clicked(1), till.sold("o-1", currency="USD"))
    await attribute_sales(till.engine)
    [verdict] = await till.verdicts()
    assert (verdict["quantity"], verdict["value_micros"]) == (2, 0)


async def test_an_order_of_another_product_is_marked(till: Till) -> None:
    await till.record(
        till.clicked(1, **ORDERED),
        till.sold("o-1", product_id="100002"),
        till.sold("o-2", product_id="stranger"),
    )
    await attribute_sales(till.engine)
    [verdict] = await till.verdicts()
    assert (verdict["halo"], verdict["product_id"]) == (True, "100002")
    assert await till.booked() == []


async def test_shoppers_who_did_not_buy_the_brand_for_a_year_are_marked(till: Till) -> None:
    lamps = [replace(one, brand="Lumo") for one in products(2)]
    async with till.engine.begin() as connection:
        await put_products(connection, till.store.store_id, lamps)
    year = 365 * DAY
    await till.record(
        till.sold("long-ago", after=60 - year - 1, user_id="ann"),
        till.sold("lately", after=70 - year, user_id="bob", product_id="100002"),
        till.clicked(1),
        till.clicked(2, user_id="bob"),
        till.clicked(3, user_id=None),
        till.sold("a"),
        till.sold("a", event_key="a/1", line="1"),  # the same order is no earlier one
        till.sold("b", user_id="bob"),
        till.sold("c", user_id=None, impression_id=f"imp_{till.store.store_id}_3", ts=NOW + 61,
                  payload={"shown_at": NOW + 0.003}),
    )  # fmt: skip
    await attribute_sales(till.engine)
    found = [(one["line"], one["new_to_brand"]) for one in await till.verdicts()]
    assert sorted(found, key=str) == [("0", False), ("0", None), ("0", True), ("1", True)]


async def test_the_ad_that_the_shop_names_gets_the_credit_whoever_bought(till: Till) -> None:
    # as versions before told it: the request's id has the time in it
    uuid = f"{int((NOW + 5) * 1000):012x}7abc8abcdefabcdefabc"
    by_id = {"impression_id": f"imp_{uuid}00", "event_key": f"imp_{uuid}00", "ts": NOW + 5}
    await till.record(
        till.clicked(1, user_id=None),
        till.clicked(2, user_id=None, **by_id),
        till.clicked(3, user_id=None),
        till.sold("o-1", user_id=None, impression_id=f"imp_{till.store.store_id}_1",
                  payload={"shown_at": NOW + 0.001}),
        till.sold("o-2", user_id=None, impression_id=by_id["impression_id"], after=70.0),
        till.sold("o-3", user_id=None, impression_id="imp_of_the_shop_itself", after=80.0),
        till.sold("o-4", user_id=None, after=90.0),
    )  # fmt: skip
    assert await attribute_sales(till.engine) == 4
    named = [one["impression_id"] for one in await till.verdicts()]
    assert named == [f"imp_{till.store.store_id}_1", by_id["impression_id"]]


async def test_clicks_that_do_not_count_get_no_credit(till: Till) -> None:
    await till.record(till.clicked(1, invalid_reason="bot", event_key="x"), till.sold("o-1"))
    await attribute_sales(till.engine)
    assert await till.verdicts() == []


async def test_a_campaign_that_bids_on_orders_pays_for_them_within_its_budget(till: Till) -> None:
    await till.record(till.clicked(1, **ORDERED), *[till.sold(f"o-{n}") for n in range(4)])
    assert await till.spent() == 0  # the click costs nothing
    await attribute_sales(till.engine)
    assert await till.booked() == [("order", 900_001)] * 3
    assert await till.spent() == 2_700_003
    reasons = "SELECT reason FROM unpaid WHERE store_id = :id"
    assert await column(till.engine, reasons, id=till.store.store_id) == ["budget"]
    assert len(await till.verdicts()) == 4


async def test_an_order_is_paid_on_the_platform_of_the_click_that_led_to_it(till: Till) -> None:
    payload = {"pricing": "order", "price": 900_001, "platform": "web"}
    there = {**ORDERED, "payload": payload}
    lines = [till.sold(f"o-{n}") for n in range(2)]
    await till.record(till.clicked(1, **there), *lines)
    async with till.engine.begin() as connection:
        await limit(connection, "web", 1_000_000, till.campaign.campaign_id)
    await attribute_sales(till.engine)
    assert await till.booked() == [("order", 900_001)]
    assert [one["platform"] for one in await till.verdicts()] == ["web", "web"]
    reasons = "SELECT reason || ' ' || platform FROM unpaid WHERE store_id = :id"
    assert await column(till.engine, reasons, id=till.store.store_id) == ["platform web"]


async def test_two_workers_charge_an_order_once(till: Till) -> None:
    await till.execute("UPDATE campaigns SET budget_micros = 10000000000")
    await till.record(till.clicked(1, **ORDERED), *[till.sold(f"o-{n}") for n in range(300)])
    while any(await asyncio.gather(*[attribute_sales(till.engine) for _ in range(3)])):
        pass
    assert await till.booked() == [("order", 900_001)] * 300
    assert await till.spent() == 300 * 900_001


async def test_a_campaign_that_somebody_holds_is_waited_for_not_passed_over(till: Till) -> None:
    await till.record(till.clicked(1, **ORDERED), till.sold("o-1"))
    async with till.engine.begin() as held:
        lock = text("SELECT FROM campaigns WHERE id = :id FOR UPDATE")
        await held.execute(lock, {"id": till.campaign.campaign_id})
        assert await attribute_sales(till.engine) == 1
    assert (await till.verdicts(), await till.booked()) == ([], [])
    await till.execute("UPDATE event_keys SET attribute_at = attribute_at - interval '11 seconds'")
    await attribute_sales(till.engine)
    assert await till.booked() == [("order", 900_001)]


async def test_a_click_that_comes_late_is_found_for_an_hour(till: Till) -> None:
    ago = "UPDATE events SET received_at = now() - make_interval(mins => :ago)"
    await till.record(till.sold("o-1"))
    await till.execute(f"{ago} WHERE type = 'conversion'", ago=3)
    assert await attribute_sales(till.engine) == 1
    assert await till.waiting() == 1
    await till.record(till.clicked(1))
    await till.execute("UPDATE event_keys SET attribute_at = attribute_at - interval '1 hour'")
    assert await attribute_sales(till.engine) == 1
    assert (len(await till.verdicts()), await till.waiting()) == (1, 0)
    await till.record(till.sold("o-2", user_id="bob"))
    await till.execute(f"{ago} WHERE event_key = 'o-2/0'", ago=61)
    await attribute_sales(till.engine)
    assert await till.waiting() == 0
