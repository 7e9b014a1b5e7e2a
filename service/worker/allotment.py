"""Tells Redis four times a second what the ledger leaves of each budget, for servers to lease."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Final

import structlog

from service.store.allotments import (
    click_delays,
    lease_epoch,
    left_of_campaigns,
    raise_lease_epoch,
)
from service.store.leases import write_left
from service.store.stream_lag import lag_seconds
from service.worker import counts
from service.worker.keep_doing import keep_looking_alone

if TYPE_CHECKING:
    import asyncio

    from redis.asyncio import Redis
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

log = structlog.get_logger(__name__)

EVERY_SECONDS: Final = 0.25
PATIENCE_SECONDS: Final = 5.0
EPOCH_KEY: Final = "salient:epoch"
USUAL_DELAY_SECONDS: Final = 30.0
LONGEST_DELAY_SECONDS: Final = 600.0
LEAST_CLICKS: Final = 20
DELAYS_EVERY_SECONDS: Final = 60.0
CAUGHT_UP_SECONDS: Final = 1.0


async def keep_allotments(engine: AsyncEngine, redis: Redis, stop: asyncio.Event) -> None:
    """Tell Redis the budgets until `stop` is set, while no other worker does.

    Without a database or Redis, servers go on with what they were told last.
    """
    await keep_looking_alone(
        engine,
        lambda: Allotment(redis).tell,
        stop,
        name="allotment",
        every_seconds=EVERY_SECONDS,
        patience_seconds=PATIENCE_SECONDS,
    )


@dataclass(slots=True)
class Allotment:
    """What one worker told one life of Redis; only what changed is told again."""

    redis: Redis
    _life: str | None = None  # "epoch:run id", as Redis has it too
    _epoch: int = 0
    _tick: str = ""
    _told: dict[str, dict[str, int]] = field(default_factory=dict)
    _delays: dict[str, float] = field(default_factory=dict)
    _delays_at: float = -inf

    async def tell(self, connection: AsyncConnection) -> None:
        """Read the ledger and write what is left.

        The tick stands still while the ledger lags behind the stream: servers then go on to
        count all that they showed as unpaid.
        """
        anew = await self._begin_epoch(connection)
        await self._read_delays(connection)
        if not self._tick or await lag_seconds(self.redis) <= CAUGHT_UP_SECONDS:
            self._tick = secrets.token_hex(4)
        left = await left_of_campaigns(connection)
        for store_id in left.keys() | self._told.keys():
            await self._tell(store_id, left.get(store_id, {}), anew=anew)
        self._told = left

    async def _tell(self, store_id: str, left: dict[str, int], *, anew: bool) -> None:
        before = {} if anew else self._told.get(store_id, {})
        changed = {name: micros for name, micros in left.items() if before.get(name) != micros}
        stamp = (self._epoch, self._tick, self._delays.get(store_id, USUAL_DELAY_SECONDS))
        gone = frozenset(before.keys() - left.keys())
        await write_left(
            self.redis, store_id, changed, stamp=stamp, gone=gone, anew=anew or not before
        )

    async def _begin_epoch(self, connection: AsyncConnection) -> bool:
        """Raise the epoch where Redis is not the one that was told last.

        It was started anew, perhaps with what it knew some time ago, or it was emptied.
        Returns: whether all must be told again.
        """
        server: dict[str, object] = await self.redis.info("server")
        run, known = server["run_id"], await self.redis.get(EPOCH_KEY)
        if self._life is None:
            self._epoch = await lease_epoch(connection)
            self._life = f"{self._epoch}:{run}"
            if known == self._life.encode():
                return True  # another worker told it before
        if known == self._life.encode() and self._life.endswith(f":{run}"):
            return False
        self._epoch = await raise_lease_epoch(connection)
        self._life = f"{self._epoch}:{run}"
        await self.redis.set(EPOCH_KEY, self._life)
        counts.LEASE_EPOCH.set(self._epoch)
        log.info("lease_epoch_raised", epoch=self._epoch)
        return True

    async def _read_delays(self, connection: AsyncConnection) -> None:
        if time.monotonic() - self._delays_at < DELAYS_EVERY_SECONDS:
            return
        self._delays = await click_delays(
            connection, longest_seconds=LONGEST_DELAY_SECONDS, least_clicks=LEAST_CLICKS
        )
        self._delays_at = time.monotonic()
