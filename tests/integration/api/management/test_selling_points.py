"""Selling points are approved, locked and banned; titles follow within a second."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from service.store.catalogue import put_products
from service.store.selling_points import load_verdicts
from service.worker.bans import follow_bans
from tests.integration.worker.shop import eventually, products
from tests.unit.contract.test_tagger_file import tagger

if TYPE_CHECKING:
    from tests.integration.api.management.conftest import House

PATH = "/v1/products/{}/selling-points"
OWN = PATH.format("100001")


async def points(house: House, path: str = OWN) -> dict[str, dict[str, Any]]:
    """The selling points by text."""
    found = await house.read(path)
    return {one["text"]: one for one in found["selling_points"]}


async def say(house: House, text: str, state: str, **options: Any) -> Any:
    known = await points(house)
    body = {"selling_points": [{"id": known[text]["id"], "state": state}]}
    return await house.call("PUT", OWN, json=body, **options)


async def test_selling_points_are_listed_with_their_evidence(house: House) -> None:
    spec = {
        "title": "Lamp",
        "link": "/p/100001",
        "price_micros": 1,
        "highlights": ["20% off"],
        "attributes": {"material": "solid oak", "dimmable": "yes", "sku": "A-1"},
    }
    await house.call("PUT", "/v1/products/100001", json=spec)
    found = await house.read(OWN)
    assert found["product_id"] == "100001"
    (told_at,) = {one["evidence"].pop("version") for one in found["selling_points"]}
    assert datetime.now(UTC) - datetime.fromisoformat(told_at) < timedelta(minutes=5)
    assert [
        (one["text"], one["kind"], one["state"], one["evidence"])
        for one in found["selling_points"]
    ] == [
        ("20% off", "promo", "suggested", {"field": "highlight", "value": "20% off"}),
        ("dimmable", "attribute", "suggested", {"field": "dimmable", "value": "yes"}),
        ("solid oak", "attribute", "suggested", {"field": "material", "value": "solid oak"}),
    ]
    ends = [one["valid_until"] for one in found["selling_points"]]
    assert datetime.fromisoformat(ends[0]) == datetime.fromisoformat(told_at) + timedelta(days=14)
    assert ends[1:] == [None, None]


async def test_what_was_found_in_the_title_is_listed_too(house: House) -> None:
    house.state.tagger = tagger()
    spec = {"title": "Table 40mm, Solid Oak", "link": "/p", "price_micros": 1}
    await house.call("PUT", "/v1/products/100001", json=spec | {"category": "Tables"})
    found = await points(house)
    assert {text: (one["kind"], one["evidence"]["field"]) for text, one in found.items()} == {
        "40mm": ("attribute", "title"),
        "Solid Oak": ("attribute", "title"),
    }
    await say(house, "Solid Oak", "banned")
    assert (await points(house))["Solid Oak"]["barred"] == "banned"


async def test_a_state_is_kept_through_imports_deletion_and_other_spellings(house: House) -> None:
    banned = await say(house, "oak base", "banned")
    assert [one["state"] for one in banned.json()["selling_points"]] == ["banned"]
    store_id = house.shop.store_id
    lamp = products(1)[0]
    async with house.engine.begin() as connection:
        await put_products(connection, store_id, [lamp])
    assert (await points(house))["oak base"]["state"] == "banned"

    bare = {"title": "Lamp", "link": "/p/1", "price_micros": 1}
    await house.call("PUT", "/v1/products/100001", json=bare)
    gone = (await points(house))["oak base"]
    assert (gone["state"], gone["evidence"], gone["kind"]) == ("banned", None, None)
    await house.call("DELETE", "/v1/products/100001")
    assert (await house.call("GET", OWN)).status_code == 404
    shouted = bare | {"highlights": ["OAK Base!", "brass foot"]}
    await house.call("PUT", "/v1/products/100001", json=shouted)
    back = await points(house)
    assert {text: one["state"] for text, one in back.items()} == {
        "OAK Base!": "banned",
        "brass foot": "suggested",
    }
    # said anew under the new spelling, nothing of the old is left
    await say(house, "OAK Base!", "approved")
    assert (await points(house))["OAK Base!"]["state"] == "approved"
    async with house.engine.connect() as connection:
        kept = await load_verdicts(connection, store_id)
    assert [verdict.text for verdict in kept["100001"]] == ["OAK Base!"]
    await say(house, "OAK Base!", "suggested")
    async with house.engine.connect() as connection:
        assert await load_verdicts(connection, store_id) == {}


async def test_what_is_said_is_conditional_recorded_and_seen_by_snapshots(house: House) -> None:
    version = "SELECT catalogue_version FROM stores WHERE id = :id"
    before = await house.rows(version, id=house.shop.store_id)
    etag = (await house.call("GET", OWN)).headers["etag"]
    first = await say(house, "oak base", "locked", headers={"if-match": etag})
    assert first.status_code == 200
    stale = await say(house, "oak base", "banned", headers={"if-match": etag})
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
    raised = await house.rows(version, id=house.shop.store_id)
    assert raised > before
    again = await say(house, "oak base", "locked")
    assert again.headers["etag"] == first.headers["etag"]
    assert await house.rows(version, id=house.shop.store_id) == raised
    entries = (await house.read("/v1/audit-log?resource=selling_points"))["data"]
    assert [entry["after"]["selling_points"][0]["state"] for entry in entries] == ["locked"]


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ([{"id": "sp_none", "state": "banned"}], "/selling_points/0/id", "unknown_selling_point"),
        ([{"id": "sp_none", "state": "gone"}], "/selling_points/0/state", "enum"),
        ([], "/selling_points", "too_short"),
        (None, "/selling_points/1/id", "repeated"),
    ],
)
async def test_what_cannot_be_said_is_refused(
    house: House, body: list[dict[str, str]] | None, pointer: str, code: str
) -> None:
    if body is None:
        one = (await points(house))["oak base"]["id"]
        body = [{"id": one, "state": "banned"}, {"id": one, "state": "locked"}]
    answer = await house.call("PUT", OWN, json={"selling_points": body})
    assert answer.status_code == 422
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [(pointer, code)]
    assert (await points(house))["oak base"]["state"] == "suggested"


async def test_a_merchant_speaks_of_the_products_of_its_ads_only(house: House) -> None:
    spec = {"title": "Rug", "link": "/p/1", "price_micros": 1, "highlights": ["soft wool"]}
    await house.call("PUT", "/v1/products/rug", json=spec)
    merchant = house.shop.merchant
    assert (await house.call("GET", OWN, key=merchant)).status_code == 200
    assert (await say(house, "oak base", "approved", key=merchant)).status_code == 200
    for method, body in (
        ("GET", None),
        ("PUT", {"selling_points": [{"id": "x", "state": "banned"}]}),
    ):
        for path, key in (
            (PATH.format("rug"), merchant),
            (PATH.format("rug"), house.other.admin),
            (PATH.format("none"), house.shop.admin),
        ):
            answer = await house.call(method, path, key=key, json=body)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_ban_is_in_force_at_once_without_a_new_snapshot(house: House) -> None:
    """Large shops' snapshots take a while; here none is built at all."""
    live = house.state.live
    following = asyncio.create_task(follow_bans(live, house.engine))

    async def muted() -> bool:
        return bool(live[house.shop.store_id].snapshot.muted)

    await say(house, "oak base", "banned")
    await eventually(muted)
    assert not live[house.other.store_id].snapshot.muted

    async def lifted() -> bool:
        return not await muted()

    await say(house, "oak base", "suggested")
    await eventually(lifted)
    following.cancel()
