"""Partitions of a day: made ahead, filled late, dropped when they are old."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from alembic import command
from sqlalchemy import text

from service.store.migrate import migrate, migrations_of
from service.worker.retention import drop_old

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from service.store.embedded.stores import EmbeddedStores

EVENT = (
    "INSERT INTO events (store_id, ts, type, event_key, received_at)"
    " VALUES ('sto_1', CAST(CAST(:ts AS text) AS timestamptz), 'search', CAST(:ts AS text), now())"
)
WHERE = "SELECT tableoid::regclass::text FROM events WHERE event_key = :ts"
PARTITIONS = (
    "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'events'::regclass"
)


async def add(connection: AsyncConnection, *times: str) -> None:
    for ts in times:
        await connection.execute(text(EVENT), {"ts": ts})


async def place(connection: AsyncConnection, ts: str) -> str:
    found: str = (await connection.execute(text(WHERE), {"ts": ts})).scalar_one()
    return found


async def call(connection: AsyncConnection, function: str) -> object:
    return (await connection.execute(text(f"SELECT {function}"))).scalar_one()


async def test_days_are_made_once_for_both_tables(connection: AsyncConnection) -> None:
    assert await call(connection, "add_day_partitions('2031-05-30', 3)") == 6
    assert await call(connection, "add_day_partitions('2031-05-31', 3)") == 2
    await add(connection, "2031-05-31 00:00:00+00", "2031-05-31 23:59:59.999999+00")
    await add(connection, "2031-06-03 00:00:00+00")
    assert await place(connection, "2031-05-31 00:00:00+00") == "events_2031_05_31"
    assert await place(connection, "2031-05-31 23:59:59.999999+00") == "events_2031_05_31"
    assert await place(connection, "2031-06-03 00:00:00+00") == "events_default"


async def test_rows_that_came_before_their_day_move_into_it(connection: AsyncConnection) -> None:
    early = "2031-05-05 12:00:00+00"
    await add(connection, early, "2031-05-06 12:00:00+00")
    assert await place(connection, early) == "events_default"
    assert await call(connection, "add_day_partitions('2031-05-05', 1)") == 2
    assert await place(connection, early) == "events_2031_05_05"
    assert await place(connection, "2031-05-06 12:00:00+00") == "events_default"
    again = text(EVENT + " ON CONFLICT DO NOTHING")
    assert (await connection.execute(again, {"ts": early})).rowcount == 0  # its key is there


async def test_a_worker_of_before_still_gets_its_months(connection: AsyncConnection) -> None:
    await add(connection, "2031-05-05 00:00:00+00")  # such a month is left where it is
    assert await call(connection, "add_partitions('2031-05-01', 2)") == 3
    names = set((await connection.execute(text(PARTITIONS))).scalars())
    assert {"events_2031_06_01", "events_2031_06_30"} <= names
    assert "events_2031_05_04" not in names


async def test_only_days_that_are_over_are_dropped(connection: AsyncConnection) -> None:
    await call(connection, "add_day_partitions('1999-12-30', 3)")
    await add(connection, "1999-12-31 23:59:59+00", "2000-01-01 00:00:00+00")
    dropped = await call(connection, "drop_partitions('2000-01-01')")
    days = ("1999_12_30", "1999_12_31")
    assert dropped == [*(f"decisions_{day}" for day in days), *(f"events_{day}" for day in days)]
    kept = await connection.execute(text("SELECT event_key FROM events"))
    assert kept.scalars().all() == ["2000-01-01 00:00:00+00"]


async def test_what_is_too_old_goes_and_its_key_stays_longer(engine: AsyncEngine) -> None:
    key = (
        "INSERT INTO event_keys (store_id, type, event_key, ts)"
        " VALUES ('sto_1', 'search', CAST(:ts AS text), CAST(CAST(:ts AS text) AS timestamptz))"
    )
    day = "SELECT (now() - make_interval(days => :days))::text"
    async with engine.begin() as connection:
        ages = {n: (await connection.execute(text(day), {"days": n})).scalar_one()
                for n in (1, 9, 12, 99, 102)}  # fmt: skip
        await call(connection, "add_day_partitions((now() - interval '9 days')::date, 1)")
        await add(connection, *ages.values())
        for ts in ages.values():
            await connection.execute(text(key), {"ts": ts})
    await drop_old(engine, days=10)
    async with engine.begin() as connection:
        events = set((await connection.execute(text("SELECT event_key FROM events"))).scalars())
        keys = set((await connection.execute(text("SELECT event_key FROM event_keys"))).scalars())
        await connection.execute(text("DELETE FROM events"))
        await connection.execute(text("DELETE FROM event_keys"))
    assert events == {ages[1], ages[9]}
    assert keys == {ages[1], ages[9], ages[12], ages[99]}  # 90 days more


@pytest.fixture
def url(stores: EmbeddedStores) -> Iterator[str]:
    with psycopg.connect(stores.postgres.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE of_months")
        yield stores.postgres.url("of_months")
        connection.execute("DROP DATABASE of_months WITH (FORCE)")


def test_months_with_rows_stay_and_days_become_months_again(url: str) -> None:
    migrate(url, "0010")
    place = "SELECT tableoid::regclass::text FROM events WHERE event_key = '{}'"
    insert = (
        "INSERT INTO events (store_id, ts, type, event_key, received_at)"
        " VALUES ('s', {}, 'search', '{}', now())"
    )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(insert.format("now()", "old"))
        month = connection.execute(place.format("old")).fetchone()
    migrate(url)
    with psycopg.connect(url, autocommit=True) as connection:
        assert connection.execute(place.format("old")).fetchone() == month
        connection.execute("SELECT add_day_partitions('2031-05-05', 1)")
        connection.execute(insert.format("'2031-05-05 10:00+00'", "new"))
        assert connection.execute(place.format("new")).fetchone() == ("events_2031_05_05",)
    command.downgrade(migrations_of(url), "0010")
    with psycopg.connect(url, autocommit=True) as connection:
        assert connection.execute(place.format("new")).fetchone() == ("events_2031_05",)
        assert connection.execute(place.format("old")).fetchone() == month
    migrate(url)
    with psycopg.connect(url, autocommit=True) as connection:
        assert connection.execute("SELECT count(*) FROM events").fetchone() == (2,)
