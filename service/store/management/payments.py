"""What advertisers paid ahead: rows are added and read, never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import exists, insert, select

from service.store.money_tables import payments

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

_CHOSEN = [
    payments.c[name] for name in ("id", "advertiser_id", "amount_micros", "note", "created_at")
]


async def add_payment(
    connection: AsyncConnection, store_id: str, values: Mapping[str, Any]
) -> RowMapping:
    """The new row; the balance follows by itself.

    Postgres refuses an amount below zero that would take back what is spent already.
    """
    statement = insert(payments).values(store_id=store_id, **values).returning(*_CHOSEN)
    return (await connection.execute(statement)).mappings().one()


async def payments_page(
    connection: AsyncConnection, store_id: str, advertiser_id: str, *, after: str, limit: int
) -> list[RowMapping]:
    """An advertiser's payments in the order of their ids, those past `after`."""
    columns = payments.c
    here = (columns.store_id == store_id, columns.advertiser_id == advertiser_id)
    statement = select(*_CHOSEN).where(*here, columns.id > after)
    found = await connection.execute(statement.order_by(columns.id).limit(limit))
    return list(found.mappings())


async def has_payments(connection: AsyncConnection, advertiser_id: str) -> bool:
    """Whether the advertiser ever paid ahead."""
    statement = select(exists().where(payments.c.advertiser_id == advertiser_id))
    return (await connection.execute(statement)).scalar_one()
