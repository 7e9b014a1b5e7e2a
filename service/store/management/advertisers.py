"""Advertisers: one query a function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from service.store.tables import advertisers

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

_CHOSEN = (
    advertisers.c.id,
    advertisers.c.name,
    (advertisers.c.credit_micros - advertisers.c.spent_micros).label("balance_micros"),
    advertisers.c.created_at,
)


async def add_advertiser(
    connection: AsyncConnection, store_id: str, advertiser_id: str, name: str
) -> RowMapping:
    """The new row."""
    values = {"id": advertiser_id, "store_id": store_id, "name": name}
    statement = insert(advertisers).values(values).returning(*_CHOSEN)
    return (await connection.execute(statement)).mappings().one()


async def get_advertiser(
    connection: AsyncConnection, store_id: str, advertiser_id: str, *, lock: bool = False
) -> RowMapping | None:
    """The store's advertiser of this id; locked until the transaction ends, if asked."""
    statement = select(*_CHOSEN).where(_here(store_id, advertiser_id))
    if lock:
        statement = statement.with_for_update()  # also holds up new campaigns of it
    return (await connection.execute(statement)).mappings().one_or_none()


async def advertisers_page(
    connection: AsyncConnection, store_id: str, only: str | None, *, after: str, limit: int
) -> list[RowMapping]:
    """Advertisers by id, those past `after`; `only` is the one that a merchant's key may see."""
    columns = advertisers.c
    statement = select(*_CHOSEN).where(columns.store_id == store_id, columns.id > after)
    if only is not None:
        statement = statement.where(columns.id == only)
    found = await connection.execute(statement.order_by(columns.id).limit(limit))
    return list(found.mappings())


async def rename_advertiser(
    connection: AsyncConnection, store_id: str, advertiser_id: str, name: str
) -> RowMapping:
    """The row with its new name; there must be one."""
    here = _here(store_id, advertiser_id)
    statement = update(advertisers).where(here).values(name=name).returning(*_CHOSEN)
    return (await connection.execute(statement)).mappings().one()


async def remove_advertiser(
    connection: AsyncConnection, store_id: str, advertiser_id: str
) -> None:
    """Remove it with its keys. Campaigns must be gone already: charges hang on them."""
    await connection.execute(delete(advertisers).where(_here(store_id, advertiser_id)))


def _here(store_id: str, advertiser_id: str) -> ColumnElement[bool]:
    return (advertisers.c.id == advertiser_id) & (advertisers.c.store_id == store_id)
