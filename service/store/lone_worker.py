"""Work that one worker of all does: whoever holds its lock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

_LOCK: Final = text("SELECT pg_try_advisory_lock(hashtext('salient ' || CAST(:name AS text)))")


async def is_alone(connection: AsyncConnection, name: str) -> bool:
    """Whether this session is now the one that does the work of that name, until it ends."""
    return bool((await connection.execute(_LOCK, {"name": name})).scalar_one())
