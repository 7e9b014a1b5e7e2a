from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import orjson
import pytest
from sqlalchemy import text

from service.errors import BadInputError
from service.store.events import Event, add_decisions, add_events, from_bytes, to_bytes
from tests.unit.store.made import click

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

SEARCH = Event(
    store_id="sto_1",
    ts=1_790_000_000.123456,
    type="search",
    event_key="e1",
    received_at=1_790_000_001.0,
    user_id="u1",
    query="desk lamp",
    payload={"page": 1},
)


def test_an_event_survives_its_bytes() -> None:
    assert from_bytes(to_bytes(click(1))) == click(1)
    assert from_bytes(to_bytes(SEARCH)) == SEARCH


def test_a_field_of_a_newer_version_is_passed_over() -> None:
    content = orjson.loads(to_bytes(SEARCH)) | {"from_the_future": 1}
    assert from_bytes(orjson.dumps(content)) == SEARCH


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("store_id", None),
        ("ts", "soon"),
        ("ts", -1),
        ("ts", 1e12),
        ("ts", True),
        ("slot", 40_000),
        ("slot", 1.5),
        ("price", 1 << 63),
        ("price", True),
        ("quantity", "two"),
        ("user_id", 7),
        ("payload", []),
        ("payload", None),
    ],
)
def test_what_could_never_be_stored_is_refused(field: str, value: object) -> None:
    content = orjson.loads(to_bytes(SEARCH)) | {field: value}
    with pytest.raises(BadInputError, match=field):
        from_bytes(orjson.dumps(content))


@pytest.mark.parametrize(
    ("field", "value"), [("store_id", None), ("ts", -1.0), ("price", 1 << 63)]
)
def test_what_is_refused_once_is_refused_again(field: str, value: object) -> None:
    raw = orjson.dumps(orjson.loads(to_bytes(click(1, price=7))) | {field: value})
    for _ in range(3):  # the shape is known by now
        with pytest.raises(BadInputError, match=field):
            from_bytes(raw)
        assert from_bytes(to_bytes(click(1, price=8))).price == 8


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"7", b"\xff"])
def test_what_is_no_event_is_refused(raw: bytes) -> None:
    with pytest.raises(BadInputError):
        from_bytes(raw)


def test_a_nul_which_postgres_cannot_hold_is_replaced() -> None:
    assert from_bytes(to_bytes(replace(SEARCH, query="a\0b"))).query == "a\ufffdb"


async def test_each_event_is_stored_once(connection: AsyncConnection) -> None:
    assert await add_events(connection, []) == []
    first = [click(1), SEARCH, click(2), click(1)]
    assert await add_events(connection, first) == [click(1), SEARCH, click(2)]
    assert await add_events(connection, [click(2), click(3)]) == [click(3)]


async def test_a_callers_key_is_unique_whatever_its_time(connection: AsyncConnection) -> None:
    later = replace(SEARCH, ts=SEARCH.ts + 60)
    assert await add_events(connection, [later, SEARCH]) == [SEARCH]  # the earlier counts
    assert await add_events(connection, [later]) == []
    other_type = replace(later, type="add_to_cart")
    other_store = replace(later, store_id="sto_2")
    assert await add_events(connection, [other_type, other_store]) == [other_type, other_store]


async def test_a_row_holds_all_that_the_event_told(connection: AsyncConnection) -> None:
    await add_events(connection, [SEARCH, click(1, slot=3, price=7)])
    query = (
        "SELECT extract(epoch FROM ts)::float8, query, payload, slot, price_micros, "
        "extract(epoch FROM received_at)::float8 FROM events ORDER BY type"
    )
    rows = [tuple(row) for row in await connection.execute(text(query))]
    assert rows == [
        (1_790_000_000.25, None, {}, 3, 7, 1_790_000_001.5),
        (1_790_000_000.123456, "desk lamp", {"page": 1}, None, None, 1_790_000_001.0),
    ]


async def test_each_decision_is_stored_once(connection: AsyncConnection) -> None:
    record = {"store_id": "sto_1", "ts": 1_790_000_000.5, "request_id": "req_1", "awards": []}
    other = record | {"request_id": "req_2", "request": {"query": "a nul \0"}}
    assert await add_decisions(connection, []) == 0
    assert await add_decisions(connection, [record, other]) == 2
    assert await add_decisions(connection, [record]) == 0
    found = await connection.execute(text("SELECT payload FROM decisions ORDER BY request_id"))
    assert found.scalars().first() == record


@pytest.mark.parametrize(
    "wrong", [{"ts": "x"}, {"store_id": None}, {"request_id": 5}, {"ts": None}]
)
async def test_a_decision_without_its_key_is_refused(
    connection: AsyncConnection, wrong: dict[str, object]
) -> None:
    record = {"store_id": "sto_1", "ts": 1.0, "request_id": "req_1"} | wrong
    with pytest.raises(BadInputError):
        await add_decisions(connection, [record])


async def test_ten_thousand_events_take_about_a_second(connection: AsyncConnection) -> None:
    batch = [click(n) for n in range(10_000)]
    started = time.perf_counter()
    assert len(await add_events(connection, batch)) == 10_000
    assert time.perf_counter() - started < 10  # a second and a bit where nothing else runs


async def test_what_is_copied_without_a_begun_transaction_is_in_one(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        assert await add_events(connection, [click(7_001)]) == [click(7_001)]
        await connection.commit()
    async with engine.connect() as connection:
        assert await add_events(connection, [click(7_002)]) == [click(7_002)]
    async with engine.connect() as connection:
        assert await add_events(connection, [click(7_001)]) == []  # it was committed
        assert await add_events(connection, [click(7_002)]) == [click(7_002)]  # it was not
