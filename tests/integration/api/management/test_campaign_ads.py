"""Ads: made in bulk, each item with its own result."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from service.api.management import ad_items

if TYPE_CHECKING:
    from tests.integration.api.management.conftest import House


@pytest.fixture
async def path(house: House) -> str:
    """Where ads of a new campaign are made."""
    body = {
        "advertiser_id": house.shop.campaign.advertiser_id,
        "name": "More lamps",
        "bid_micros": 300_000,
        "budget_micros": 1_000_000,
    }
    return f"/v1/campaigns/{(await house.made('/v1/campaigns', body))['id']}/ads"


async def post(house: House, path: str, *ads: Any, **options: Any) -> dict[str, Any]:
    response = await house.call("POST", path, json={"ads": ads}, **options)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def test_good_ads_are_made_and_bad_ones_are_named(house: House, path: str) -> None:
    answer = await post(
        house,
        path,
        {"product_id": "100001"},
        {"product_id": "100002", "bid_micros": 0},
        {"product_id": "100003", "bid_micros": 250_000, "active": False},
        {"product_id": "999999"},
        {"product_id": "100001"},
        {"product": "100004"},
    )
    assert (answer["made"], answer["refused"]) == (2, 4)
    results = answer["results"]
    assert [one["index"] for one in results] == [0, 1, 2, 3, 4, 5]
    assert [one["status"] for one in results] == [201, 422, 201, 422, 409, 422]
    assert [[error["pointer"] for error in one["errors"]] for one in results] == [
        [], ["/bid_micros"], [], ["/product_id"], ["/product_id"], ["/product_id", "/product"],
    ]  # fmt: skip
    first = await house.read(f"/v1/ads/{results[0]['id']}")
    assert first == {
        "id": results[0]["id"],
        "campaign_id": path.split("/")[3],
        "product_id": "100001",
        "bid_micros": None,
        "active": True,
    }
    third = await house.read(f"/v1/ads/{results[2]['id']}")
    assert (third["bid_micros"], third["active"]) == (250_000, False)


async def test_one_batch_raises_the_version_once(house: House, path: str) -> None:
    query = "SELECT catalogue_version FROM stores WHERE id = :id"
    before = (await house.rows(query, id=house.shop.store_id))[0][0]
    await post(house, path, *({"product_id": str(100_001 + row)} for row in range(8)))
    assert (await house.rows(query, id=house.shop.store_id))[0][0] == before + 1


@pytest.mark.parametrize(
    ("body", "status", "pointers"),
    [
        (b'{"ads": []}', 422, ["/ads"]),
        (b'{"ads": [{"product_id": "100001"}], "more": 1}', 422, ["/more"]),
        (b'{"ads": [{"product_id": 1}], "more": 1}', 422, ["/ads/0/product_id", "/more"]),
        (b"{}", 422, ["/ads"]),
        (b'{"ads": {}}', 422, ["/ads"]),
        (b'{"ads": [{"product_id": 1, "product_id": 2}]}', 400, []),
        (b'{"ads": [{"product_id": "100001"}', 400, []),
        (b'{"ads": [' + b'{"product_id": "x"},' * 1000 + b'{"product_id": "x"}]}', 422, ["/ads"]),
    ],
)
async def test_a_body_that_is_no_batch_is_refused_as_a_whole(
    house: House, path: str, body: bytes, status: int, pointers: list[str]
) -> None:
    headers = {"content-type": "application/json"}
    response = await house.call("POST", path, content=body, headers=headers)
    assert response.status_code == status
    assert [error["pointer"] for error in response.json()["errors"]] == pointers
    count = "SELECT count(*) FROM ads WHERE campaign_id = :id"
    assert (await house.rows(count, id=path.split("/")[3]))[0][0] == 0


async def test_a_thousand_bad_items_each_get_their_result(house: House, path: str) -> None:
    answer = await post(house, path, *({"product_id": 1} for _ in range(1000)))
    assert (answer["made"], answer["refused"], len(answer["results"])) == (0, 1000, 1000)


async def test_a_batch_sent_again_makes_nothing_new(house: House, path: str) -> None:
    headers = {"idempotency-key": "ads"}
    ads = [{"product_id": "100001"}, {"product_id": 2}]
    answers = await asyncio.gather(*(post(house, path, *ads, headers=headers) for _ in range(4)))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["made"] == 1
    assert (await post(house, path, *ads))["made"] == 0


async def test_two_batches_at_once_make_no_product_twice(house: House, path: str) -> None:
    ads = [{"product_id": str(100_001 + row)} for row in range(8)]
    answers = await asyncio.gather(*(post(house, path, *ads) for _ in range(4)))
    assert sum(answer["made"] for answer in answers) == 8
    count = "SELECT count(*) FROM ads WHERE campaign_id = :id"
    assert (await house.rows(count, id=path.split("/")[3]))[0][0] == 8


async def test_a_campaign_holds_so_many_ads(
    house: House, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ad_items, "MOST_ADS", 3)
    await post(house, path, {"product_id": "100001"}, {"product_id": "100002"})
    answer = await post(house, path, {"product_id": "100003"}, {"product_id": "100004"})
    assert [one["status"] for one in answer["results"]] == [201, 422]
    assert answer["results"][1]["errors"][0]["code"] == "too_many"


async def test_an_ended_campaign_takes_no_ads(house: House, path: str) -> None:
    await house.call("PATCH", path.removesuffix("/ads"), json={"status": "ended"})
    response = await house.call("POST", path, json={"ads": [{"product_id": "100001"}]})
    assert (response.status_code, response.json()["code"]) == (409, "conflict")


async def test_an_ad_is_changed_and_deleted(house: House, path: str) -> None:
    made = (await post(house, path, {"product_id": "100001"}))["results"][0]["id"]
    own = f"/v1/ads/{made}"
    etag = (await house.call("GET", own)).headers["etag"]
    changed = await house.call(
        "PATCH", own, json={"bid_micros": 99, "active": False}, headers={"if-match": etag}
    )
    assert (changed.json()["bid_micros"], changed.json()["active"]) == (99, False)
    again = await house.call("PATCH", own, json={"active": True}, headers={"if-match": etag})
    assert again.status_code == 412
    cleared = await house.call("PATCH", own, json={"bid_micros": None})
    assert (cleared.json()["bid_micros"], cleared.json()["active"]) == (None, False)
    assert await house.read(own) == cleared.json()
    for body in ({"bid_micros": 0}, {"bid_micros": -5}, {"active": None}, {"product_id": "1"}):
        assert (await house.call("PATCH", own, json=body)).status_code == 422
    assert (await house.call("DELETE", own)).status_code == 204
    assert (await house.call("GET", own)).status_code == 404


async def test_ads_are_listed_by_campaign_and_product(house: House, path: str) -> None:
    made = (await post(house, path, {"product_id": "100001"}))["results"][0]["id"]
    campaign = path.split("/")[3]

    async def listed(query: str, key: str | None = None) -> list[str]:
        return [one["id"] for one in (await house.read(f"/v1/ads{query}", key=key))["data"]]

    assert len(await listed("")) == 9  # the shop came with eight
    assert await listed(f"?campaign_id={campaign}") == [made]
    assert len(await listed("?product_id=100001")) == 2
    assert await listed(f"?product_id=100002&campaign_id={campaign}") == []
    assert len(await listed("?limit=4")) == 4


async def test_a_merchant_sees_and_changes_its_own_ads_only(house: House) -> None:
    rival = await house.made("/v1/advertisers", {"name": "Rival"})
    body = {
        "advertiser_id": rival["id"],
        "name": "Theirs",
        "bid_micros": 1,
        "budget_micros": 1,
    }
    theirs = (await house.made("/v1/campaigns", body))["id"]
    path = f"/v1/campaigns/{theirs}/ads"
    ad = (await post(house, path, {"product_id": "100001"}))["results"][0]["id"]
    assert len((await house.read("/v1/ads"))["data"]) == 9
    assert len((await house.read("/v1/ads", key=house.shop.merchant))["data"]) == 8
    listed = await house.read(f"/v1/ads?campaign_id={theirs}", key=house.shop.merchant)
    assert listed["data"] == []
    for key in (house.shop.merchant, house.shop.merchant_admin, house.other.admin):
        for method, where, json in (
            ("GET", f"/v1/ads/{ad}", None),
            ("PATCH", f"/v1/ads/{ad}", {"active": False}),
            ("DELETE", f"/v1/ads/{ad}", None),
            ("POST", path, {"ads": [{"product_id": "100002"}]}),
        ):
            response = await house.call(method, where, key=key, json=json)
            assert (response.status_code, response.json()["code"]) == (404, "not_found")


async def test_each_ad_of_a_batch_stands_in_the_audit_log(house: House, path: str) -> None:
    answer = await post(house, path, {"product_id": "100001"}, {"product_id": "100002"})
    rows = await house.rows(
        "SELECT resource_id, action, after->>'product_id', advertiser_id FROM audit_log"
        " WHERE resource = 'ad' AND after->>'campaign_id' = :id ORDER BY id",
        id=path.split("/")[3],
    )
    owner = house.shop.campaign.advertiser_id
    assert rows == [
        (answer["results"][0]["id"], "create", "100001", owner),
        (answer["results"][1]["id"], "create", "100002", owner),
    ]
