"""After erasures: old versions of rows, statistics and logs of commands hold what is gone."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Final

import structlog
from redis.exceptions import RedisError
from sqlalchemy import text

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from sqlalchemy.ext.asyncio import AsyncEngine

EVERY_SECONDS: Final = 60.0
TOUCHED: Final = ("events", "event_keys", "decisions", "dead_letters", "shoppers", "attributions")

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Leftovers:
    """Cleared away once a minute at most, however many erasures there were."""

    engine: AsyncEngine
    redis: Redis
    due: bool = False
    _not_before: float = 0.0

    async def clear_if_due(self) -> None:
        """Clear them away if something was erased, and the last time is a minute ago."""
        if self.due and monotonic() >= self._not_before:
            self._not_before = monotonic() + EVERY_SECONDS
            self.due = not await self.clear()

    async def clear(self) -> bool:
        """Let Postgres take back dead rows and samples of them, and Redis write its log anew.

        Returns: whether both did; a Redis that is at it already has to be asked again.
        """
        async with self.engine.connect() as opened:
            connection = await opened.execution_options(isolation_level="AUTOCOMMIT")
            for table in TOUCHED:  # one that somebody locks is left for its turn with autovacuum
                await connection.execute(text(f"VACUUM (ANALYZE, SKIP_LOCKED) {table}"))
        try:
            await self.redis.bgrewriteaof()
        except RedisError as error:
            log.warning("redis_log_not_rewritten", error=str(error))
            return False
        return True
