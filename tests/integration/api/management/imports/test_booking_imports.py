"""Campaigns with keywords and ads, imported from one document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from tests.integration.api.management.imports.importing import NDJSON, done, post, report
from tests.integration.worker.shop import click
from tests.unit.store.made import pay

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.worker.jobs import JobRunner
    from tests.integration.api.management.conftest import House

PATH = "/v1/imports"


def booking(**changes: Any) -> dict[str, Any]:
    return {
        "advertiser": "Regen & Wind",
        "name": "Spring",
        "bid": "0.35 EUR",
        "budget": "50.00 EUR",
        "keywords": ["rain lamp", {"text": "kids", "negative": True}],
        "product_ids": ["100001", "100002"],
        **changes,
    }


def lines(bookings: Sequence[dict[str, Any]]) -> bytes:
    return b"\n".join(map(orjson.dumps, bookings))


async def test_campaigns_are_imported_with_keywords_and_ads(
    house: House, runner: JobRunner
) -> None:
    document = [
        booking(),
        booking(name="Autumn", bid=0),
        booking(name="Winter", product_ids=["404"]),
        booking(name="Summer", platforms=[f"p{n}" for n in range(70)]),
        booking(name="Sun", extra=1),
        booking(name="Moon"),
    ]
    job = await done(house, runner, await post(house, lines(document), NDJSON, PATH))
    assert (job["status"], job["good"], job["bad"]) == ("done", 2, 4)
    found = await report(house, job)
    assert [(line, field) for line, _, field, _ in found] == [
        (2, "bid"),
        (3, "product_ids"),
        (4, "(line)"),
        (5, "extra"),
    ]
    assert "the store would have 71 platforms, more than 64" in found[2][3]
    rows = await house.rows(
        "SELECT c.name, c.status, count(DISTINCT a.id), count(DISTINCT k.id) FROM campaigns c"
        " JOIN ads a ON a.campaign_id = c.id JOIN keywords k ON k.campaign_id = c.id"
        " WHERE c.store_id = :id AND c.id <> :own GROUP BY c.id ORDER BY c.name",
        id=house.shop.store_id,
        own=house.shop.campaign.campaign_id,
    )
    assert rows == [("Moon", "paused", 2, 2), ("Spring", "paused", 2, 2)]


async def test_a_dry_run_of_campaigns_changes_nothing(house: House, runner: JobRunner) -> None:
    answer = await post(house, lines([booking()]), NDJSON, f"{PATH}?dry_run=true")
    job = await done(house, runner, answer)
    assert (job["status"], job["good"], job["bad"]) == ("done", 1, 0)
    rows = await house.rows(
        "SELECT count(*) FROM campaigns WHERE store_id = :id", id=house.shop.store_id
    )
    assert rows == [(1,)]


async def test_an_ended_campaign_stays_so(house: House, runner: JobRunner) -> None:
    own = house.shop.campaign
    line = booking(
        advertiser={"id": own.advertiser_id, "name": "Lux"}, campaign_id=own.campaign_id
    )
    await house.run("UPDATE campaigns SET status = 'ended' WHERE id = :id", id=own.campaign_id)
    job = await done(house, runner, await post(house, lines([line]), NDJSON, PATH))
    assert (job["good"], job["bad"]) == (0, 1)
    found = await report(house, job)
    assert found == [(1, "error", "status", repr(own.campaign_id))]
    again = lines([line | {"status": "ended"}])
    job = await done(house, runner, await post(house, again, NDJSON, PATH))
    assert (job["good"], job["bad"]) == (1, 0)


async def test_a_merchant_imports_its_own_campaigns_only(house: House, runner: JobRunner) -> None:
    own = {"id": house.shop.campaign.advertiser_id, "name": "Lux"}
    rival = lines([booking(campaign_id="cmp_rival")])
    await done(house, runner, await post(house, rival, NDJSON, PATH))
    document = [
        booking(advertiser=own, name="Mine"),
        booking(name="For a rival"),
        booking(advertiser=own, name="Stolen", campaign_id="cmp_rival"),
        booking(advertiser=own, name="Foreign", campaign_id=house.other.campaign.campaign_id),
    ]
    answer = await post(house, lines(document), NDJSON, PATH, key=house.shop.merchant)
    job = await done(house, runner, answer)
    assert (job["good"], job["bad"]) == (1, 3)
    assert [one[:3] for one in await report(house, job)] == [
        (2, "error", "advertiser"),
        (3, "error", "(line)"),
        (4, "error", "(line)"),
    ]
    kept = await house.rows("SELECT name FROM campaigns WHERE id = 'cmp_rival'")
    assert kept == [("Spring",)]
    seen = await house.read("/v1/jobs", key=house.shop.merchant)
    assert [one["id"] for one in seen["data"]] == [job["id"]]


async def terms_of(house: House, name: str) -> tuple[Any, ...]:
    rows = await house.rows(
        "SELECT daily_budget_micros, time_zone, schedule::text, pricing, cap_impressions, pacing,"
        " attribution_days FROM campaigns WHERE store_id = :id AND name = :name",
        id=house.shop.store_id,
        name=name,
    )
    return tuple(rows[0])


async def test_how_a_campaign_spends_is_imported_and_stays_where_a_line_is_silent(
    house: House, runner: JobRunner
) -> None:
    full = booking(
        daily_budget="5.00 EUR",
        time_zone="Europe/Berlin",
        schedule=[{"days": ["mon"], "from": "22:00", "to": "06:00"}],
        pricing="impression",
        frequency_cap={"impressions": 3, "seconds": 3600},
        pacing="asap",
        attribution_days=30,
    )
    await done(house, runner, await post(house, lines([full]), NDJSON, PATH))
    kept = (5_000_000, "Europe/Berlin", "{[1320,1800)}")
    assert await terms_of(house, "Spring") == (*kept, "impression", 3, "asap", 30)
    await done(house, runner, await post(house, lines([booking(pacing="even")]), NDJSON, PATH))
    assert await terms_of(house, "Spring") == (*kept, "impression", 3, "even", 30)


async def test_a_campaign_with_charges_keeps_its_zone_and_its_advertiser(
    house: House, runner: JobRunner
) -> None:
    await done(house, runner, await post(house, lines([booking()]), NDJSON, PATH))
    (row,) = await house.rows(
        "SELECT id FROM campaigns WHERE store_id = :id AND name = 'Spring'",
        id=house.shop.store_id,
    )
    paid = click(house.shop.campaign, house.shop.store, 7, campaign_id=row[0], price=100)
    async with house.engine.begin() as connection:
        assert await pay(connection, [paid])
    changed = [
        booking(campaign_id=row[0], time_zone="Asia/Tokyo"),
        booking(campaign_id=row[0], advertiser="Sonne"),
    ]
    said = []
    for one in changed:
        job = await done(house, runner, await post(house, lines([one]), NDJSON, PATH))
        assert (job["good"], job["bad"]) == (0, 1)
        said += [text for *_, text in await report(house, job)]
    assert "has charges by the days of UTC" in said[0]
    assert "may not move to another" in said[1]
