"""Placements: one query a function. `store.campaigns.put_placements` writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select

from service.store.tables import placements

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

_CHOSEN: Final = [column for column in placements.columns if column.name != "store_id"]


async def get_placement(
    connection: AsyncConnection, store_id: str, name: str, *, lock: bool = False
) -> RowMapping | None:
    """The store's placement of this name; locked, if asked."""
    statement = select(*_CHOSEN).where(_here(store_id, name))
    if lock:
        statement = statement.with_for_update()
    return (await connection.execute(statement)).mappings().one_or_none()


async def placements_page(
    connection: AsyncConnection, store_id: str, *, after: str, limit: int
) -> list[RowMapping]:
    """Placements by name, those past `after`."""
    columns = placements.c
    here = (columns.store_id == store_id, columns.name > after)
    statement = select(*_CHOSEN).where(*here).order_by(columns.name).limit(limit)
    return list((await connection.execute(statement)).mappings())


async def remove_placement(connection: AsyncConnection, store_id: str, name: str) -> None:
    """Remove it."""
    await connection.execute(delete(placements).where(_here(store_id, name)))


def _here(store_id: str, name: str) -> ColumnElement[bool]:
    return (placements.c.store_id == store_id) & (placements.c.name == name)
