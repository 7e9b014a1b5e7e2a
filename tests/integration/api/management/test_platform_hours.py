"""What is known of a platform's hours, over REST: newest first, in pages."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from service.store.platform_results import HourResult, put_results
from tests.integration.api.management.test_campaigns import draft, pointers
from tests.integration.api.management.test_platform_results import (
    HERE,
    YESTERDAY,
    on_instagram,
    report,
    told,
)

if TYPE_CHECKING:
    from tests.integration.api.management.conftest import House

HOUR = timedelta(hours=1)


async def a_day(house: House) -> tuple[str, str]:
    """Two campaigns with three hours each, one of the whole store, and one that was counted."""
    own = await on_instagram(house)
    rival = await house.made("/v1/advertisers", {"name": "Rival"})
    theirs = draft(house.shop, platforms=["instagram"]) | {"advertiser_id": rival["id"]}
    other = str((await house.made("/v1/campaigns", theirs))["id"])
    hours = [report(one, YESTERDAY + number * HOUR) for one in (own, other) for number in range(3)]
    assert {status for status, _ in await told(house, *hours, report(None))} == {200}
    counted = HourResult("instagram", own, YESTERDAY, 7, 5, 3, 1)
    async with house.engine.begin() as connection:
        await put_results(connection, house.shop.store_id, [counted], "own")
    return own, other


async def read(house: House, **options: Any) -> list[tuple[int, str | None, str]]:
    """(hours after nine, campaign, source) of each row."""
    rows = (await house.read(HERE, **options))["data"]
    return [where(row) for row in rows]


def where(row: dict[str, Any]) -> tuple[int, str | None, str]:
    return int(row["hour"][11:13]) - 9, row["campaign_id"], row["source"]


async def test_hours_are_told_newest_first_with_what_they_cost_and_brought(house: House) -> None:
    own, other = await a_day(house)
    first, last = sorted((own, other), reverse=True)
    both = [(0, own, "reported"), (0, own, "own")]
    at_nine = [*both, (0, other, "reported")] if own > other else [(0, other, "reported"), *both]
    assert await read(house) == [
        (2, first, "reported"),
        (2, last, "reported"),
        (1, first, "reported"),
        (1, last, "reported"),
        *at_nine,
        (0, None, "reported"),
    ]
    rows = (await house.read(f"{HERE}?campaign_id={own}"))["data"]
    assert rows[-1].pop("told_at")
    assert rows[-1] == {
        "hour": YESTERDAY.isoformat().replace("+00:00", "Z"),
        "campaign_id": own,
        "source": "own",
        "spend_micros": 7,
        "impressions": 5,
        "clicks": 3,
        "conversions": 1,
    }


@pytest.mark.parametrize("limit", [1, 2, 3])
async def test_pages_put_together_are_the_list(house: House, limit: int) -> None:
    await a_day(house)
    whole, found, cursor = await read(house), list[tuple[int, str | None, str]](), ""
    while True:
        page = await house.read(f"{HERE}?limit={limit}{cursor}")
        assert len(page["data"]) <= limit
        found += [where(row) for row in page["data"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert found == whole
    assert len(whole) == 8


async def test_only_a_campaign_or_a_time_is_told(house: House) -> None:
    own, other = await a_day(house)
    assert await read(house, params={"campaign_id": other}) == [
        (number, other, "reported") for number in (2, 1, 0)
    ]
    from_ten = {"since": (YESTERDAY + HOUR).isoformat()}
    assert {hour for hour, _, _ in await read(house, params=from_ten)} == {1, 2}
    to_ten = {"until": (YESTERDAY + HOUR).isoformat(), "campaign_id": own}
    assert await read(house, params=to_ten) == [(0, own, "reported"), (0, own, "own")]
    assert await read(house, params=from_ten | to_ten) == []


async def test_a_merchant_is_told_of_its_own_campaigns_only(house: House) -> None:
    own, other = await a_day(house)
    key = house.shop.merchant
    assert {campaign for _, campaign, _ in await read(house, key=key)} == {own}
    assert await read(house, key=key, params={"campaign_id": other}) == []


async def test_another_shop_is_told_nothing(house: House) -> None:
    own, _ = await a_day(house)
    unknown = await house.call("GET", HERE, key=house.other.admin)
    assert unknown.status_code == 404
    await on_instagram(house, house.other)
    assert await read(house, key=house.other.admin) == []
    assert await read(house, key=house.other.admin, params={"campaign_id": own}) == []


async def test_a_platform_that_nobody_names_any_more_keeps_its_hours(house: House) -> None:
    own = await on_instagram(house)
    tiktok = "/v1/platforms/tiktok/results"
    assert (await house.call("GET", tiktok)).status_code == 404
    await house.call("PATCH", f"/v1/campaigns/{own}", json={"platforms": ["web", "tiktok"]})
    assert (await house.read(tiktok))["data"] == []
    body = {"results": [report(own)]}
    assert (await house.call("POST", tiktok, json=body)).status_code == 200
    await house.call("PATCH", f"/v1/campaigns/{own}", json={"platforms": ["web"]})
    assert len((await house.read(tiktok))["data"]) == 1


@pytest.mark.parametrize(
    "key",
    [
        "web",
        "[]",
        '["2026-11-22T09:00:00","","own"]',
        '["2026-11-22T09:00:00Z","a\\u0000b","own"]',
        '["2026-11-22T09:00:00Z",7,"own"]',
        '["2026-11-22T09:00:00Z","","mine"]',
        '["soon","","own"]',
    ],
)
async def test_the_cursor_of_another_list_is_refused(house: House, key: str) -> None:
    cursor = urlsafe_b64encode(key.encode()).decode().rstrip("=")
    refused = await house.call("GET", f"{HERE}?cursor={cursor}")
    assert pointers(refused) == [("/query/cursor", "bad_cursor")]
