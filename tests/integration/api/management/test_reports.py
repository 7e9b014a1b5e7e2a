"""GET /v1/reports/performance: what happened, and what was paid, by campaign and day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from service.decision.terms import Micros
from service.store.events import Event, add_events
from service.store.keys import create_key
from tests.integration.worker.shop import click
from tests.unit.store.made import pay

if TYPE_CHECKING:
    from tests.integration.api.management.conftest import House, Shop

PATH = "/v1/reports/performance"
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def at(days_ago: int, seconds: float) -> float:
    """A moment `seconds` after midnight (UTC)."""
    return (TODAY - timedelta(days=days_ago)).timestamp() + seconds


def day(days_ago: int) -> str:
    return str((TODAY - timedelta(days=days_ago)).date())


def happened(shop: Shop, number: int, ts: float, **changes: Any) -> Event:
    """A paid click, unless `changes` make it something else."""
    return replace(click(shop.campaign, shop.store, number), ts=ts, **changes)


async def store(house: House, *events: Event) -> None:
    async with house.engine.begin() as connection:
        new = await add_events(connection, events)
        await pay(connection, new)


async def two_days(house: House) -> None:
    """Yesterday: 3 shown, 1 seen, 2 clicked for 250,000 each. Today, at once: 1 clicked."""
    shop = house.shop
    await store(
        house,
        *(happened(shop, n, at(1, n), type="impression") for n in (1, 2, 3)),
        happened(shop, 1, at(1, 1), type="view"),
        happened(shop, 1, at(1, 1)),
        happened(shop, 2, at(1, 86_399.9)),  # the last moment of the day
        happened(shop, 3, at(1, 3), event_key="bot", invalid_reason="bot"),
        happened(shop, 4, at(0, 0)),  # the first moment of the next
        happened(shop, 1, at(0, 5), type="conversion", event_key="o-1/0", price=None),
        happened(shop, 2, at(0, 6), type="conversion", event_key="o-2/0", campaign_id=None),
    )
    await store(house, happened(house.other, 1, at(1, 1), price=Micros(999_999)))


async def test_events_and_spend_are_counted_by_day(house: House) -> None:
    await two_days(house)
    report = await house.read(PATH, key=house.shop.reporter)
    campaign = house.shop.campaign
    what = {
        "campaign_id": campaign.campaign_id,
        "campaign_name": "All lamps",
        "advertiser_id": campaign.advertiser_id,
    }
    assert report == {
        "data": [
            {
                "day": day(1),
                **what,
                "impressions": 3,
                "views": 1,
                "clicks": 2,
                "invalid_clicks": 1,
                "conversions": 0,
                "spend_micros": 500_000,
            },
            {
                "day": day(0),
                **what,
                "impressions": 0,
                "views": 0,
                "clicks": 1,
                "invalid_clicks": 0,
                "conversions": 1,
                "spend_micros": 250_000,
            },
        ],
        "next": None,
    }
    spent = await house.read(f"/v1/campaigns/{campaign.campaign_id}")
    assert spent["spent_micros"] == 500_000 + 250_000


async def test_a_click_that_the_budget_cannot_pay_is_no_spend(house: House) -> None:
    shop = house.shop
    await house.run(
        "UPDATE campaigns SET budget_micros = 300000 WHERE id = :id", id=shop.campaign.campaign_id
    )
    await store(house, happened(shop, 1, at(0, 1)), happened(shop, 2, at(0, 2)))
    (row,) = (await house.read(PATH))["data"]
    assert (row["clicks"], row["spend_micros"]) == (2, 250_000)


async def test_pages_show_each_row_once(house: House) -> None:
    await two_days(house)
    second = f"{house.shop.campaign.campaign_id}.b"
    await house.run(
        "INSERT INTO campaigns (id, store_id, advertiser_id, name, bid_micros, budget_micros)"
        " SELECT :second, store_id, advertiser_id, 'Second', 1, 1 FROM campaigns WHERE id = :id",
        second=second,
        id=house.shop.campaign.campaign_id,
    )
    shown = happened(house.shop, 9, at(1, 9), type="impression", campaign_id=second)
    await store(house, shown)
    seen, path = [], f"{PATH}?limit=1"
    for _ in range(3):
        page = await house.read(path)
        seen += [(row["day"], row["campaign_name"]) for row in page["data"]]
        path = f"{PATH}?limit=1&cursor={page['next']}"
    assert seen == [(day(1), "All lamps"), (day(1), "Second"), (day(0), "All lamps")]
    assert page["next"] is None


async def test_the_days_and_the_campaign_can_be_chosen(house: House) -> None:
    await two_days(house)

    async def days(query: str) -> list[str]:
        return [row["day"] for row in (await house.read(f"{PATH}?{query}"))["data"]]

    assert await days(f"first_day={day(0)}") == [day(0)]
    assert await days(f"first_day={day(3)}&last_day={day(1)}") == [day(1)]
    assert await days(f"first_day={day(3)}&last_day={day(2)}") == []
    assert await days(f"campaign_id={house.shop.campaign.campaign_id}") == [day(1), day(0)]
    assert await days(f"advertiser_id={house.shop.campaign.advertiser_id}") == [day(1), day(0)]
    assert await days(f"campaign_id={house.other.campaign.campaign_id}") == []
    assert await days(f"advertiser_id={house.other.campaign.advertiser_id}") == []


async def test_a_merchant_sees_its_own_only(house: House) -> None:
    await two_days(house)
    rival = "adv_rival_of_" + house.shop.store_id
    async with house.engine.begin() as connection:
        keys = []
        await connection.exec_driver_sql(
            "INSERT INTO advertisers (id, store_id, name) VALUES (%s, %s, 'Rival')",
            (rival, house.shop.store_id),
        )
        for bound in (rival, house.shop.campaign.advertiser_id):
            made = await create_key(
                connection, house.shop.store_id, "secret", ("report",), (), bound
            )
            keys.append(made[1])
    await house.reload()
    assert (await house.read(PATH, key=keys[0]))["data"] == []
    spied = f"{PATH}?advertiser_id={house.shop.campaign.advertiser_id}"
    assert (await house.read(spied, key=keys[0]))["data"] == []
    assert len((await house.read(PATH, key=keys[1]))["data"]) == 2


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("first_day=2026-11-22&last_day=2026-11-21", "bad_period"),
        ("first_day=2026-01-01&last_day=2026-04-03", "bad_period"),  # 93 days
        ("first_day=1700006400", "value_error"),
        ("first_day=2026-02-30", "date_from_datetime_parsing"),
        ("first_day=1999-12-31", "greater_than_equal"),
        ("cursor=YWR2XzAxOTNiMmM0", "bad_cursor"),  # adv_0193b2c4
        ("cursor=MjAyNi0wMi0zMC9jbXBfMQ", "bad_cursor"),  # 2026-02-30/cmp_1
    ],
)
async def test_what_cannot_be_is_said(house: House, query: str, code: str) -> None:
    refused = await house.call("GET", f"{PATH}?{query}")
    assert refused.status_code == 422, refused.text
    assert [error["code"] for error in refused.json()["errors"]] == [code]


async def test_a_cursor_reaches_back_no_further_than_the_first_day(house: House) -> None:
    await two_days(house)
    early = "MjAyMC0wMS0wMS9jbXBfMQ"  # 2020-01-01/cmp_1
    page = await house.read(f"{PATH}?first_day={day(0)}&cursor={early}")
    assert [row["day"] for row in page["data"]] == [day(0)]


async def test_it_takes_the_scope_report(house: House) -> None:
    assert (await house.call("GET", PATH, key=house.shop.manager)).status_code == 403
    assert (await house.call("GET", PATH, key=house.shop.publishable)).status_code == 403
