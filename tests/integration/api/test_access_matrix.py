"""Who may do what: every route of the document, every sort of key, two shops, two merchants.

A route that is not in ACCESS fails. Both shops are filled: whatever a caller is told is looked
through for what is another shop's, and, for a merchant's key, for what is another merchant's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import pytest_asyncio
from redis.asyncio import Redis

from service.api.application import make_application
from service.api.keys import LiveStores
from service.api.management.rate_limit import RateLimiter
from service.api.metrics import Metrics
from service.api.state import State
from service.api.tokens import AdToken, TokenSigner
from service.decision.live import Live
from service.decision.snapshot import build_snapshot
from service.decision.terms import Micros
from service.store.catalogue import load_catalogue
from service.store.postgres import open_engine
from tests.integration.api.access import ACCESS, MANAGE, Access
from tests.integration.api.filled_shops import (
    SCOPES,
    FilledShop,
    Merchant,
    add_unasked,
    fill,
    key_names,
    open_filled_shop,
    rows_naming,
)
from tests.unit.api.shop import Log, Profiles

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from sqlalchemy.ext.asyncio import AsyncEngine

in_module = pytest.mark.asyncio(loop_scope="module")

BY_NAME_IN_THE_STORE = {"PUT /v1/placements/{name}", "PUT /v1/products/{product_id}"}
"""What makes a thing of the caller's own store, whatever another store calls so."""
OF_SHOPPERS = {name for name in ACCESS if "{user_id}" in name}
"""Shoppers are the shop's to name: of one whom nobody knows, nothing is held."""

NO_IDS = {"month": "2026-11"}
"""Parameters of paths that name nothing of anybody's."""

DOCUMENT = make_application("0").openapi()
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
}
KEYED = [name for name in OPERATIONS if ACCESS.get(name, MANAGE).scope is not None]
NO_KEYS = {"": None, "unknown": "sk_unknown", "cut": "sk_"}


@dataclass(frozen=True)
class House:
    """The application with both shops filled."""

    client: httpx.AsyncClient
    engine: AsyncEngine
    state: State
    shops: tuple[FilledShop, FilledShop]

    async def ask(
        self,
        operation: str,
        key: str | None,
        ids: dict[str, str],
        *,
        body: Any = None,
        query: dict[str, str] | None = None,
    ) -> httpx.Response:
        """Call `operation` with `ids` in its path."""
        method, _, path = operation.partition(" ")
        headers = {} if key is None else {"authorization": f"Bearer {key}"}
        sent = {"json": body} if "requestBody" in OPERATIONS[operation] else {}
        if "{impression_id}" in path:  # what pages call with an ad's token
            query = {"token": ids["token"]} | (query or {})
        return await self.client.request(
            method, path.format_map(NO_IDS | ids), headers=headers, params=query or {}, **sent
        )

    def token(self, shop: FilledShop) -> str:
        """What stands in the URLs of an ad of `shop`."""
        ids, when = shop.ids, 1_800_000_000.0
        return self.state.signer.sign(
            AdToken(
                shop.store_id, f"req_{ids['impression_id'][4:36]}", 0, ids["ad_id"],
                ids["campaign_id"], ids["product_id"], Micros(1), when, 3600, None, "https://shop.example/p/1",
            )
        )  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(database_url: str, redis_url: str) -> AsyncIterator[House]:
    engine = open_engine(database_url, statement_seconds=5)
    shops = (await open_filled_shop(engine, "a"), await open_filled_shop(engine, "b"))
    state = State(
        live=LiveStores(),
        signer=TokenSigner({1: b"k" * 32}),
        profiles=Profiles(),
        log=Log(),
        metrics=Metrics(),
        database=engine,
        redis=Redis.from_url(redis_url),
        limiter=RateLimiter(per_minute=10**6),
    )
    app = make_application("0")
    app.state.salient = state
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://ads.example") as client:
        made = House(client, engine, state, shops)
        for filled in (False, True):
            for shop in shops:
                async with engine.connect() as connection:
                    catalogue = await load_catalogue(connection, shop.store_id)
                state.live[shop.store_id] = Live(build_snapshot(catalogue))
                if not filled:
                    await fill(shop, client)
                    await add_unasked(engine, shop)
        for shop in shops:
            shop.shared["token"] = made.token(shop)
        yield made
    if state.redis is not None:
        await state.redis.aclose()
    await engine.dispose()


def example_of(operation: str, ids: dict[str, str]) -> Any:
    """A body as the document shows it, with `ids` where it names things."""
    content = OPERATIONS[operation].get("requestBody", {}).get("content", {})
    if "application/json" not in content:
        return None
    name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
    fields = DOCUMENT["components"]["schemas"][name]["properties"]
    body = {name: field["examples"][0] for name, field in fields.items()}
    return _with_ids(body, ids)


def _with_ids(node: Any, ids: dict[str, str]) -> Any:
    if isinstance(node, list):
        return [_with_ids(inner, ids) for inner in node]
    if isinstance(node, dict):
        return {
            name: ids[name] if name in ids and name != "name" else _with_ids(inner, ids)
            for name, inner in node.items()
        }
    return node


def parameters(operation: str, place: str) -> list[str]:
    """The names of the parameters in `place` that are ids of ours."""
    told = OPERATIONS[operation].get("parameters", ())
    return [one["name"] for one in told if one["in"] == place and one["name"] not in NO_IDS]


def told(response: httpx.Response, sent: set[str], marks: set[str]) -> set[str]:
    """Which of `marks` the answer tells, beside what the caller itself sent."""
    text = response.text + str(dict(response.headers))
    for word in sorted(sent, key=len, reverse=True):
        text = text.replace(word, "")
    return {mark for mark in marks if mark in text}


def test_every_route_is_listed() -> None:
    assert sorted(OPERATIONS) == sorted(ACCESS), "give each new route its access in ACCESS"
    for name, operation in OPERATIONS.items():
        assert ("security" in operation) == (ACCESS[name].scope is not None), name
        if "x-scope" in operation:
            assert operation["x-scope"] == ACCESS[name].scope, name


def expected(access: Access, name: str) -> set[int] | None:
    """The statuses that the key of this name may get; None is anything but 401, 403 and 5xx."""
    scope = name.removeprefix("publishable ").removesuffix(" of a merchant")
    if scope not in SCOPES:
        return {401}
    if scope not in {access.scope, access.also, "admin"}:
        return {403}
    if name.startswith("publishable") and not access.publishable:
        return {403}
    return {403} if "merchant" in name and access.merchants == "refused" else None


@in_module
@pytest.mark.parametrize("operation", OPERATIONS)
async def test_each_key_opens_what_it_may(house: House, operation: str) -> None:
    access = ACCESS[operation]
    for shop, other in (house.shops, house.shops[::-1]):
        nothing = dict.fromkeys(shop.ids, "none")
        for name in [*NO_KEYS, *key_names()]:
            wanted = expected(access, name) if access.scope else None
            refused = wanted == {403}  # even what would be done for another caller
            ids = nothing if operation.startswith("DELETE") and not refused else shop.ids
            body = example_of(operation, shop.ids) if refused else {}
            response = await house.ask(operation, (NO_KEYS | shop.keys)[name], ids, body=body)
            if wanted is not None:
                assert response.status_code in wanted, (name, response.text)
            else:
                assert response.status_code < 500, (name, response.text)
                assert response.status_code not in {401, 403}, (name, response.text)
                if operation.startswith("GET /v1"):
                    assert response.status_code == 200, (name, response.text)
            hidden = other.marks | (shop.rival.marks if "merchant" in name else set())
            hidden |= shop.marks if wanted == {401} else set()
            assert not told(response, set(), hidden), (name, response.text)


@in_module
@pytest.mark.parametrize("operation", KEYED)
async def test_what_is_anothers_does_not_exist(house: House, operation: str) -> None:
    """Ids of another shop, or of a rival merchant, in the path: 404, and nothing is changed."""
    named = parameters(operation, "path")
    for caller, theirs, mixed in _strangers(house, operation, named):
        before = await rows_naming(house.engine, theirs.marks)
        response = await house.ask(
            operation, caller, mixed, body=example_of(operation, house.shops[0].ids)
        )
        if operation in OF_SHOPPERS:
            assert response.status_code in {200, 202, 204}, response.text
            assert not told(response, set(mixed.values()), theirs.marks), response.text
            continue
        allowed = {200, 201} if operation in BY_NAME_IN_THE_STORE else {404}
        assert response.status_code in allowed, response.text
        assert not told(response, set(mixed.values()), theirs.marks), response.text
        if operation in BY_NAME_IN_THE_STORE:
            await house.ask(
                operation.replace("PUT", "DELETE"), house.shops[0].keys["admin"], mixed
            )
        else:
            assert await rows_naming(house.engine, theirs.marks) == before


def _strangers(
    house: House, operation: str, named: list[str]
) -> Iterator[tuple[str, Merchant | FilledShop, dict[str, str]]]:
    """Callers, whose things they reach for, and ids of which at least one is not theirs."""
    scope = ACCESS[operation].scope or ""
    shop, other = house.shops
    for name in named:
        for many in {1, len(named)}:
            foreign = named if many > 1 else [name]
            yield shop.keys[scope], other, shop.ids | {one: other.ids[one] for one in foreign}
            yield shop.keys["admin"], other, shop.ids | {one: other.ids[one] for one in foreign}
            if ACCESS[operation].merchants == "own" and set(foreign) <= set(shop.rival.ids):
                ids = shop.ids | {one: shop.rival.ids[one] for one in foreign}
                yield shop.keys[f"{scope} of a merchant"], shop.rival, ids
                yield shop.keys["admin of a merchant"], shop.rival, ids


@in_module
@pytest.mark.parametrize("operation", KEYED)
async def test_anothers_ids_in_query_or_body_reach_nothing(house: House, operation: str) -> None:
    shop, other = house.shops
    scope = ACCESS[operation].scope or ""
    callers: list[tuple[str, FilledShop | Merchant]] = [(shop.keys[scope], other)]
    if ACCESS[operation].merchants == "own":
        callers.append((shop.keys[f"{scope} of a merchant"], shop.rival))
    for key, theirs in callers:
        foreign = shop.ids | theirs.ids
        before = await rows_naming(house.engine, theirs.marks)
        for query, body in _reaching(operation, foreign, theirs.ids):
            response = await house.ask(operation, key, shop.ids, body=body, query=query)
            assert response.status_code < 500, response.text
            assert not told(response, set(foreign.values()), theirs.marks), response.text
            assert await rows_naming(house.engine, theirs.marks) == before
            if query and response.status_code == 200:
                assert '"data":[]' in response.text, response.text


def _reaching(
    operation: str, foreign: dict[str, str], theirs: dict[str, str]
) -> Iterator[tuple[dict[str, str], Any]]:
    """Queries and bodies that name what is not the caller's."""
    body = example_of(operation, foreign)
    if body != example_of(operation, {}):
        yield {}, body
    for name in parameters(operation, "query"):
        if name in theirs:
            yield {name: theirs[name]}, body


@in_module
async def test_the_marks_are_what_answers_tell(house: House) -> None:
    """The look for another's ids can find them: each shop's own key is told its marks."""
    for shop in house.shops:
        for path, mark in (
            ("/v1/campaigns", shop.rival.mark),
            ("/v1/advertisers", shop.rival.ids["advertiser_id"]),
            ("/v1/placements", shop.shared["name"]),
            ("/v1/experiments", shop.shared["experiment_id"]),
            ("/v1/keys", shop.rival.ids["key_id"]),
            ("/v1/refunds", shop.rival.ids["campaign_id"]),
            ("/v1/platforms/{platform_name}/results", shop.rival.ids["campaign_id"]),
            ("/v1/campaigns/{campaign_id}/ledger", f"imp_{shop.own.mark}_0"),
            ("/v1/advertisers/{advertiser_id}/payments", shop.own.mark),
            ("/v1/audit-log", shop.rival.ids["keyword_id"]),
        ):
            response = await house.ask(f"GET {path}", shop.keys["admin"], shop.ids)
            assert told(response, set(), {mark}), path
        ads = {"query": "lamp", "placement": shop.shared["name"], "explain": True}
        response = await house.ask("POST /v1/ads", shop.keys["admin"], {}, body=ads)
        assert {ad["ad_id"] for ad in response.json()["ads"]} == {
            shop.own.ids["ad_id"],
            shop.rival.ids["ad_id"],
        }


@in_module
async def test_an_impression_of_no_time_is_nobodys(house: House) -> None:
    shop = house.shops[0]
    for impression in ("imp_" + "f" * 34, "imp_e6d3225b8c7cd8558759ad47f903081ac5"):
        headers = {"authorization": f"Bearer {shop.keys['admin']}"}
        why = await house.client.get(f"/v1/ads/{impression}/why", headers=headers)
        hide = await house.client.post(f"/v1/ads/{impression}/hide", headers=headers)
        assert (why.status_code, hide.status_code) == (404, 404)
