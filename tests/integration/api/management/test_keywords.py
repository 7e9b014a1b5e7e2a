"""Keywords and negatives of a campaign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from service.api.management import keyword_items

if TYPE_CHECKING:
    from tests.integration.api.management.conftest import House


@pytest.fixture
async def path(house: House) -> str:
    """Where the keywords of the shop's campaign are; it comes with a broad "lamp"."""
    return f"/v1/campaigns/{house.shop.campaign.campaign_id}/keywords"


async def post(house: House, path: str, *words: Any) -> list[dict[str, Any]]:
    response = await house.call("POST", path, json={"keywords": words})
    assert response.status_code == 200, response.text
    results: list[dict[str, Any]] = response.json()["results"]
    return results


async def test_keywords_are_added_each_with_its_result(house: House, path: str) -> None:
    results = await post(
        house,
        path,
        {"text": "Desk <b>Lamp</b>", "match_type": "phrase"},
        {"text": "cheap", "negative": True},
        {"text": "lamp"},
        {"text": "lamp", "match_type": "exact"},
        {"text": "cheap", "negative": True},
        {"text": "<b>"},
        {"text": "x" * 81},
        {"text": "lamp", "match_type": "fuzzy"},
    )
    assert [one["status"] for one in results] == [201, 201, 409, 201, 409, 422, 422, 422]
    listed = (await house.read(path))["data"]
    found = {(one["text"], one["match_type"], one["negative"]) for one in listed}
    assert found == {
        ("lamp", "broad", False),
        ("lamp", "exact", False),
        ("desk lamp", "phrase", False),
        ("cheap", "broad", True),
    }
    assert {one["campaign_id"] for one in listed} == {house.shop.campaign.campaign_id}
    assert [one["id"] for one in listed] == sorted(one["id"] for one in listed)


async def test_a_negative_keeps_the_ads_of_its_campaign_away(house: House, path: str) -> None:
    async def shown() -> str | None:
        await house.reload()
        answer = await house.call(
            "POST", "/v1/ads", json={"query": "lamp cheap", "placement": "search_top"}
        )
        reason: str | None = answer.json()["no_fill_reason"]
        return reason

    assert await shown() is None
    await post(house, path, {"text": "cheap", "negative": True})
    assert await shown() is not None


async def test_a_keyword_is_read_changed_and_removed(house: House, path: str) -> None:
    made = (await post(house, path, {"text": "desk lamp"}))[0]["id"]
    own = f"{path}/{made}"
    read = await house.call("GET", own)
    assert read.json() == {
        "id": made,
        "campaign_id": house.shop.campaign.campaign_id,
        "text": "desk lamp",
        "match_type": "broad",
        "negative": False,
    }
    etag = {"if-match": read.headers["etag"]}
    changed = await house.call(
        "PATCH", own, json={"text": "Table Lamp", "match_type": "exact"}, headers=etag
    )
    assert changed.json() == read.json() | {"text": "table lamp", "match_type": "exact"}
    assert await house.read(own) == changed.json()
    assert (await house.call("PATCH", own, json={"negative": True}, headers=etag)).status_code == (
        412
    )
    same = await house.call("PATCH", own, json={"match_type": "exact"})
    assert (same.status_code, same.json()) == (200, changed.json())
    taken = await house.call("PATCH", own, json={"text": "lamp", "match_type": "broad"})
    assert (taken.status_code, taken.json()["code"]) == (409, "conflict")
    empty = await house.call("PATCH", own, json={"text": "<i>"})
    assert [error["pointer"] for error in empty.json()["errors"]] == ["/text"]
    assert (await house.call("DELETE", own, headers=etag)).status_code == 412
    assert (await house.call("DELETE", own)).status_code == 204
    assert (await house.call("GET", own)).status_code == 404


async def test_a_campaign_holds_so_many_keywords(
    house: House, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyword_items, "MOST_KEYWORDS", 2)
    results = await post(house, path, {"text": "one"}, {"text": "two"})
    assert [one["status"] for one in results] == [201, 422]


async def test_keywords_of_others_do_not_exist(house: House, path: str) -> None:
    theirs = f"/v1/campaigns/{house.other.campaign.campaign_id}/keywords"
    keyword = (await house.read(theirs, key=house.other.admin))["data"][0]["id"]
    own = (await house.read(path))["data"][0]["id"]
    for key in (house.shop.admin, house.shop.merchant):
        for method, where, json in (
            ("GET", theirs, None),
            ("POST", theirs, {"keywords": [{"text": "mine"}]}),
            ("GET", f"{theirs}/{keyword}", None),
            ("PATCH", f"{theirs}/{keyword}", {"text": "mine"}),
            ("DELETE", f"{theirs}/{keyword}", None),
            ("GET", f"{path}/{keyword}", None),
            ("PATCH", f"{path}/{keyword}", {"text": "mine"}),
            ("DELETE", f"{path}/{keyword}", None),
            ("GET", f"{theirs}/{own}", None),  # its own, under another's campaign
        ):
            response = await house.call(method, where, key=key, json=json)
            assert (response.status_code, response.json()["code"]) == (404, "not_found"), where


async def test_an_ended_campaign_takes_no_keywords(house: House, path: str) -> None:
    keyword = (await house.read(path))["data"][0]["id"]
    await house.call("PATCH", path.removesuffix("/keywords"), json={"status": "ended"})
    for method, where, json in (
        ("POST", path, {"keywords": [{"text": "late"}]}),
        ("PATCH", f"{path}/{keyword}", {"text": "late"}),
    ):
        assert (await house.call(method, where, json=json)).status_code == 409


async def test_keywords_made_by_an_import_have_ids_too(house: House, path: str) -> None:
    await house.run(
        "INSERT INTO keywords (campaign_id, text, match_type) VALUES (:id, 'old', 'exact')",
        id=house.shop.campaign.campaign_id,
    )
    listed = (await house.read(path))["data"]
    old = next(one for one in listed if one["text"] == "old")
    assert old["id"].startswith("kw_")
    assert (await house.call("DELETE", f"{path}/{old['id']}")).status_code == 204
