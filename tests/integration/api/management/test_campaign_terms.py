"""What a campaign may say of its money: the day, the zone, hours, what is paid for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.api.management.test_campaigns import PATH, draft, pointers, spend

if TYPE_CHECKING:
    from tests.integration.api.management.conftest import House


async def test_money_by_the_day_hours_and_credit_are_kept_and_shown(house: House) -> None:
    terms = {
        "daily_budget_micros": 250_000,
        "time_zone": "Europe/Berlin",
        "schedule": [
            {"days": ["fri", "mon"], "from": "22:00", "to": "06:00"},
            {"days": ["sat", "sun"], "from": "10:00", "to": "24:00"},
        ],
        "pricing": "impression",
        "pacing": "asap",
        "target_roas_ppm": 4_000_000,
        "frequency_cap": {"impressions": 3, "seconds": 3600},
        "attribution_days": 14,
        "view_through_hours": 24,
    }
    made = await house.made(PATH, draft(house.shop, **terms))
    # days stand in the order of the week, hours in that of their beginning
    schedule = [
        {"days": ["sat", "sun"], "from": "10:00", "to": "24:00"},
        {"days": ["mon", "fri"], "from": "22:00", "to": "06:00"},
    ]
    shown = {name: made[name] for name in terms}
    assert shown == terms | {"schedule": schedule}
    own = f"{PATH}/{made['id']}"
    assert await house.read(own) == made
    change: dict[str, Any] = {
        "frequency_cap": None,
        "daily_budget_micros": None,
        "schedule": [],
        "pacing": "even",
    }
    changed = (await house.call("PATCH", own, json=change)).json()
    assert {name: changed[name] for name in change} == change
    assert changed["time_zone"] == "Europe/Berlin"


async def test_what_today_has_spent_is_shown_and_leaves_the_etag_alone(house: House) -> None:
    made = await house.made(PATH, draft(house.shop, daily_budget_micros=250))
    own = f"{PATH}/{made['id']}"
    etag = (await house.call("GET", own)).headers["etag"]
    # of 100 + 100 + 100 the day pays two
    assert await spend(house, made["id"], 100, 100, 100) == 2
    after = await house.call("GET", own)
    assert after.json()["spent_today_micros"] == after.json()["spent_micros"] == 200
    assert after.headers["etag"] == etag
    # less than today has spent only ends the day; without a daily budget the total counts
    cut = await house.call("PATCH", own, json={"daily_budget_micros": 150})
    assert cut.status_code == 200
    assert await spend(house, made["id"], 0, 0, 0, 0, 100) == 0
    await house.call("PATCH", own, json={"daily_budget_micros": None})
    assert await spend(house, made["id"], 0, 0, 0, 0, 0, 100) == 1


async def test_a_zone_stays_once_there_are_charges(house: House) -> None:
    made = await house.made(PATH, draft(house.shop))
    own = f"{PATH}/{made['id']}"
    moved = await house.call("PATCH", own, json={"time_zone": "Asia/Tokyo"})
    assert moved.json()["time_zone"] == "Asia/Tokyo"
    await spend(house, made["id"], 100)
    refused = await house.call("PATCH", own, json={"time_zone": "UTC"})
    assert refused.status_code == 409
    assert "charges by the days of Asia/Tokyo" in refused.json()["detail"]
    same = await house.call("PATCH", own, json={"time_zone": "Asia/Tokyo", "name": "Same"})
    assert same.status_code == 200


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"time_zone": "Mars/Olympus"}, [("/time_zone", "unknown_zone")]),
        ({"time_zone": "FOO5"}, [("/time_zone", "unknown_zone")]),  # Postgres would take it
        ({"time_zone": "localtime"}, [("/time_zone", "unknown_zone")]),
        (
            {"schedule": [{"days": ["mon"], "from": "08:00", "to": "08:00"}]},
            [("/schedule/0", "no_hours")],
        ),
        ({"daily_budget_micros": 0}, [("/daily_budget_micros", "greater_than")]),
        ({"attribution_days": 10}, [("/attribution_days", "literal_error")]),
        ({"frequency_cap": {"impressions": 3}}, [("/frequency_cap/seconds", "missing")]),
    ],
)
async def test_terms_that_cannot_be_are_named(
    house: House, wrong: dict[str, Any], where: list[tuple[str, str]]
) -> None:
    assert pointers(await house.call("POST", PATH, json=draft(house.shop, **wrong))) == where
