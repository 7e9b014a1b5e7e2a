"""A consumer in a process of its own that kills itself at a bad moment, sound or with a defect.

python consumer_process.py DATABASE_URL REDIS_URL DEFECT KILL_EVERY
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

from redis.asyncio import Redis

from service.store.events import from_bytes
from service.store.postgres import open_engine
from service.store.stream import EventStream
from service.worker import consume, record
from service.worker.consume import Consumer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.store.events import Event
    from service.store.stream import Entry

BATCH = 50


class DeadlyStream(EventStream):
    """Kills the process between commit and acknowledgement of every so-manieth batch."""

    kill_every = 0

    async def acknowledge(self, ids: Sequence[str]) -> None:
        if ids:
            await self.perhaps_die()
        await super().acknowledge(ids)

    async def perhaps_die(self) -> None:
        # counted in Redis: the count must outlive the process
        if await self._redis.incr("batches") % self.kill_every == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class HastyStream(DeadlyStream):
    """The defect: acknowledges what it reads before anything is stored."""

    async def read(self, count: int = 500, block_seconds: float = 0.5) -> list[Entry]:
        entries = await super().read(count, block_seconds)
        await EventStream.acknowledge(self, [entry.id for entry in entries])
        if entries:
            await self.perhaps_die()
        return entries


def forget_keys() -> None:
    """The defect: every delivery of an event looks like a new event."""

    def as_new(raw: bytes) -> Event:
        event = from_bytes(raw)
        fresh = f"{event.event_key}~{uuid4().hex}"
        return replace(event, event_key=fresh, impression_id=event.impression_id and fresh)

    setattr(record, "from_bytes", as_new)  # noqa: B010 - a defect put in on purpose


async def main(database_url: str, redis_url: str, defect: str, kill_every: int) -> None:
    consume.BATCH = BATCH
    if defect == "no_key":
        forget_keys()
    redis = Redis.from_url(redis_url)
    stream = (HastyStream if defect == "ack_first" else DeadlyStream)(redis, f"pid-{os.getpid()}")
    stream.kill_every = kill_every
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    print("ready", flush=True)  # noqa: T201 - tells the test that the imports are done
    await Consumer(open_engine(database_url), redis, stream).run(stop)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
