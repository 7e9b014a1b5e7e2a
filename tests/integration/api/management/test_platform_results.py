"""Hours of platforms outside the shop, reported over REST."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from service.contract.platform_days import DayRow
from service.store.platform_results import history_of
from tests.integration.api.management.test_campaigns import draft, pointers

if TYPE_CHECKING:
    from tests.integration.api.management.conftest import House, Shop

HERE = "/v1/platforms/instagram/results"
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
YESTERDAY = NOW.replace(hour=9) - timedelta(days=1)


def report(campaign_id: str | None, hour: datetime = YESTERDAY, **more: Any) -> dict[str, Any]:
    """An hour that cost 4.20 and brought 900 impressions, 21 clicks and 2 orders."""
    told = {"spend_micros": 4_200_000, "impressions": 900, "clicks": 21, "conversions": 2}
    return {"hour": hour.isoformat(), "campaign_id": campaign_id, **told, **more}


async def on_instagram(house: House, shop: Shop | None = None, **more: Any) -> str:
    """A campaign on web and instagram; returns its id."""
    shop = shop or house.shop
    body = draft(shop, platforms=["web", "instagram"], **more)
    return str((await house.made("/v1/campaigns", body, key=shop.admin))["id"])


async def told(house: House, *items: dict[str, Any], **options: Any) -> list[tuple[int, str]]:
    """(status, code of the first error) of each reported hour."""
    response = await house.call("POST", HERE, json={"results": items}, **options)
    assert response.status_code == 200, response.text
    results = response.json()["results"]
    assert [one["index"] for one in results] == list(range(len(items)))
    return [(one["status"], one["errors"][0]["code"] if one["errors"] else "") for one in results]


async def history(house: House, campaign_id: str) -> list[DayRow]:
    async with house.engine.connect() as connection:
        return await history_of(connection, campaign_id)


async def test_hours_become_days_and_one_told_again_replaces_the_first(house: House) -> None:
    campaign_id = await on_instagram(house)
    later = YESTERDAY + timedelta(hours=1)
    both = (report(campaign_id), report(campaign_id, later))
    assert await told(house, *both) == [(200, ""), (200, "")]
    assert await told(house, report(campaign_id, clicks=1)) == [(200, "")]
    day = YESTERDAY.date()
    assert await history(house, campaign_id) == [DayRow(day, "instagram", 8_400_000, 1_800, 22, 4)]
    log = await house.read("/v1/audit-log?resource=platform&resource_id=instagram")
    assert [(one["action"], one["after"]["hours"]) for one in log["data"]] == [
        ("report", 1),
        ("report", 2),
    ]


async def test_a_bad_hour_is_named_and_the_good_ones_are_kept(house: House) -> None:
    campaign_id = await on_instagram(house)
    web_only = (await house.made("/v1/campaigns", draft(house.shop, platforms=["web"])))["id"]
    items = (
        report(campaign_id),
        report(campaign_id, YESTERDAY.astimezone()),  # the same moment, another zone
        report(campaign_id, YESTERDAY + timedelta(minutes=30)),
        report(campaign_id, NOW + timedelta(days=1)),
        report("cmp_none"),
        report(web_only),
        report(campaign_id, YESTERDAY + timedelta(hours=2), clicks=-1),
        report(None),
    )
    assert await told(house, *items) == [
        (200, ""),
        (409, "repeated"),
        (422, "not_whole"),
        (422, "not_begun"),
        (422, "unknown_campaign"),
        (422, "not_on_platform"),
        (422, "greater_than_equal"),
        (200, ""),
    ]
    assert [row.clicks for row in await history(house, campaign_id)] == [21]


async def test_what_placements_show_is_not_reported(house: House) -> None:
    campaign_id = await on_instagram(house)
    body = {"results": [report(campaign_id)]}
    refused = await house.call("POST", "/v1/platforms/web/results", json=body)
    assert refused.status_code == 409
    assert "'web'" in refused.json()["detail"]
    unknown = await house.call("POST", "/v1/platforms/tiktok/results", json=body)
    assert unknown.status_code == 404


async def test_a_merchant_reports_of_its_own_campaigns_only(house: House) -> None:
    key = house.shop.merchant
    body = {"results": [report(None)]}
    # of instagram it knows once its own campaign names it
    rival = await house.made("/v1/advertisers", {"name": "Rival"})
    other = draft(house.shop, platforms=["instagram"]) | {"advertiser_id": rival["id"]}
    theirs = (await house.made("/v1/campaigns", other))["id"]
    assert (await house.call("POST", HERE, json=body, key=key)).status_code == 404
    own = await on_instagram(house)
    assert await told(house, report(own), report(theirs), report(None), key=key) == [
        (200, ""),
        (422, "unknown_campaign"),
        (422, "not_allowed"),
    ]
    log = await house.read("/v1/audit-log?resource=platform", key=house.shop.merchant_admin)
    assert [one["after"]["campaign_id"] for one in log["data"]] == [own]


async def test_another_shop_has_another_instagram(house: House) -> None:
    campaign_id = await on_instagram(house)
    assert await told(house, report(None)) == [(200, "")]
    body = {"results": [report(campaign_id)]}
    outside = await house.call("POST", HERE, json=body, key=house.other.admin)
    assert outside.status_code == 404
    theirs = await on_instagram(house, house.other)
    assert await told(house, report(campaign_id), key=house.other.admin) == [
        (422, "unknown_campaign")
    ]
    assert await history(house, theirs) == []
    assert len(await history(house, campaign_id)) == 1


async def test_what_is_no_batch_is_refused_whole(house: House) -> None:
    assert pointers(await house.call("POST", HERE, json={"results": []})) == [
        ("/results", "too_short")
    ]
    many = [report(None, YESTERDAY - timedelta(hours=number)) for number in range(1_001)]
    assert pointers(await house.call("POST", HERE, json={"results": many})) == [
        ("/results", "too_long")
    ]


async def test_the_same_request_sent_again_is_kept_once(house: House) -> None:
    campaign_id = await on_instagram(house)
    headers = {"Idempotency-Key": f"hours {campaign_id}"}
    body = {"results": [report(campaign_id)]}
    first, again = [await house.call("POST", HERE, json=body, headers=headers) for _ in range(2)]
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    log = await house.rows(
        "SELECT count(*) FROM audit_log WHERE after ->> 'campaign_id' = :it"
        " AND resource = 'platform'",
        it=campaign_id,
    )
    assert log == [(1,)]


@pytest.mark.parametrize("name", ["in/feed", "x/results", "</b>", "50% off", "ü 日本"])
async def test_a_platform_of_any_name_can_be_told_of_and_limited(house: House, name: str) -> None:
    fields = draft(house.shop, platforms=[name])
    campaign_id = (await house.made("/v1/campaigns", fields))["id"]
    here = f"/v1/platforms/{quote(name, safe='')}"
    sent = await house.call("POST", f"{here}/results", json={"results": [report(campaign_id)]})
    assert sent.json()["made"] == 1, sent.text
    (hour,) = (await house.read(f"{here}/results"))["data"]
    assert (hour["campaign_id"], hour["clicks"]) == (campaign_id, 21)
    assert [one.platform for one in await history(house, campaign_id)] == [name]
    limited = await house.call("PUT", here, json={"title_limit": 40})
    assert (limited.json()["name"], limited.json()["title_limit"]) == (name, 40), limited.text
