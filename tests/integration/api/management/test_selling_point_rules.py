"""Store and merchants say what no title may say; the report counts who said what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from service.store.catalogue import load_catalogue

if TYPE_CHECKING:
    from tests.integration.api.management.conftest import House

STORE = "/v1/selling-point-rules"
REPORT = "/v1/reports/opt-outs"
POINTS = "/v1/products/100001/selling-points"
LAMP = {
    "title": "Lamp",
    "link": "/p/100001",
    "price_micros": 1_000_000,
    "brand": "Lumo",
    "highlights": ["the best light", "soft wool", "until 2020-01-01", "relieves pain"],
}


def of_merchant(house: House) -> str:
    return f"/v1/advertisers/{house.shop.campaign.advertiser_id}/selling-point-rules"


async def barred(house: House) -> dict[str, str | None]:
    found = await house.read(POINTS)
    return {one["text"]: one["barred"] for one in found["selling_points"]}


async def put(house: House, path: str, **rules: Any) -> Any:
    response = await house.call("PUT", path, json=rules)
    assert response.status_code == 200, response.text
    return response


async def test_a_point_says_why_no_title_does(house: House) -> None:
    await house.call("PUT", "/v1/products/100001", json=LAMP)
    assert await barred(house) == {
        "the best light": "superlative",
        "soft wool": None,
        "until 2020-01-01": "expired",
        "relieves pain": "health_claim",
    }
    await put(house, STORE, allowed=["best light"], banned=["wools"])
    assert (await barred(house))["the best light"] is None
    assert (await barred(house))["soft wool"] == "banned_phrase"
    certified = LAMP | {"attributes": {"certification": "EN 60601"}}
    await house.call("PUT", "/v1/products/100001", json=certified)
    assert (await barred(house))["relieves pain"] is None
    await put(house, of_merchant(house), opted_out=True)
    assert set((await barred(house)).values()) == {"opted_out", "expired"}


async def test_rules_are_read_replaced_conditional_and_recorded(house: House) -> None:
    empty = {"banned": [], "allowed": [], "opted_out": False}
    assert await house.read(STORE) == await house.read(of_merchant(house)) == empty
    first = await put(house, STORE, banned=["cheap"])
    assert first.json() == await house.read(STORE) == empty | {"banned": ["cheap"]}
    stale = {"if-match": '"000000000000000000000000"'}
    refused = await house.call("PUT", STORE, json={}, headers=stale)
    assert refused.status_code == 412
    fresh = {"if-match": first.headers["etag"]}
    assert (await house.call("PUT", STORE, json={}, headers=fresh)).json() == empty
    entries = (await house.read("/v1/audit-log"))["data"]
    kinds = [one["action"] for one in entries if one["resource"] == "selling_point_rules"]
    assert kinds == ["change", "change"]
    await put(house, STORE)
    assert len((await house.read("/v1/audit-log"))["data"]) == len(entries)


async def test_rules_reach_the_catalogue_that_snapshots_are_built_from(house: House) -> None:
    async with house.engine.connect() as connection:
        before = await load_catalogue(connection, house.shop.store_id)
    await put(house, STORE, banned=["cheap"])
    await put(house, of_merchant(house), opted_out=True)
    async with house.engine.connect() as connection:
        after = await load_catalogue(connection, house.shop.store_id)
        other = await load_catalogue(connection, house.other.store_id)
    assert after.version == before.version + 2
    assert (before.point_rules, other.point_rules) == ({}, {})
    merchant = house.shop.campaign.advertiser_id
    assert {name: (one.banned, one.opted_out) for name, one in after.point_rules.items()} == {
        "": (("cheap",), False),
        merchant: ((), True),
    }


async def test_a_merchant_makes_its_own_rules_only(house: House) -> None:
    own = of_merchant(house)
    key = house.shop.merchant
    assert (await house.call("PUT", own, json={"banned": ["x"]}, key=key)).status_code == 200
    assert (await house.call("GET", STORE, key=key)).status_code == 403
    other = own.replace(house.shop.campaign.advertiser_id, "adv_other")
    assert (await house.call("GET", other, key=key)).status_code == 404
    assert (await house.call("PUT", other, json={})).status_code == 404


@pytest.mark.parametrize(
    "body",
    [{"banned": [""]}, {"banned": ["a\nb"]}, {"opted_out": 1}, {"unknown": 1}, {"banned": "x"}],
)
async def test_what_is_no_rule_is_refused(house: House, body: dict[str, Any]) -> None:
    assert (await house.call("PUT", STORE, json=body)).status_code == 422


async def say(house: House, product_id: str, key: str | None = None, **states: str) -> None:
    """Say something of the selling points of these texts."""
    path = f"/v1/products/{product_id}/selling-points"
    ids = {one["text"]: one["id"] for one in (await house.read(path))["selling_points"]}
    said = [{"id": ids[text], "state": state} for text, state in states.items()]
    response = await house.call("PUT", path, json={"selling_points": said}, key=key)
    assert response.status_code == 200, response.text


async def test_the_report_counts_who_said_what(house: House) -> None:
    goods = {"title": "Lamp", "link": "/p", "price_micros": 1, "highlights": ["Oak", "Wool"]}
    for product_id in ("100001", "100002"):
        await house.call("PUT", f"/v1/products/{product_id}", json=goods)
        await say(house, product_id, Oak="banned", Wool="locked")
    for state in ("approved", "banned"):  # the merchant takes one over
        await say(house, "100001", house.shop.merchant, Oak=state)
    await put(house, STORE, banned=["Cheap"])
    await put(house, of_merchant(house), banned=["cheap", "glue"], opted_out=True)
    found = await house.read(REPORT)
    assert [tuple(row.values()) for row in found["data"]] == [
        ("banned", "oak", 2, 1, True),
        ("listed", "cheap", None, 1, True),
        ("listed", "glue", None, 1, False),
        ("locked", "wool", 2, 0, True),
        ("opted_out", "", None, 1, False),
    ]
    totals = found["totals"]
    assert (totals["products_banned"], totals["products_locked"]) == (2, 2)
    assert totals["products"] >= 2
    assert (totals["merchants"], totals["merchants_banning"]) == (1, 1)
    assert (totals["merchants_locking"], totals["merchants_opted_out"]) == (0, 1)
    page = await house.read(REPORT, params={"limit": 2})
    rest = await house.read(REPORT, params={"limit": 3, "cursor": page["next"]})
    assert page["data"] + rest["data"] == found["data"]
    assert (rest["next"], rest["totals"]) == (None, totals)


async def test_a_merchant_sees_in_the_report_what_it_said_itself(house: House) -> None:
    await put(house, STORE, banned=["cheap"])
    await put(house, of_merchant(house), banned=["glue"])
    own = (await house.call("GET", REPORT, key=house.shop.merchant_admin)).json()
    assert [row["phrase"] for row in own["data"]] == ["glue"]
    assert own["totals"]["merchants"] == 1
