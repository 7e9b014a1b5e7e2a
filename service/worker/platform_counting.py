"""Counts what our own ads cost and brought on each platform, where budgets are spread over them.

The hours that clicks may still come for are counted anew at every look, the newest ones every
few minutes and all of them once an hour, so that a look after a crash repeats nothing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta
from math import inf
from typing import TYPE_CHECKING, Final

from service.store.platform_counts import (
    count_platforms,
    settle_platform_count,
    stores_that_allocate,
    take_platform_count,
)
from service.store.quality import next_told

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncEngine

AN_HOUR: Final = timedelta(hours=1)
A_DAY: Final = timedelta(days=1)
SETTLED: Final = timedelta(hours=5)
"""How old an hour must be to be counted for good: its ads are clicked for four hours."""

WHOLE_EVERY_SECONDS: Final = 3600.0


@dataclass(slots=True)
class PlatformCounting:
    """The counting of one worker; how far it came stands in the database."""

    engine: AsyncEngine
    _whole_at: dict[str, float] = field(default_factory=dict)  # by store, monotonic seconds

    async def count(self, *, now: datetime) -> None:
        """Count what is new of every store that spreads a budget, at most a day a transaction."""
        async with self.engine.begin() as connection:
            store_ids = await stores_that_allocate(connection)
        for store_id in store_ids:
            while await self._count_some(store_id, now):
                pass

    async def _count_some(self, store_id: str, now: datetime) -> bool:
        """Count a day more of what is not counted for good; whether there is still more."""
        settled = _hour(now - SETTLED)
        async with self.engine.begin() as connection:
            counted = await take_platform_count(connection, store_id, now=now)
            if counted is None:
                return False
            if counted < settled:
                start = await next_told(connection, store_id, counted, settled)
                end = min(start + A_DAY, settled)
                await count_platforms(connection, store_id, start, end)
                await settle_platform_count(connection, store_id, end)
                return True
            open_since = self._open_since(store_id, counted, now)
            await count_platforms(connection, store_id, open_since, _hour(now) + AN_HOUR)
        return False

    def _open_since(self, store_id: str, counted: datetime, now: datetime) -> datetime:
        """From when to count anew: once an hour all that is open, else the last two hours."""
        clock = time.monotonic()
        if self._whole_at.get(store_id, -inf) + WHOLE_EVERY_SECONDS <= clock:
            self._whole_at[store_id] = clock
            return counted
        return max(counted, _hour(now) - AN_HOUR)


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
