"""API keys as the management API shows them. `store.keys` makes and revokes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select, update

from service.store.tables import api_keys

if TYPE_CHECKING:
    from sqlalchemy import RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

_NOT_SHOWN: Final = ("store_id", "sha256", "revoked_at")
_CHOSEN: Final = [column for column in api_keys.columns if column.name not in _NOT_SHOWN]


async def name_key(connection: AsyncConnection, key_id: str, name: str) -> RowMapping:
    """The row of a key that was just made, now with its name."""
    statement = update(api_keys).where(api_keys.c.id == key_id).values(name=name)
    return (await connection.execute(statement.returning(*_CHOSEN))).mappings().one()


async def get_key(
    connection: AsyncConnection, store_id: str, key_id: str, *, lock: bool = False
) -> RowMapping | None:
    """The store's key of this id, if it is in force; locked, if asked."""
    columns = api_keys.c
    here = (columns.store_id == store_id, columns.id == key_id, columns.revoked_at.is_(None))
    statement = select(*_CHOSEN).where(*here)
    if lock:
        statement = statement.with_for_update()
    return (await connection.execute(statement)).mappings().one_or_none()


async def keys_page(
    connection: AsyncConnection,
    store_id: str,
    advertiser_id: str | None,
    *,
    after: str,
    limit: int,
) -> list[RowMapping]:
    """Keys in force by id, those past `after`; with an `advertiser_id`, only those bound to it."""
    columns = api_keys.c
    here = [columns.store_id == store_id, columns.revoked_at.is_(None), columns.id > after]
    if advertiser_id is not None:
        here.append(columns.advertiser_id == advertiser_id)
    statement = select(*_CHOSEN).where(*here).order_by(columns.id).limit(limit)
    return list((await connection.execute(statement)).mappings())
