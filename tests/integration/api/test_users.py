"""What shoppers may ask of a shop: consent, a copy of what is held, erasure. On real stores."""

from __future__ import annotations

import asyncio
from time import time
from typing import TYPE_CHECKING, Any

import orjson
import psycopg
import pytest
import redis.asyncio
from psycopg.sql import SQL, Identifier

from service.store.profiles import WITHDRAWN, profile_key
from service.store.stream import STREAM
from service.worker import erasure, erasures
from service.worker.raw_log import read_log
from tests.integration.api.conftest import BROWSER, Service, within

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from pathlib import Path

    import httpx
    from redis.asyncio import Redis

    Settled = Callable[[], Awaitable[None]]

WHO = "shopper/ünique 4711@mail.example"  # as ids are: with a slash, a space and more than ASCII
AT = "shopper%2F%C3%BCnique%204711%40mail.example"
KNOWN = {"id": WHO, "session": "visit-4711", "consent": True}


@pytest.fixture(autouse=True)
def clean(database_url: str, redis_url: str) -> Iterator[None]:
    """Each test leaves both stores empty for the next, so that it finds its own traces only."""
    yield
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "TRUNCATE stores, events, decisions, event_keys, charges, dead_letters, audit_log"
            " CASCADE"
        )


@pytest.fixture
async def store(redis_url: str) -> AsyncIterator[Redis]:
    async with redis.asyncio.Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def settled(store: Redis, tmp_path: Path) -> Settled:
    """Returns when all that was told is recorded, and no spool is left."""

    def spooled() -> bool:
        return any(tmp_path.glob("spool/*.spool"))

    async def nothing_waits() -> bool:
        return not await store.xlen(STREAM) and not spooled()

    async def wait() -> None:
        await within(10, nothing_waits)

    return wait


async def call(service: Service, method: str, path: str, **options: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {service.shop.secret}"}
    return await service.client.request(method, path, headers=headers, **options)


async def consent(service: Service, value: bool) -> None:
    answer = await call(service, "PUT", f"/v1/users/{AT}/consent", json={"consent": value})
    assert answer.status_code == 204, answer.text


async def export(service: Service, query: str = "") -> dict[str, Any]:
    answer = await call(service, "GET", f"/v1/users/{AT}{query}")
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def act(service: Service, name: str, user: dict[str, Any] = KNOWN) -> dict[str, Any]:
    """Search, click a word, see an ad, click it, put it in the cart, buy it; the answer of ads."""
    answer = await service.ads(user=user)
    ad = answer["ads"][0]
    told = await service.tell(
        {"type": "search", "event_id": f"{user['id']}-{name}-1", "query": "lamp", "user": user},
        {"type": "feature_word", "event_id": f"{name}-2", "action": "clicked",
         "feature_word": "oak base", "query": "lamp", "user": user},
        {"type": "impression", "token": ad["impression_url"]},
        {"type": "add_to_cart", "event_id": f"{name}-3", "product_id": ad["product_id"],
         "user": user},
        {"type": "conversion", "order_id": f"order-of-{user['id']}-{name}", "line": 1,
         "product_id": ad["product_id"], "value": 5_000_000, "user": user},
    )  # fmt: skip
    assert told.json()["accepted"] == 5, told.text
    assert (await click(service, ad)).status_code == 302
    return answer


async def click(service: Service, ad: dict[str, Any]) -> httpx.Response:
    return await service.client.get(ad["click_url"].replace("http://ads.example", ""))


async def test_everything_held_is_exported_in_pages(service: Service, settled: Settled) -> None:
    assert await export(service) == {
        "id": WHO, "consent": None, "profile": None, "data": [], "next": None
    }  # fmt: skip
    await act(service, "a")
    await settled()
    await consent(service, True)
    whole = await export(service)
    assert whole["consent"]["consent"] is True
    assert [one["text"] for one in whole["profile"]["feature_words"]] == ["oak base"]
    assert [one["text"] for one in whole["profile"]["queries"]] == ["lamp"]
    assert len(whole["profile"]["clicked_products"]) == 1
    kinds = sorted(record["content"].get("type", "decision") for record in whole["data"])
    assert kinds == [
        "add_to_cart", "click", "conversion", "decision", "feature_word", "impression", "search"
    ]  # fmt: skip
    times = [record["at"] for record in whole["data"]]
    assert times == sorted(times)

    paged, cursor = [], ""
    while cursor is not None:
        page = await export(service, f"?limit=2&cursor={cursor}" if cursor else "?limit=2")
        assert len(page["data"]) <= 2
        paged += page["data"]
        cursor = page["next"]
    assert paged == whole["data"]
    bad = await call(service, "GET", f"/v1/users/{AT}?cursor=YWR2")
    assert (bad.status_code, bad.json()["errors"][0]["pointer"]) == (422, "/query/cursor")


async def test_after_consent_is_withdrawn_nothing_is_read_or_kept(
    service: Service, store: Redis, settled: Settled
) -> None:
    before = await act(service, "a")
    await settled()
    key = profile_key(service.shop.store.store_id, WHO)
    assert b"oak base" in (await store.get(key) or b"")
    held = len((await export(service))["data"])

    await consent(service, False)
    assert await store.get(key) == WITHDRAWN  # with the answer, not some time after it
    assert (await export(service))["profile"] is None
    after = await act(service, "b")
    assert (await click(service, before["ads"][1])).status_code == 302  # signed with consent
    await settled()
    assert await store.get(key) == WITHDRAWN
    assert len((await export(service))["data"]) == held
    rows = await service.rows(
        "SELECT payload #>> '{request,user_id}', payload #>> '{request,session}',"
        " payload #> '{request,profile}' = 'null' FROM decisions"
        " WHERE request_id = :it", it=after["request_id"]
    )  # fmt: skip
    assert rows == [(None, None, True)]
    told = await service.rows(
        "SELECT count(*), count(user_id), count(session) FROM events"
        " WHERE event_key LIKE 'b-%' OR event_key LIKE 'erased_%'"
    )
    assert told == [(4, 0, 0)]  # counted, and nobody's
    # even the token of an answer names nobody any more
    token = service.state.signer.read(after["ads"][0]["click_url"].rpartition("/")[2])
    assert token.user_id is None

    await consent(service, True)
    assert b"oak base" in (await store.get(key) or b"")
    again = await act(service, "c")
    await settled()
    assert service.state.signer.read(
        again["ads"][0]["click_url"].rpartition("/")[2]
    ).user_id == WHO  # fmt: skip
    assert len((await export(service))["data"]) > held


async def test_consent_that_was_withdrawn_survives_an_emptied_redis(
    service: Service, store: Redis, settled: Settled
) -> None:
    await act(service, "a")
    await settled()
    await consent(service, False)
    await store.flushdb()
    key = profile_key(service.shop.store.store_id, WHO)

    async def rebuilt() -> bool:
        return await store.get(key) is not None

    await within(10, rebuilt)
    assert await store.get(key) == WITHDRAWN


async def test_consent_needs_redis_and_says_so(service: Service) -> None:
    service.state.redis = None
    answer = await call(service, "PUT", f"/v1/users/{AT}/consent", json={"consent": False})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert await service.rows("SELECT FROM shoppers WHERE user_id = :it", it=WHO) == []


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
        held = await store.xrange(key) if kind == b"stream" else await store.get(key)
        if needle.encode() in key or needle.encode() in _flat(held):
            found += [key] if isinstance(key, bytes) else []
    return found


def _flat(held: Any) -> bytes:
    if isinstance(held, bytes):
        return held
    return b" ".join(value for _, fields in held or [] for value in fields.values())


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


async def test_training_learns_nothing_of_who_withdrew_consent(
    service: Service, settled: Settled
) -> None:
    await act(service, "a")
    await settled()

    async def logged() -> tuple[int, int]:
        async with service.engine.connect() as connection:
            log = await read_log(connection, service.shop.store.store_id, until=time() + 60)
        return log.awards.height, log.events.height

    awards, events = await logged()
    assert (awards > 0, events) == (True, 4)  # word, impression, click, order
    await consent(service, False)
    assert await logged() == (0, 0)
    await consent(service, True)
    assert await logged() == (awards, events)


async def test_merchants_and_other_shops_learn_nothing_of_shoppers(
    service: Service, settled: Settled
) -> None:
    await act(service, "a")
    await settled()
    other = {"authorization": f"Bearer {service.other.secret}", "user-agent": BROWSER}
    shown = await service.client.get(f"/v1/users/{AT}", headers=other)
    assert (shown.json()["data"], shown.json()["profile"]) == ([], None)
    gone = await service.client.delete(f"/v1/users/{AT}", headers=other)
    assert gone.status_code == 202  # of that shop's own shopper of the same name
    await within(20, lambda: service.rows("SELECT FROM jobs WHERE status = 'done'"))
    assert len((await export(service))["data"]) == 7


async def test_the_audit_log_names_no_shopper(service: Service) -> None:
    await consent(service, False)
    await consent(service, True)
    rows = await service.rows(
        "SELECT resource_id, action, before ->> 'consent', after ->> 'consent' FROM audit_log"
        " WHERE resource = 'user' ORDER BY id"
    )
    assert [row[1:] for row in rows] == [("consent", None, "false"), ("consent", "false", "true")]
    assert len({row[0] for row in rows}) == 1
    assert WHO not in rows[0][0]
