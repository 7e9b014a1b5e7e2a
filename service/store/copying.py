"""The fast way of many rows into Postgres: COPY to a temporary table, then one INSERT."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from psycopg import AsyncConnection as RawConnection
    from psycopg import AsyncCursor
    from sqlalchemy import Table
    from sqlalchemy.ext.asyncio import AsyncConnection


async def raw(connection: AsyncConnection) -> RawConnection[tuple[Any, ...]]:
    """The psycopg connection under `connection`, inside the same transaction."""
    if not connection.in_transaction():
        await connection.begin()
    driver = (await connection.get_raw_connection()).driver_connection
    if driver is None:
        raise TypeError("the connection has no driver connection")
    return driver  # type: ignore[no-any-return] # SQLAlchemy types it as Any


async def copy_in(
    connection: AsyncConnection,
    table: Table,
    columns: Sequence[str],
    rows: Iterable[tuple[object, ...]],
    *,
    numbered: bool = False,
) -> AsyncCursor[tuple[Any, ...]]:
    """COPY `rows` of `columns` to `incoming_<table>`, which is empty at first.

    The temporary table lives as long as the session and is emptied at commit, so that batch
    after batch does not wear out the system catalogue; `numbered` gives it a column n more.
    Returns: a cursor to go on with.
    """
    cursor = (await raw(connection)).cursor()
    name = f"incoming_{table.name}"
    more = ", n integer" if numbered else ""
    await cursor.execute(
        f"CREATE TEMPORARY TABLE IF NOT EXISTS {name} (LIKE {table.name} INCLUDING DEFAULTS{more})"
        " ON COMMIT DELETE ROWS"
    )
    if _used_before(connection, name):
        await cursor.execute(f"TRUNCATE {name}")
    async with cursor.copy(f"COPY {name} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            await copy.write_row(row)
    return cursor


def _used_before(connection: AsyncConnection, name: str) -> bool:
    """Whether this very transaction has rows in the table already."""
    used: dict[str, object] = connection.sync_connection.info  # type: ignore[union-attr] # it is open
    transaction = connection.get_transaction()
    before, used[name] = used.get(name), transaction
    return transaction is not None and before is transaction
