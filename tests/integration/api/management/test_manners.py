"""What every managed route does: keys, bodies, limits, and a Postgres that is away."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import make_url

from service.api.management import database
from service.api.management.rate_limit import RateLimiter
from service.store.postgres import open_engine
from tests.integration.api.conftest import Cuttable

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.api.management.conftest import House

PATH = "/v1/advertisers"


async def test_a_secret_key_with_the_scope_is_needed(house: House) -> None:
    shop = house.shop
    for key, status, code in (
        (shop.admin, 200, None), (shop.manager, 200, None), (shop.merchant, 200, None),
        (shop.publishable, 403, "forbidden"), (shop.reporter, 403, "forbidden"),
        ("sk_unknown", 401, "unauthenticated"),
    ):  # fmt: skip
        response = await house.call("GET", PATH, key=key)
        assert (response.status_code, response.json().get("code")) == (status, code)
    bare = await house.client.get(f"{PATH}?key={shop.admin}")  # would stand in logs
    assert (bare.status_code, bare.headers["www-authenticate"]) == (401, "Bearer")


async def test_the_key_is_checked_before_the_body(house: House) -> None:
    response = await house.call("POST", PATH, key="sk_unknown", content=b"{" * 1_000_000)
    assert response.status_code == 401


@pytest.mark.parametrize(
    ("content", "status", "code", "pointer"),
    [
        (b"", 400, "malformed_json", None),
        (b"{", 400, "malformed_json", None),
        (b'{"name": "a", "name": "b"}', 400, "malformed_json", None),
        (b'{"name": "\\ud800"}', 400, "malformed_json", None),
        (b'{"name": NaN}', 422, "invalid_request", "/name"),
        (b'{"name": 7}', 422, "invalid_request", "/name"),
        (b'{"name": ""}', 422, "invalid_request", "/name"),
        (b'{"name": " spaced"}', 422, "invalid_request", "/name"),
        (b'{"name": "two\\nlines"}', 422, "invalid_request", "/name"),
        (b'{"name": "nul\\u0000"}', 422, "invalid_request", "/name"),
        (b'{"name": "' + b"x" * 201 + b'"}', 422, "invalid_request", "/name"),
        (b'{"name": "a", "budget": 1}', 422, "invalid_request", "/budget"),
        (b"{}", 422, "invalid_request", "/name"),
        (b"[" * 100_000, 400, "malformed_json", None),
        (b'{"name": "' + b"x" * 2_100_000 + b'"}', 413, "body_too_large", None),
    ],
)
async def test_a_bad_body_is_named(
    house: House, content: bytes, status: int, code: str, pointer: str | None
) -> None:
    headers = {"content-type": "application/json"}
    response = await house.call("POST", PATH, content=content, headers=headers)
    problem = response.json()
    assert (response.status_code, problem["code"]) == (status, code)
    assert response.headers["content-type"] == "application/problem+json"
    assert [error["pointer"] for error in problem["errors"]] == ([pointer] if pointer else [])


async def test_only_json_is_taken(house: House) -> None:
    headers = {"content-type": "text/plain"}
    response = await house.call("POST", PATH, content=b'{"name": "a"}', headers=headers)
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/query/limit"),
        ("limit=1001", "/query/limit"),
        ("limit=ten", "/query/limit"),
        ("cursor=%00", "/query/cursor"),
        ("cursor=A", "/query/cursor"),
        ("cursor=_w", "/query/cursor"),  # not UTF-8
        ("cursor=AA", "/query/cursor"),  # a NUL
    ],
)
async def test_a_bad_query_is_named(house: House, query: str, pointer: str) -> None:
    response = await house.call("GET", f"{PATH}?{query}")
    assert response.status_code == 422
    [error] = response.json()["errors"]
    assert error["pointer"] == pointer
    if "limit" in query:
        assert f"received '{query.removeprefix('limit=')}'" in error["detail"]


async def test_an_id_that_no_row_can_have_is_refused_without_a_look(house: House) -> None:
    for bad in ("%00", "a%20b", "x" * 129, "%F0%9F%98%80"):
        response = await house.call("GET", f"{PATH}/{bad}")
        assert response.status_code == 422, bad


async def test_the_rate_limit_is_told_and_held_for_each_key(house: House) -> None:
    house.state.limiter = RateLimiter(per_minute=3)
    left = []
    for _ in range(3):
        response = await house.call("GET", PATH)
        assert response.headers["ratelimit-limit"] == "3"
        left.append(response.headers["ratelimit-remaining"])
    assert left == ["2", "1", "0"]
    refused = await house.call("GET", PATH)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert 19 <= int(refused.headers["retry-after"]) <= 20  # 3 a minute
    assert (await house.call("GET", PATH, key=house.shop.manager)).status_code == 200
    missing = await house.call("GET", f"{PATH}/adv_none", key=house.shop.manager)
    assert missing.headers["ratelimit-remaining"] == "1"  # problems tell it, too


async def refused(house: House, method: str = "GET", **options: Any) -> str:
    """The detail of the 503 that the call gets."""
    response = await house.call(method, PATH, **options)
    assert (response.status_code, response.json()["code"]) == (503, "store_unavailable")
    assert response.headers["retry-after"] == "1"
    detail: str = response.json()["detail"]
    return detail


async def test_without_a_database_it_is_503(house: House) -> None:
    house.state.database = None
    assert "DATABASE_URL" in await refused(house)


async def test_without_a_snapshot_no_key_is_known_yet(house: House) -> None:
    house.state.live.clear()
    assert "no shop is loaded" in await refused(house)


async def test_a_database_that_is_away_is_503(house: House) -> None:
    house.state.database = open_engine("postgresql://nobody@127.0.0.1:1/none")
    assert "Postgres" in await refused(house)
    await house.state.database.dispose()


async def test_a_read_only_database_refuses_writes_only(house: House, database_url: str) -> None:
    name = (await house.rows("SELECT current_database()"))[0][0]
    await house.run(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    house.state.database = reader = open_engine(database_url)
    assert "Postgres" in await refused(house, "POST", json={"name": "x"})
    assert (await house.call("GET", PATH)).status_code == 200
    await reader.dispose()
    await house.run(f"ALTER DATABASE {name} RESET default_transaction_read_only")


async def test_a_slow_database_is_503_in_bounded_time(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "TRANSACTION_SECONDS", 0.3)
    async with house.engine.begin() as connection:
        await connection.exec_driver_sql("LOCK TABLE advertisers")
        started = asyncio.get_running_loop().time()
        assert "Postgres" in await refused(house)
        assert asyncio.get_running_loop().time() - started < 1.5
    assert (await house.call("GET", PATH)).status_code == 200


async def test_a_lock_that_is_held_is_503_by_the_servers_own_limit(
    house: House, database_url: str
) -> None:
    house.state.database = hasty = open_engine(database_url, statement_seconds=0.2)
    async with house.engine.begin() as connection:
        await connection.exec_driver_sql("LOCK TABLE advertisers")
        assert "Postgres" in await refused(house, "POST", json={"name": "x"})
    assert (await house.call("POST", PATH, json={"name": "x"})).status_code == 201
    await hasty.dispose()


async def test_a_pool_that_is_used_up_is_503(
    house: House, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "CONNECT_SECONDS", 0.3)
    house.state.database = small = open_engine(database_url, pool_size=1)
    async with small.connect(), small.connect():
        assert "Postgres" in await refused(house)
    assert (await house.call("GET", PATH)).status_code == 200
    await small.dispose()


async def test_a_database_that_hangs_or_is_cut_off_is_503_in_bounded_time(
    house: House, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = make_url(database_url)
    socket = f".s.PGSQL.{url.port or 5432}"
    way = Cuttable(f"{url.query['host']}/{socket}", tmp_path / socket)
    await way.mend()
    through = url.update_query_dict({"host": str(tmp_path)}).render_as_string(hide_password=False)
    house.state.database = engine = open_engine(through, pool_size=2, statement_seconds=5)
    assert (await house.call("GET", PATH)).status_code == 200
    for bound in ("CONNECT_SECONDS", "TRANSACTION_SECONDS"):
        monkeypatch.setattr(database, bound, 0.5)
    started = asyncio.get_running_loop().time()
    way.freeze()
    await asyncio.gather(*(refused(house) for _ in range(6)))
    way.thaw()
    took = asyncio.get_running_loop().time() - started
    monkeypatch.undo()
    assert (await house.call("GET", PATH)).status_code == 200
    await way.cut()
    assert "Postgres" in await refused(house)
    await way.mend()
    assert (await house.call("POST", PATH, json={"name": "back"})).status_code == 201
    await engine.dispose()
    await way.cut()
    assert took < 4, took
