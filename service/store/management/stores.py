"""The row of a store, as a lock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

_LOCK: Final = text("SELECT FROM stores WHERE id = :store_id FOR NO KEY UPDATE")


async def lock_store(connection: AsyncConnection, store_id: str) -> None:
    """Until the transaction ends, nobody else changes the store's catalogue."""
    await connection.execute(_LOCK, {"store_id": store_id})
