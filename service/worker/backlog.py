"""How far the worker is behind, for whoever watches."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

from prometheus_client import Gauge
from redis.exceptions import RedisError

from service.worker.waiting import pause

if TYPE_CHECKING:
    import asyncio

    from service.store.stream import EventStream

EVERY_SECONDS = 2.0
WAITING = Gauge(
    "salient_worker_waiting_entries",
    "Entries in the stream that are not recorded yet; NaN while Redis is away.",
)

LAG = Gauge(
    "salient_worker_lag_seconds",
    "How long the oldest entry of the stream has waited to be recorded; NaN while Redis is away.",
)


async def watch_backlog(stream: EventStream, stop: asyncio.Event) -> None:
    """Tell how much waits in the stream, and how long, until `stop` is set."""
    while not stop.is_set():
        try:
            WAITING.set(await stream.waiting())
            LAG.set(await stream.lag_seconds())
        except (RedisError, OSError):  # the consumer counts and tells the outage
            WAITING.set(nan)
            LAG.set(nan)
        await pause(stop, EVERY_SECONDS)
