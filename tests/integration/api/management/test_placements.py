"""Placements, and the platforms that they and the campaigns name."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.integration.api.management.conftest import House

PATH = "/v1/placements"
SPEC = {"platform": "app", "slots": 3, "reserve_micros": 20_000}


async def test_a_placement_is_made_replaced_and_deleted(house: House) -> None:
    own = f"{PATH}/app_search"
    made = await house.call("PUT", own, json=SPEC | {"title_limit": 90})
    assert (made.status_code, made.headers["location"]) == (201, own)
    assert made.json() == SPEC | {
        "name": "app_search",
        "title_limit": 90,
        "selling_point_cap": 2,
        "phrase_style": "in_place",
        "phrase_position": "prefix",
        "rule": "gsp",
        "squash_ppm": 1_000_000,
        "relevance_floor_ppm": 150_000,
        "exposure_ppm": [],
    }
    assert await house.read(own) == made.json()
    await house.reload()
    answer = await house.call("POST", "/v1/ads", json={"query": "lamp", "placement": "app_search"})
    assert len(answer.json()["ads"]) == 3

    headers = {"if-match": made.headers["etag"]}
    replaced = await house.call("PUT", own, json=SPEC | {"phrase_style": "front"}, headers=headers)
    assert replaced.status_code == 200
    assert (replaced.json()["title_limit"], replaced.json()["phrase_style"]) == (150, "front")
    assert (await house.call("PUT", own, json=SPEC, headers=headers)).status_code == 412
    assert (await house.call("DELETE", own, headers=headers)).status_code == 412
    assert (await house.call("DELETE", own)).status_code == 204
    assert (await house.call("GET", own)).status_code == 404
    actions = await house.rows("SELECT action FROM audit_log WHERE resource = 'placement'")
    assert actions == [("create",), ("change",), ("delete",)]


async def test_if_match_on_a_placement_that_is_not_there_is_412(house: House) -> None:
    for given in ("*", '"x"'):
        response = await house.call("PUT", f"{PATH}/none", json=SPEC, headers={"if-match": given})
        assert response.status_code == 412


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"slots": 0}, "/slots"),
        ({"slots": 51}, "/slots"),
        ({"slots": True}, "/slots"),
        ({"reserve_micros": -1}, "/reserve_micros"),
        ({"title_limit": 9}, "/title_limit"),
        ({"selling_point_cap": -1}, "/selling_point_cap"),
        ({"phrase_style": "loud"}, "/phrase_style"),
        ({"phrase_position": "middle"}, "/phrase_position"),
        ({"rule": "third"}, "/rule"),
        ({"squash_ppm": 1_000_001}, "/squash_ppm"),
        ({"squash_ppm": -1}, "/squash_ppm"),
        ({"relevance_floor_ppm": 1_000_001}, "/relevance_floor_ppm"),
        ({"relevance_floor_ppm": 0.15}, "/relevance_floor_ppm"),
        ({"exposure_ppm": [0]}, "/exposure_ppm/0"),
        ({"exposure_ppm": [1_000_001]}, "/exposure_ppm/0"),
        ({"exposure_ppm": [1] * 51}, "/exposure_ppm"),
        ({"exposure_ppm": [500_000, 600_000]}, "/exposure_ppm"),
        ({"name": "other"}, "/name"),
    ],
)
async def test_a_spec_that_cannot_be_is_refused(
    house: House, changes: dict[str, object], pointer: str
) -> None:
    response = await house.call("PUT", f"{PATH}/app", json=SPEC | changes)
    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]


async def test_a_placement_sells_as_it_says(house: House) -> None:
    own = f"{PATH}/app_search"
    auction = {
        "rule": "first",
        "squash_ppm": 500_000,
        "relevance_floor_ppm": 400_000,
        "exposure_ppm": [1_000_000, 600_000, 600_000],
    }
    made = await house.call("PUT", own, json=SPEC | auction)
    assert made.json().items() >= auction.items()
    assert await house.read(own) == made.json()
    await house.reload()
    asked = {"query": "lamp", "placement": "app_search", "explain": True}
    answer = (await house.call("POST", "/v1/ads", json=asked)).json()
    sold = [one["explain"] for one in answer["ads"]]
    assert len(sold) == 3
    assert all(one["price_micros"] == one["bid_micros"] for one in sold)
    # "lamp" is one of four words, and the commonest: below 0.4 of the query
    asked["query"] = "lamp velvet armchair upholstered"
    answer = (await house.call("POST", "/v1/ads", json=asked)).json()
    assert (answer["ads"], answer["no_fill_reason"]) == ([], "below_relevance")
    await house.call("PUT", own, json=SPEC | {"relevance_floor_ppm": 0})
    await house.reload()
    answer = (await house.call("POST", "/v1/ads", json=asked)).json()
    assert len(answer["ads"]) == 3


async def test_placements_put_and_deleted_at_once_hold_nobody_up(house: House) -> None:
    own = f"{PATH}/busy"
    calls = [house.call("PUT", own, json=SPEC | {"slots": 1 + n % 3}) for n in range(6)]
    calls += [house.call("DELETE", own) for _ in range(6)]
    statuses = {answer.status_code for answer in await asyncio.gather(*calls)}
    assert statuses <= {200, 201, 204, 404}


async def test_merchants_look_at_placements_and_leave_them_alone(house: House) -> None:
    merchant = house.shop.merchant
    listed = await house.read(PATH, key=merchant)
    assert [one["name"] for one in listed["data"]] == ["search_top"]
    assert (await house.call("GET", f"{PATH}/search_top", key=merchant)).status_code == 200
    put = await house.call("PUT", f"{PATH}/search_top", key=merchant, json=SPEC)
    gone = await house.call("DELETE", f"{PATH}/search_top", key=merchant)
    assert (put.status_code, gone.status_code) == (403, 403)
    theirs = await house.call("PUT", f"{PATH}/only_theirs", key=house.other.admin, json=SPEC)
    assert theirs.status_code == 201
    assert (await house.call("GET", f"{PATH}/only_theirs")).status_code == 404
    assert (await house.call("DELETE", f"{PATH}/only_theirs")).status_code == 404


async def test_platforms_are_those_in_use_with_what_runs_on_them(house: House) -> None:
    rival = await house.made("/v1/advertisers", {"name": "Rival"})
    common = {"name": "x", "bid_micros": 1, "budget_micros": 1}
    for owner, platforms in (
        (rival["id"], ["app", "tv"]),
        (rival["id"], ["web"]),
        (house.shop.campaign.advertiser_id, ["app"]),
    ):
        await house.made(
            "/v1/campaigns", common | {"advertiser_id": owner, "platforms": platforms}
        )
    ended = await house.made(
        "/v1/campaigns", common | {"advertiser_id": rival["id"], "platforms": ["tv"]}
    )
    await house.call("PATCH", f"/v1/campaigns/{ended['id']}", json={"status": "ended"})
    await house.call("PUT", f"{PATH}/app_search", json=SPEC)

    async def listed(key: str | None = None) -> list[tuple[str, int, int]]:
        page = await house.read("/v1/platforms", key=key)
        return [(one["name"], one["placements"], one["campaigns"]) for one in page["data"]]

    # the shop's own campaign names no platform, so it runs on all three
    assert await listed() == [("app", 1, 3), ("tv", 0, 2), ("web", 1, 2)]
    assert await listed(house.shop.merchant) == [("app", 1, 2), ("web", 1, 1)]
    assert await listed(house.other.admin) == [("web", 1, 1)]
    page = await house.read("/v1/platforms?limit=2")
    rest = await house.read(f"/v1/platforms?limit=2&cursor={page['next']}")
    assert [one["name"] for one in (*page["data"], *rest["data"])] == ["app", "tv", "web"]


async def test_the_shorter_of_a_placements_and_its_platforms_limit_holds(house: House) -> None:
    own = f"{PATH}/app_search"
    await house.call("PUT", own, json=SPEC | {"phrase_position": "suffix"})
    listed = await house.read("/v1/platforms")
    assert [one["title_limit"] for one in listed["data"]] == [None, None]
    limited = await house.call("PUT", "/v1/platforms/app", json={"title_limit": 12})
    assert (limited.status_code, limited.json()["title_limit"]) == (200, 12)
    await house.reload()
    body = {"query": "lamp", "placement": "app_search"}
    titles = [ad["title"] for ad in (await house.call("POST", "/v1/ads", json=body)).json()["ads"]]
    assert max(len(title["text"]) for title in titles) <= 12
    assert all("…" in title["text"] for title in titles)
    # the placement's own limit stands as it was given, and holds again without the platform's
    assert (await house.read(own))["title_limit"] == 150
    headers = {"if-match": limited.headers["etag"]}
    again = await house.call("PUT", "/v1/platforms/app", json={}, headers=headers)
    assert again.json()["title_limit"] is None
    await house.reload()
    answer = await house.call("POST", "/v1/ads", json=body)
    assert all(ad["title"]["text"] == ad["title"]["original"] for ad in answer.json()["ads"])
    late = await house.call("PUT", "/v1/platforms/app", json={}, headers=headers)
    assert late.status_code == 412
    actions = await house.rows("SELECT action FROM audit_log WHERE resource = 'platform'")
    assert actions == [("change",), ("change",)]


async def test_only_platforms_that_are_named_are_limited_and_only_by_the_shop(
    house: House,
) -> None:
    put = {"title_limit": 40}
    assert (await house.call("PUT", "/v1/platforms/radio", json=put)).status_code == 404
    for wrong in (9, 501, "40"):
        refused = await house.call("PUT", "/v1/platforms/web", json={"title_limit": wrong})
        assert refused.status_code == 422
    merchant = house.shop.merchant
    assert (
        await house.call("PUT", "/v1/platforms/web", key=merchant, json=put)
    ).status_code == 403
