"""A shopper is erased: no trace of the id anywhere. On real stores."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson
import psycopg
from psycopg.sql import SQL, Identifier

from service.store.profiles import profile_key
from service.store.stream import STREAM
from service.worker import erasure, erasures
from tests.integration.api.conftest import within
from tests.integration.api.users.shopper import AT, KNOWN, WHO, act, call, click, consent, export

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    import pytest
    from redis.asyncio import Redis

    from tests.integration.api.conftest import Service
    from tests.integration.api.users.shopper import Settled


async def erased(service: Service) -> dict[str, Any]:
    """Ask for the erasure and wait for its job; returns the job's result."""
    answer = await call(service, "DELETE", f"/v1/users/{AT}")
    assert answer.status_code == 202, answer.text
    job_id = answer.json()["id"]
    assert answer.json()["kind"] == "erasure"
    assert answer.headers["location"] == f"/v1/jobs/{job_id}"

    async def done() -> Any:
        return await service.rows(
            "SELECT result FROM jobs WHERE id = :it AND status = 'done'", it=job_id
        )

    result: dict[str, Any] = (await within(30, done))[0][0]
    return result


def traces(needle: str, database_url: str, folder: Path) -> list[str]:
    """Where `needle` stands: each table's every row as text, and each file of the state folder."""
    forms = [needle, orjson.dumps(needle).decode()[1:-1], needle.encode().hex()]
    found = []
    with psycopg.connect(database_url) as connection:
        tables = connection.execute(
            "SELECT relname FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        ).fetchall()
        assert len(tables) > 20
        for (table,) in tables:
            query = SQL("SELECT r::text FROM {} AS r").format(Identifier(table))
            rows = [row for (row,) in connection.execute(query)]
            found += [f"{table}: {row}" for row in rows if any(form in row for form in forms)]
    files = [path for path in folder.rglob("*") if path.is_file()]
    return found + [str(path) for path in files if needle.encode() in path.read_bytes()]


async def redis_traces(needle: str, store: Redis) -> list[bytes]:
    """The keys that name or hold `needle`."""
    found: list[bytes] = []
    for key in await store.keys("*"):
        kind = await store.type(key)
        assert isinstance(kind, bytes)
        assert isinstance(key, bytes)
        held = await _READS[kind](store, key)  # a kind that nobody knows how to read fails here
        if needle.encode() in key or needle.encode() in b" ".join(_flat(held)):
            found.append(key)
    return found


_READS: dict[bytes, Callable[[Redis, bytes], Awaitable[Any]]] = {
    b"string": lambda store, key: store.get(key),
    b"stream": lambda store, key: store.xrange(key),
    b"hash": lambda store, key: store.hgetall(key),
    b"set": lambda store, key: store.smembers(key),
    b"list": lambda store, key: store.lrange(key, 0, -1),
    b"zset": lambda store, key: store.zrange(key, 0, -1),
}


def _flat(held: Any) -> list[bytes]:
    """All bytes that stand anywhere in an answer of Redis."""
    if isinstance(held, bytes):
        return [held]
    if isinstance(held, dict):
        held = [*held.keys(), *held.values()]
    return [one for part in held or () for one in _flat(part)] if _is_many(held) else []


def _is_many(held: Any) -> bool:
    return isinstance(held, list | tuple | set)


async def test_erasure_leaves_no_trace_of_the_id_anywhere(
    service: Service, store: Redis, settled: Settled, database_url: str, tmp_path: Path
) -> None:
    bystander = {"id": "bystander", "session": "v-2", "consent": True}
    answer = await act(service, "a")
    await act(service, "z", bystander)
    await settled()
    async with service.engine.begin() as connection:
        for entry_id, store_id in (("1-1", service.shop.store.store_id), ("1-2", "sto_other")):
            body = orjson.dumps({"store_id": store_id, "user_id": WHO})
            await connection.exec_driver_sql(
                "INSERT INTO dead_letters VALUES (%s, 'event', %s, 'wrong', 5)", (entry_id, body)
            )
    spent = await service.rows("SELECT sum(price_micros), count(*) FROM charges")
    assert traces(WHO, database_url, tmp_path)  # the search itself works
    assert await redis_traces(WHO, store) == [profile_key(service.shop.store.store_id, WHO)]

    result = await erased(service)
    assert result == {
        "events_deleted": 3,  # search, feature word, cart
        "events_unnamed": 3,  # impression, click, conversion
        "decisions_deleted": 1,
        "dead_letters_deleted": 1,
        "changed": 8,
    }
    async with service.engine.begin() as connection:  # another shop's is not ours to erase
        await connection.exec_driver_sql("DELETE FROM dead_letters WHERE entry_id = '1-2'")
    assert traces(WHO, database_url, tmp_path) == []
    assert traces("visit-4711", database_url, tmp_path) == []
    assert await redis_traces(WHO, store) == []
    assert await service.rows("SELECT sum(price_micros), count(*) FROM charges") == spent
    where = (
        "SELECT DISTINCT payload ->> 'platform' FROM events WHERE type IN ('impression', 'click')"
    )
    assert await service.rows(where) == [("web",)]  # that is no shopper's
    assert traces("bystander", database_url, tmp_path)
    kept = await service.rows("SELECT count(*) FROM events WHERE user_id = 'bystander'")
    assert kept == [(6,)]

    # what was signed or told before comes in late: clicks, an order that is told again
    for ad in answer["ads"]:
        assert (await click(service, ad)).status_code == 302
    late = {"type": "search", "event_id": "late", "query": "lamp", "user": KNOWN}
    order = {"type": "conversion", "order_id": f"order-of-{WHO}", "line": 1, "value": 1,
             "product_id": "100001", "user": KNOWN}  # fmt: skip
    assert (await service.tell(late, order)).json()["accepted"] == 2
    await settled()
    charged = await service.rows("SELECT count(*) FROM charges")
    assert charged[0][0] == spent[0][1] + len(answer["ads"]) - 1  # paid all the same
    assert traces(WHO, database_url, tmp_path) == []
    assert await redis_traces(WHO, store) == []
    assert (await export(service))["data"] == []


async def test_an_erased_shopper_who_comes_back_is_a_new_one(
    service: Service, settled: Settled
) -> None:
    await act(service, "a")
    await settled()
    await erased(service)
    async with service.engine.begin() as connection:  # a day has passed
        await connection.exec_driver_sql(
            "UPDATE shoppers SET erased_until = erased_until - interval '1 day'"
        )
    await act(service, "b")
    await settled()
    back = await export(service)
    assert [one["text"] for one in back["profile"]["feature_words"]] == ["oak base"]
    assert len(back["data"]) == 7


async def test_a_withdrawal_outlasts_the_erasure(
    service: Service, store: Redis, settled: Settled, database_url: str, tmp_path: Path
) -> None:
    await act(service, "a")
    await settled()
    await consent(service, False)
    await erased(service)
    assert await redis_traces(WHO, store) == []
    async with service.engine.begin() as connection:  # a day has passed
        await connection.exec_driver_sql(
            "UPDATE shoppers SET erased_until = erased_until - interval '1 day'"
        )
    await act(service, "b")
    await settled()
    assert traces(WHO, database_url, tmp_path) == []
    assert await redis_traces(WHO, store) == []
    assert (await export(service))["consent"]["consent"] is False


async def test_what_waits_while_the_erasure_is_asked_for_loses_the_name(
    service: Service, store: Redis, database_url: str, tmp_path: Path
) -> None:
    async with service.engine.begin() as connection:
        # the worker cannot record: all that is told waits in the stream
        await connection.exec_driver_sql("LOCK TABLE event_keys IN ACCESS EXCLUSIVE MODE")
        await act(service, "a")
        answer = await call(service, "DELETE", f"/v1/users/{AT}")
        job_id = answer.json()["id"]
        await asyncio.sleep(1)
        jobs = await service.rows("SELECT status FROM jobs WHERE id = :it", it=job_id)
        assert jobs == [("running",)]
        assert await redis_traces(WHO, store) == [STREAM]

    async def done() -> Any:
        return await service.rows("SELECT FROM jobs WHERE id = :it AND status = 'done'", it=job_id)

    await within(30, done)
    counted = "SELECT count(*) FROM events WHERE type IN ('impression', 'click', 'conversion')"
    assert await service.rows(counted) == [(3,)]
    assert traces(WHO, database_url, tmp_path) == []
    assert await redis_traces(WHO, store) == []


async def test_an_erasure_that_must_wait_says_why_and_is_tried_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasure, "PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(erasures, "AGAIN_SECONDS", 0.2)
    async with service.engine.begin() as connection:
        await connection.exec_driver_sql("LOCK TABLE event_keys IN ACCESS EXCLUSIVE MODE")
        await act(service, "a")
        job_id = (await call(service, "DELETE", f"/v1/users/{AT}")).json()["id"]
        waiting = "SELECT error FROM jobs WHERE id = :it AND error LIKE '%stream%'"
        rows = await service.rows_within(10, waiting, it=job_id)
        assert rows[0][0] == "the stream is not recorded up to here yet"
    done = "SELECT error, finished_at IS NULL FROM jobs WHERE id = :it AND status = 'done'"
    assert await service.rows_within(20, done, it=job_id) == [(None, False)]
