"""The loop that empties the stream: commit, then profiles, then acknowledge."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

import structlog
from redis.exceptions import OutOfMemoryError

from service.store.profiles import WHOLE
from service.worker import counts
from service.worker.dead_letters import bury
from service.worker.profiles import (
    rebuild_profiles,
    refresh_profiles,
    shoppers_touched,
    write_anew,
)
from service.worker.record import Recorded, Refusal, record
from service.worker.waiting import Backoff, pause

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.store.consents import Shopper
    from service.store.events import Event
    from service.store.stream import Entry, EventStream

log = structlog.get_logger(__name__)

BATCH = 2_000
BLOCK_SECONDS = 0.5
TRIES = 5
WRITE_LATER_SECONDS = 1.0
RETRY_SECONDS = 0.2
MOST_PUT_OFF = 5_000


@dataclass(slots=True)
class Consumer:
    """One reader of the stream's group.

    An entry is acknowledged only when its rows are committed and the profiles that it touches
    are written. A kill at any point leaves it pending, another reader claims it, and storing it
    again changes nothing. While a store is away the batch at hand is kept and tried again, and
    nothing more is read. A Redis that is full takes no profile, and only acknowledging makes room:
    then the profiles come later.
    """

    engine: AsyncEngine
    redis: Redis
    stream: EventStream
    abandoned_after_seconds: float = 2.0
    claim_every_seconds: float = 1.0
    patience_seconds: float = 60.0  # with a store that neither answers nor hangs up
    _waiting: list[Entry] = field(default_factory=list)
    _claim_at: float = 0.0
    _started: bool = False
    _rebuilding: asyncio.Task[None] | None = None
    _unwritten: dict[Shopper, int] = field(default_factory=dict)
    _write_at: float = 0.0
    _put_off: list[Entry] = field(default_factory=list)
    _retry_at: float = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop` is set; outages are waited out."""
        backoff = Backoff()
        while not stop.is_set():
            try:
                await self.step()
                backoff.reset()
            except Exception as error:  # an outage, or a fault of ours: either way nothing is lost
                counts.OUTAGES.inc()
                seconds = backoff.next_seconds()
                log.warning("consume_failed", error=repr(error), retry_seconds=seconds)
                self._started = False
                await pause(stop, seconds)
        if self._rebuilding is not None:
            self._rebuilding.cancel()

    async def step(self) -> int:
        """Handle one batch; returns how many entries it held."""
        if not self._waiting:
            self._waiting = await self._next_entries()
        handled = len(self._waiting)
        if self._waiting:
            async with asyncio.timeout(self.patience_seconds):
                await self._handle(self._waiting)
            self._waiting = []
        if self._put_off and time.monotonic() >= self._retry_at:
            await self._retry()
        if self._unwritten and time.monotonic() >= self._write_at:
            await self._write_later()
        return handled

    async def _rebuild(self) -> None:
        """Fill a Redis that is new or was emptied, beside the work that comes in."""
        try:
            shoppers = await rebuild_profiles(self.engine, self.redis)
            log.info("profiles_rebuilt", shoppers=shoppers)
        except Exception as error:  # each profile is written again with its shopper's next action
            counts.OUTAGES.inc()
            log.warning("profiles_not_rebuilt", error=repr(error))

    async def _next_entries(self) -> list[Entry]:
        if not self._started:
            try:
                new = await self.stream.ensure_group()
            except OutOfMemoryError:
                return await self.stream.oldest(count=BATCH)
            if new or not await self.redis.exists(WHOLE):
                self._rebuilding = asyncio.create_task(self._rebuild())
            self._started = True
        if time.monotonic() >= self._claim_at:
            # the first time takes all that is pending, so that a restart need not wait
            idle_seconds = self.abandoned_after_seconds if self._claim_at else 0.0
            claimed = await self.stream.claim_abandoned(count=BATCH, idle_seconds=idle_seconds)
            if len(claimed) < BATCH:
                self._claim_at = time.monotonic() + self.claim_every_seconds
            if claimed:
                return claimed
        block_seconds = RETRY_SECONDS if self._put_off else BLOCK_SECONDS
        return await self.stream.read(count=BATCH, block_seconds=block_seconds)

    async def _retry(self) -> None:
        """Try again what somebody's lock on a campaign put off; what fails is claimed later."""
        self._retry_at = time.monotonic() + RETRY_SECONDS
        held, self._put_off = self._put_off[:BATCH], self._put_off[BATCH:]
        await self.stream.hold([entry.id for entry in held])
        await self._handle(held)

    async def _handle(self, entries: list[Entry]) -> None:
        recorded = await record(self.engine, entries, self.redis)
        # many more are left to be claimed, which takes longer, but no memory
        self._put_off += recorded.put_off[: MOST_PUT_OFF - len(self._put_off)]
        await self._refresh(recorded.events)
        buried = await self._bury(recorded.refused)
        await self.stream.acknowledge([entry.id for entry in [*recorded.safe, *buried]])
        _count(recorded, buried)

    async def _refresh(self, events: list[Event]) -> None:
        try:
            await refresh_profiles(self.engine, self.redis, events)
        except OutOfMemoryError as error:
            counts.OUTAGES.inc()
            log.warning("profiles_put_off", error=repr(error))
            await self.redis.delete(WHOLE)  # some profile is missing now, or behind
            for shopper, day in shoppers_touched(events).items():
                self._unwritten[shopper] = min(day, self._unwritten.get(shopper, day))
            self._write_at = time.monotonic() + WRITE_LATER_SECONDS

    async def _write_later(self) -> None:
        self._write_at = time.monotonic() + WRITE_LATER_SECONDS
        some = dict(islice(self._unwritten.items(), BATCH))
        try:
            await write_anew(self.engine, self.redis, some)
        except OutOfMemoryError:
            return
        for shopper in some:
            del self._unwritten[shopper]
        self._write_at = 0.0

    async def _bury(self, refused: list[Refusal]) -> list[Entry]:
        if not refused:
            return []
        tries = await self.stream.deliveries([refusal.entry.id for refusal in refused])
        hopeless = [one for one in refused if tries.get(one.entry.id, TRIES) >= TRIES]
        for refusal in refused:
            log.warning("entry_refused", id=refusal.entry.id, error=repr(refusal.error)[:300])
        await bury(self.engine, hopeless, tries=TRIES)
        return [refusal.entry for refusal in hopeless]


def _count(recorded: Recorded, buried: list[Entry]) -> None:
    events = len(recorded.events)
    counts.RECORDED.labels("event").inc(events)
    counts.RECORDED.labels("decision").inc(len(recorded.safe) - events)
    counts.CHARGED.inc(recorded.charged)
    for kind, repeats in recorded.repeats.items():
        counts.REPEATS.labels(kind).inc(repeats)
    counts.DEAD_LETTERS.inc(len(buried))
