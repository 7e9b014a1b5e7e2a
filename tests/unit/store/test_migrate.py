from __future__ import annotations

from typing import TYPE_CHECKING

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from service.store.migrate import current_revision, migrate, newest_revision
from service.store.postgres import open_sync_engine
from service.store.tables import metadata

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


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
