"""API keys: shown once, kept as SHA-256, bound, revoked; and the audit log."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.integration.api.management.conftest import House

PATH = "/v1/keys"
DRAFT: dict[str, Any] = {"name": "Feed upload", "kind": "secret", "scopes": ["manage"]}


async def everything(house: House) -> str:
    """All text that the tables hold."""
    tables = await house.rows(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    )
    found = []
    for (table,) in tables:
        found += await house.rows(f'SELECT t::text FROM "{table}" t')  # noqa: S608 - our own names
    return "\n".join(row[0] for row in found)


async def test_a_key_is_shown_once_works_and_is_revoked(house: House) -> None:
    headers = {"idempotency-key": "one key"}
    response = await house.call("POST", PATH, json=DRAFT, headers=headers)
    made = response.json()
    assert response.status_code == 201
    assert made["key"].startswith("sk_")
    assert made["scopes"] == ["manage"]
    assert made["advertiser_id"] is None
    digest = sha256(made["key"].encode()).digest()
    kept = await house.rows("SELECT id, name FROM api_keys WHERE sha256 = :sha", sha=digest)
    assert kept == [(made["id"], "Feed upload")]
    text = await everything(house)
    assert made["id"] in text
    assert made["key"] not in text
    assert made["key"].encode().hex() not in text  # nor as bytes

    again = await house.call("POST", PATH, json=DRAFT, headers=headers)
    assert again.json() == made | {"key": None}

    assert (await house.call("GET", "/v1/campaigns", key=made["key"])).status_code == 401
    await house.reload()
    assert (await house.call("GET", "/v1/campaigns", key=made["key"])).status_code == 200
    assert (await house.call("GET", PATH, key=made["key"])).status_code == 403

    own = f"{PATH}/{made['id']}"
    read = await house.call("GET", own)
    assert read.json() == {name: made[name] for name in made if name != "key"}
    assert read.headers["etag"] == response.headers["etag"]
    assert (await house.call("DELETE", own)).status_code == 204
    assert (await house.call("DELETE", own)).status_code == 404
    assert (await house.call("GET", own)).status_code == 404
    await house.reload()
    assert (await house.call("GET", "/v1/campaigns", key=made["key"])).status_code == 401


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"kind": "publishable"}, "/scopes/0"),  # manage
        ({"kind": "publishable", "scopes": ["serve", "admin"]}, "/scopes/1"),
        ({"kind": "open"}, "/kind"),
        ({"scopes": []}, "/scopes"),
        ({"scopes": ["root"]}, "/scopes/0"),
        ({"advertiser_id": "adv_none"}, None),
        ({"origins": ["https://shop.example/path"]}, None),
        ({"key": "sk_mine"}, "/key"),
    ],
)
async def test_a_key_that_cannot_be_is_refused(
    house: House, changes: dict[str, Any], pointer: str | None
) -> None:
    response = await house.call("POST", PATH, json=DRAFT | changes)
    assert response.status_code == 422
    expected = [pointer] if pointer else []
    assert [error["pointer"] for error in response.json()["errors"]] == expected


async def test_a_publishable_key_serves_from_its_origins(house: House) -> None:
    made = await house.made(
        PATH,
        {
            "name": "Page",
            "kind": "publishable",
            "scopes": ["serve", "serve", "events"],
            "origins": ["https://Lamps.example/"],
        },
    )
    assert made["key"].startswith("pk_")
    assert made["scopes"] == ["serve", "events"]
    assert made["origins"] == ["https://lamps.example"]
    await house.reload()
    body = {"query": "lamp", "placement": "search_top"}
    for origin, status in (("https://lamps.example", 200), ("https://evil.example", 403)):
        response = await house.call(
            "POST", "/v1/ads", key=made["key"], json=body, headers={"origin": origin}
        )
        assert response.status_code == status


async def test_a_merchants_admin_makes_and_sees_keys_of_that_merchant_only(house: House) -> None:
    rival = await house.made("/v1/advertisers", {"name": "Rival"})
    owner = house.shop.campaign.advertiser_id
    admin = house.shop.merchant_admin
    made = await house.made(PATH, DRAFT, key=admin)
    assert made["advertiser_id"] == owner  # bound though it did not ask to be
    theirs = await house.made(PATH, DRAFT | {"advertiser_id": rival["id"]})
    for body, pointer in (
        (DRAFT | {"advertiser_id": rival["id"]}, "/advertiser_id"),
        (DRAFT | {"scopes": ["serve"]}, "/scopes/0"),  # explain would show what rivals bid
        (DRAFT | {"scopes": ["events"]}, "/scopes/0"),
        (DRAFT | {"kind": "publishable", "scopes": ["serve"]}, "/scopes/0"),
    ):
        response = await house.call("POST", PATH, key=admin, json=body)
        assert response.status_code == 422
        assert [error["pointer"] for error in response.json()["errors"]] == [pointer]
    listed = (await house.read(PATH, key=admin))["data"]
    assert {one["advertiser_id"] for one in listed} == {owner}
    assert len(listed) == 3  # the two that the shop came with, and the new one
    assert len((await house.read(PATH))["data"]) == 8
    for method in ("GET", "DELETE"):
        response = await house.call(method, f"{PATH}/{theirs['id']}", key=admin)
        assert response.status_code == 404
        response = await house.call(method, f"{PATH}/{made['id']}", key=house.other.admin)
        assert response.status_code == 404
    await house.reload()
    campaigns = await house.read("/v1/campaigns", key=made["key"])
    assert {one["advertiser_id"] for one in campaigns["data"]} == {owner}


async def test_a_key_does_not_revoke_itself(house: House) -> None:
    listed = (await house.read(PATH))["data"]
    own = next(
        one["id"] for one in listed if one["scopes"] == ["admin"] and not one["advertiser_id"]
    )
    response = await house.call("DELETE", f"{PATH}/{own}")
    assert (response.status_code, response.json()["code"]) == (409, "conflict")


async def test_the_audit_log_tells_each_merchant_of_its_own_newest_first(house: House) -> None:
    rival = await house.made("/v1/advertisers", {"name": "Rival"})
    own = f"/v1/campaigns/{house.shop.campaign.campaign_id}"
    await house.call("PATCH", own, json={"name": "First"})
    await house.call("PATCH", own, json={"name": "Second"}, key=house.shop.merchant)
    entries = (await house.read("/v1/audit-log"))["data"]
    assert [(one["resource"], one["action"]) for one in entries] == [
        ("campaign", "change"), ("campaign", "change"), ("advertiser", "create"),
    ]  # fmt: skip
    newest = entries[0]
    assert (newest["before"]["name"], newest["after"]["name"]) == ("First", "Second")
    keys = await house.rows(
        "SELECT id FROM api_keys WHERE sha256 = :sha",
        sha=sha256(house.shop.merchant.encode()).digest(),
    )
    assert newest["key_id"] == keys[0][0]
    mine = (await house.read("/v1/audit-log", key=house.shop.merchant_admin))["data"]
    assert mine == entries[:2]
    assert (await house.read("/v1/audit-log", key=house.other.admin))["data"] == []
    assert (await house.call("GET", "/v1/audit-log", key=house.shop.manager)).status_code == 403
    about = await house.read(f"/v1/audit-log?resource=advertiser&resource_id={rival['id']}")
    assert about["data"] == entries[2:]

    page = await house.read("/v1/audit-log?limit=2")
    rest = await house.read(f"/v1/audit-log?limit=2&cursor={page['next']}")
    assert page["data"] + rest["data"] == entries
    assert rest["next"] is None
    advertisers = await house.read("/v1/advertisers?limit=1")
    wrong = await house.call("GET", f"/v1/audit-log?cursor={advertisers['next']}")
    assert [error["pointer"] for error in wrong.json()["errors"]] == ["/query/cursor"]
