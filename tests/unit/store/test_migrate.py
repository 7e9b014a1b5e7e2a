from __future__ import annotations

from typing import TYPE_CHECKING

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import insert, select, text

import service.store.attribution_tables
import service.store.experiment_tables
import service.store.management_tables
import service.store.money_tables
import service.store.platform_tables
import service.store.quality_tables
import service.store.selling_point_tables
import service.store.shopper_tables
import service.store.webhook_tables  # noqa: F401 - their tables stand in the same metadata
from service.store.catalogue import put_store
from service.store.migrate import (
    current_revision,
    is_newer,
    migrate,
    migrations_of,
    newest_revision,
)
from service.store.postgres import open_sync_engine
from service.store.tables import jobs, metadata
from tests.unit.store.made import STORE

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from service.store.embedded.stores import EmbeddedStores


def test_migrating_twice_ends_at_the_newest_revision(database_url: str) -> None:
    migrate(database_url)
    assert current_revision(database_url) == newest_revision()


def test_the_migrations_make_the_tables_that_the_code_knows(database_url: str) -> None:
    engine = open_sync_engine(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        different = compare_metadata(context, metadata)
    engine.dispose()
    partitions = ("decisions_", "events_")
    left = [d for d in different if not str(getattr(d[1], "name", "")).startswith(partitions)]
    assert [str(d) for d in left if "index" not in str(d[0])] == []


def test_tables_of_a_later_version_are_left_as_they_are(database_url: str) -> None:
    engine = open_sync_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    migrate(database_url)
    assert current_revision(database_url) == "9999"
    assert is_newer("9999")
    assert not is_newer(newest_revision())
    assert not is_newer(None)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE alembic_version SET version_num = :it"), {"it": newest_revision()}
        )
    engine.dispose()


async def test_rows_of_every_time_find_a_partition(connection: AsyncConnection) -> None:
    for year in ("1999", "2026", "2150"):
        await connection.execute(
            text(
                "INSERT INTO events (store_id, ts, type, event_key, received_at) "
                "VALUES ('sto_1', CAST(:ts AS timestamptz), 'click', 'k', now())"
            ),
            {"ts": f"{year}-05-05 00:00:00+00"},
        )
    rows = await connection.execute(text("SELECT count(*) FROM events"))
    assert rows.scalar_one() == 3


async def test_a_month_that_the_default_partition_holds_is_left_there(
    connection: AsyncConnection,
) -> None:
    await connection.execute(
        text(
            "INSERT INTO events (store_id, ts, type, event_key, received_at) "
            "VALUES ('sto_1', '2031-05-05 00:00:00+00', 'click', 'k', now())"
        )
    )
    made = await connection.execute(text("SELECT add_partitions('2031-05-01', 2)"))
    assert made.scalar_one() == 3  # both of decisions, June of events


def test_a_database_without_tables_has_no_revision(stores: EmbeddedStores) -> None:
    assert current_revision(stores.postgres.url("postgres")) is None


def test_the_tables_can_be_taken_down_and_put_up_again(database_url: str) -> None:
    command.downgrade(migrations_of(database_url), "base")
    assert current_revision(database_url) is None
    migrate(database_url)
    assert current_revision(database_url) == newest_revision()


async def test_json_columns_take_and_give_python_values(connection: AsyncConnection) -> None:
    await put_store(connection, STORE)
    values = {
        "id": "job_1",
        "store_id": "sto_1",
        "kind": "import",
        "result": {"good": [1, "zwei"]},
    }
    await connection.execute(insert(jobs), values)
    assert (await connection.execute(select(jobs.c.result))).scalar_one() == values["result"]
