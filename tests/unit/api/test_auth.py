"""Keys: one store each, scopes, origins; and problems that tell nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from service.api.application import make_application
from service.api.keys import LiveStores
from service.decision.live import Live
from service.decision.terms import KeyKind
from tests.unit.api.shop import OTHER, PAGE, SHOE, api_key, snapshot_of

if TYPE_CHECKING:
    import httpx

    from service.api.state import State
    from tests.unit.api.shop import Log

ADS: dict[str, Any] = {"query": "running shoe", "placement": "search_top"}
EVENTS: dict[str, Any] = {"events": [{"type": "search", "event_id": "e", "query": "q"}]}
TITLES: dict[str, Any] = {"products": ["a1"], "placement": "search_top"}
BODIES = {"/v1/ads": ADS, "/v1/events": EVENTS}
KEYED = {**BODIES, "/v1/titles": TITLES}  # which keys titles take: see the access matrix
SCOPES = ("serve", "events", "manage", "report", "admin")
NEEDED = {"/v1/ads": {"serve", "admin"}, "/v1/events": {"events", "admin"}}


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def test_every_route_that_needs_a_key_is_listed_here() -> None:
    document = make_application("0").openapi()
    operations = [
        (path, operation)
        for path, item in document["paths"].items()
        for operation in item.values()
        if "x-scope" not in operation  # managed routes do not exist without their gate
    ]
    keyed = {path for path, operation in operations if "security" in operation}
    assert keyed == set(KEYED)
    assert set(BODIES) == set(NEEDED)
    open_to_all = {"/livez", "/readyz", "/metrics"}
    signed = {"/i/{token}.gif", "/v/{token}.gif", "/c/{token}"}
    assert {path for path, _ in operations} - keyed == open_to_all | signed


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("store_id", [SHOE, OTHER])
async def test_each_scope_opens_its_own_routes_in_its_own_store(
    client: httpx.AsyncClient, state: State, log: Log, path: str, scope: str, store_id: str
) -> None:
    live = state.live[store_id]
    keys = (*live.snapshot.keys, api_key("sk_new", KeyKind.SECRET, (scope,)))
    state.live[store_id] = replace(live, snapshot=replace(live.snapshot, keys=keys))
    response = await client.post(path, json=BODIES[path], headers=bearer("sk_new"))
    if scope in NEEDED[path]:
        assert response.status_code in {200, 202}
        assert {body["store_id"] for _, body in log.entries} == {store_id}
    else:
        assert response.status_code == 403
        assert response.json()["code"] == "forbidden"
        assert log.entries == []


@pytest.mark.parametrize("path", KEYED)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "sk_a"},
        {"authorization": "Basic sk_a"},
        {"authorization": "Bearer"},
        {"authorization": "Bearer "},
        {"authorization": "Bearer sk_b_gone"},
        {"authorization": "Bearer sk_a sk_b"},
        {"authorization": "Bearer SK_A"},
        {"authorization": "Bearer sk_a\xe9"},
    ],
)
async def test_without_a_key_in_use_nothing_is_told(
    client: httpx.AsyncClient, log: Log, path: str, headers: dict[str, str]
) -> None:
    del client.headers["authorization"]
    raw = {name: value.encode("latin-1") for name, value in headers.items()}
    response = await client.post(path, json=KEYED[path], headers=raw)  # type: ignore[arg-type]
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.json()["code"] == "unauthenticated"
    for secret in ("sk_", "sto_"):
        assert secret not in response.text
    assert log.entries == []


async def test_the_key_may_stand_in_the_query_string(client: httpx.AsyncClient) -> None:
    del client.headers["authorization"]
    for query, status in (
        ("key=sk_a", 200),
        ("x=1&key=sk%5Fa", 200),
        ("key=", 401),
        ("keys=sk_a", 401),
        ("key=sk_b%00", 401),
        ("key=%ff%fe", 401),
    ):
        assert (await client.post(f"/v1/ads?{query}", json=ADS)).status_code == status, query


async def test_bearer_is_read_in_any_case(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/ads", json=ADS, headers={"authorization": "bearer sk_a"})
    assert response.status_code == 200


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("scope", SCOPES)
async def test_a_merchants_key_has_no_part_in_serving(
    client: httpx.AsyncClient, state: State, log: Log, path: str, scope: str
) -> None:
    live = state.live[SHOE]
    key = replace(api_key("sk_lux", KeyKind.SECRET, (scope,)), advertiser_id="adv_1")
    state.live[SHOE] = replace(live, snapshot=replace(live.snapshot, keys=(key,)))
    response = await client.post(path, json=BODIES[path], headers=bearer("sk_lux"))
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    assert log.entries == []


# origins


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 200),
        (PAGE, 200),
        ("https://ads.example", 200),  # the service's own pages
        ("https://evil.example", 403),
        ("http://shop.example", 403),
        ("https://shop.example.evil.example", 403),
        ("null", 403),
        ("", 403),
    ],
)
async def test_a_publishable_key_is_for_its_pages(
    client: httpx.AsyncClient, origin: str | None, status: int
) -> None:
    headers = bearer("pk_a") | ({} if origin is None else {"origin": origin})
    response = await client.post("/v1/ads", json=ADS, headers=headers)
    assert response.status_code == status
    assert (response.headers.get("access-control-allow-origin") == PAGE) == (origin == PAGE)
    assert ("origin" in headers) == (response.headers.get("vary") == "origin")


async def test_a_secret_key_is_not_bound_to_pages(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/ads", json=ADS, headers={"origin": "https://evil.example"})
    assert response.status_code == 200
    assert "access-control-allow-origin" not in response.headers


async def test_a_key_may_be_for_any_page(client: httpx.AsyncClient, state: State) -> None:
    live = state.live[SHOE]
    keys = (api_key("pk_any", KeyKind.PUBLISHABLE, ("serve",), "*"),)
    state.live[SHOE] = replace(live, snapshot=replace(live.snapshot, keys=keys))
    headers = bearer("pk_any") | {"origin": "https://blog.example"}
    response = await client.post("/v1/ads", json=ADS, headers=headers)
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == "https://blog.example"


@pytest.mark.parametrize("path", BODIES)
async def test_a_preflight_is_answered_to_listed_origins(
    client: httpx.AsyncClient, path: str
) -> None:
    del client.headers["authorization"]
    ask = {"access-control-request-method": "POST", "access-control-request-headers": "x"}
    allowed = await client.options(path, headers={"origin": PAGE} | ask)
    assert allowed.status_code == 204
    assert "content-length" not in allowed.headers
    assert allowed.headers["access-control-allow-origin"] == PAGE
    assert allowed.headers["access-control-allow-methods"] == "POST"
    assert "authorization" in allowed.headers["access-control-allow-headers"]
    refused = await client.options(path, headers={"origin": "https://evil.example"} | ask)
    assert refused.status_code == 204
    assert not [name for name in refused.headers if name.startswith("access-control")]
    assert not [
        name for name in (await client.options(path)).headers if name.startswith("access-control")
    ]


async def test_problems_can_be_read_by_the_page(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/ads", json={}, headers=bearer("pk_a") | {"origin": PAGE})
    assert response.status_code == 422
    assert response.headers["access-control-allow-origin"] == PAGE


# the table


def test_the_key_table_follows_the_stores() -> None:
    live = LiveStores()
    assert live.key(b"sk_a") is None
    assert not live.lists_origin(PAGE)
    live[SHOE] = Live(snapshot_of(SHOE, "a"))
    live[OTHER] = Live(snapshot_of(OTHER, "b"))
    first, second = live.key(b"sk_a"), live.key(b"sk_b")
    assert first is not None
    assert second is not None
    assert (first.store_id, second.store_id) == (SHOE, OTHER)
    assert live.lists_origin(PAGE)
    live[SHOE] = Live(snapshot_of(SHOE, "c"))  # sk_a was revoked
    assert live.key(b"sk_a") is None
    assert live.key(b"sk_c") is not None
    del live[OTHER]
    assert live.key(b"sk_b") is None
