"""A platform that is named after the day was planned spends nothing until it is planned for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from service.store.feeds.booking_intake import BookingIntake
from service.store.feeds.campaigns import booking_of
from service.store.ledger import Due, charge
from tests.integration.api.management.test_allocations import (
    a_campaign,
    fixed,
    limits,
    planned,
    spends,
    spread,
)

if TYPE_CHECKING:
    from tests.integration.api.management.conftest import House

DAILY = 10_000_000


async def on_app(house: House, here: str, *prices: int) -> list[str | None]:
    """Why clicks on the app are not paid; None are."""
    campaign_id, now = here.rpartition("/")[2], datetime.now(UTC).timestamp()
    due = [
        Due("click", f"imp_{campaign_id}_{now}_{n}", house.shop.store_id, campaign_id, price, now,
            platform="app")
        for n, price in enumerate(prices)
    ]  # fmt: skip
    async with house.engine.begin() as connection:
        unpaid = (await charge(connection, due)).unpaid
    return [unpaid.get(one) for one in due]


async def place(house: House, platform: str, name: str = "app_top") -> None:
    body = {"platform": platform, "slots": 2, "reserve_micros": 0}
    made = await house.call("PUT", f"/v1/placements/{name}", json=body)
    assert made.status_code in {200, 201}, made.text


async def a_planned_day(house: House, **fields: Any) -> str:
    """A campaign whose day is planned for half of what it may spend: 5 units."""
    here = await a_campaign(house, **fields)
    await spread(house, here)
    await planned(house, here, 201, apply=True, budget_micros=DAILY // 2)
    return here


async def test_a_new_placements_platform_waits_for_the_next_plan(house: House) -> None:
    here = await a_planned_day(house, platforms=[])
    assert await limits(house, here) == {"web": DAILY // 2}
    await place(house, "app")
    assert await limits(house, here) == {"web": DAILY // 2, "app": 0}
    assert await on_app(house, here, 1) == ["platform"]
    plan = await planned(house, here, 201, apply=True)
    assert await limits(house, here) == spends(plan)
    assert sum(spends(plan).values()) == DAILY
    assert await on_app(house, here, 1) == [None]


async def test_a_placement_that_moves_to_a_new_platform_is_as_a_new_one(house: House) -> None:
    await place(house, "web", "front")
    here = await a_planned_day(house, platforms=[])
    await place(house, "app", "front")
    assert (await limits(house, here))["app"] == 0


async def test_a_platform_that_a_change_names_waits_for_the_next_plan(house: House) -> None:
    here = await a_planned_day(house, platforms=["web"])
    await place(house, "app")
    assert await limits(house, here) == {"web": DAILY // 2}  # which is nothing to this campaign
    changed = await house.call("PATCH", here, json={"platforms": ["web", "app"]})
    assert changed.status_code == 200, changed.text
    assert await on_app(house, here, 1) == ["platform"]
    await planned(house, here, 201, apply=True)
    assert await on_app(house, here, 1) == [None]


async def test_what_is_not_planned_is_not_limited(house: House) -> None:
    without = await a_campaign(house, platforms=[])
    lifted = await a_planned_day(house, platforms=[])
    assert (await house.call("DELETE", f"{lifted}/allocation")).status_code == 204
    await place(house, "app")
    assert await limits(house, without) == {}
    assert await on_app(house, without, 1) == [None]
    assert await on_app(house, lifted, 1) == [None]


async def test_a_limit_that_is_planned_stays_when_a_placement_is_put_again(house: House) -> None:
    await place(house, "app")
    here = await a_campaign(house, platforms=[])
    await spread(house, here, mode="fixed", platforms=fixed(app=400_000, web=600_000))
    await planned(house, here, 201, apply=True)
    await house.call("DELETE", "/v1/placements/app_top")
    await place(house, "app")
    assert await limits(house, here) == {"app": 4_000_000, "web": 6_000_000}


async def test_anothers_campaigns_stay_as_they_are(house: House) -> None:
    here = await a_planned_day(house, platforms=[])
    body = {"platform": "app", "slots": 2, "reserve_micros": 0}
    made = await house.call("PUT", "/v1/placements/x", json=body, key=house.other.admin)
    assert made.status_code == 201
    assert await limits(house, here) == {"web": DAILY // 2}


@pytest.mark.parametrize("platforms", [["web", "app"], ["app"]])
async def test_an_import_that_names_a_platform_is_as_a_change(
    house: House, platforms: list[str]
) -> None:
    here = await a_planned_day(house, platforms=["web"])
    campaign_id = here.rpartition("/")[2]
    shown = await house.read(here)
    booking = booking_of(
        {
            "campaign_id": campaign_id,
            "advertiser": {"id": shown["advertiser_id"], "name": "Lumo"},
            "name": shown["name"],
            "status": "active",
            "bid": "0.30 EUR",
            "budget": "90.00 EUR",
            "platforms": platforms,
        },
        house.shop.store_id,
        "EUR",
    )
    async with house.engine.begin() as connection:
        await BookingIntake(house.shop.store).put(connection, [(1, booking)])
    assert (await limits(house, here))["app"] == 0
