"""The row of a store: a lock, and what holds for all of its campaigns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select, text, update

from service.store.tables import stores

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

_LOCK: Final = text("SELECT FROM stores WHERE id = :store_id FOR NO KEY UPDATE")


async def lock_store(connection: AsyncConnection, store_id: str) -> None:
    """Until the transaction ends, nobody else changes the store's catalogue."""
    await connection.execute(_LOCK, {"store_id": store_id})


_TERMS: Final = (
    "id",
    "name",
    "currency",
    "locale",
    "site_url",
    "attribution_days",
    "view_through_hours",
    "just_bought_days",
    "impression_grace_seconds",
)


async def get_store(connection: AsyncConnection, store_id: str) -> RowMapping:
    """What holds in the store, which is there: the caller's key is of it."""
    columns = [stores.c[name] for name in _TERMS]
    found = await connection.execute(select(*columns).where(stores.c.id == store_id))
    return found.mappings().one()


async def change_store(
    connection: AsyncConnection, store_id: str, values: Mapping[str, object]
) -> None:
    """Set the columns named in `values`."""
    await connection.execute(update(stores).where(stores.c.id == store_id).values(**values))
