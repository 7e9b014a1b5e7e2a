"""What a merchant is told of an ad's quality."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.integration.worker.shop import ad_id, products

if TYPE_CHECKING:
    from tests.integration.api.management.conftest import House


def path(house: House, number: int = 0) -> str:
    return f"/v1/ads/{ad_id(house.shop.store, products(8)[number])}/quality"


async def seen(house: House, clicks: int) -> None:
    """Its first ad was shown 1,000 times, where 40 clicks are usual and expected."""
    await house.run(
        "INSERT INTO ad_quality VALUES (:ad, :store, 1000, :clicks, 40, 40)",
        ad=ad_id(house.shop.store, products(1)[0]),
        store=house.shop.store_id,
        clicks=clicks,
    )
    await house.run(
        "INSERT INTO quality_counts VALUES (:store, '2026-01-31 09:00:00+00')",
        store=house.shop.store_id,
    )


def codes(quality: dict[str, Any]) -> list[str]:
    return [one["code"] for one in quality["reasons"]]


async def test_an_ad_that_was_never_shown_is_judged_by_what_it_says(house: House) -> None:
    quality = await house.read(path(house), key=house.shop.merchant)
    # the campaign bids on "lamp", which the title says; neither picture nor description
    assert quality == {
        "ad_id": ad_id(house.shop.store, products(1)[0]),
        "score": 1 + 2 + 3 + 1,
        "expected_click_rate": "average",
        "relevance": "above",
        "product_page": "average",
        "reasons": quality["reasons"],
        "impressions": 0,
        "clicks": 0,
        "as_of": None,
    }
    assert codes(quality) == ["not_known", "no_image", "no_description"]


async def test_clicks_keywords_and_the_page_make_the_score(house: House) -> None:
    await seen(house, clicks=80)
    good = await house.read(path(house), key=house.shop.merchant)
    assert (good["score"], good["expected_click_rate"]) == (1 + 4 + 3 + 1, "above")
    assert (good["impressions"], good["clicks"]) == (1000, 80)
    assert good["as_of"] == "2026-01-31T09:00:00Z"
    assert codes(good) == ["more_clicks", "no_image", "no_description"]
    # what a merchant changes is seen at once
    words = {"keywords": [{"text": "velvet armchair"}, {"text": "garden bench"}]}
    await house.call(
        "POST", f"/v1/campaigns/{house.shop.campaign.campaign_id}/keywords", json=words
    )
    await house.call(
        "POST",
        f"/v1/campaigns/{house.shop.campaign.campaign_id}/keywords",
        json={"keywords": [{"text": "cheap", "negative": True}]},
    )
    await house.run("UPDATE products SET in_stock = false, description = 'A lamp.'")
    worse = await house.read(path(house), key=house.shop.merchant)
    assert (worse["relevance"], worse["product_page"]) == ("below", "below")
    assert worse["score"] == 1 + 4
    assert codes(worse) == [
        "more_clicks",
        "keyword_not_said",
        "keyword_not_said",
        "out_of_stock",
        "no_image",
    ]


async def test_it_is_told_to_its_own_merchant_only(house: House) -> None:
    assert (await house.call("GET", path(house), key=house.other.merchant)).status_code == 404
    assert (await house.call("GET", path(house), key=house.shop.publishable)).status_code == 403
    assert (await house.call("GET", "/v1/ads/ad_none/quality")).status_code == 404
    rival = await house.made("/v1/advertisers", {"name": "Rival"})
    theirs = await house.made(
        "/v1/campaigns",
        {"advertiser_id": rival["id"], "name": "x", "bid_micros": 1, "budget_micros": 1},
    )
    ads = f"/v1/campaigns/{theirs['id']}/ads"
    made = (await house.call("POST", ads, json={"ads": [{"product_id": "100001"}]})).json()
    there = f"/v1/ads/{made['results'][0]['id']}/quality"
    assert (await house.call("GET", there, key=house.shop.merchant)).status_code == 404
    quality = await house.read(there)
    assert (quality["relevance"], codes(quality)[1]) == ("average", "no_keywords")
