"""More deliberate defects for `defective.py`: of consumers, of waiting, of models."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from uvicorn.supervisors import Multiprocess

from service.api import gathering
from service.api.deliberation import ModelClock
from service.inference.graph import Graph
from service.store import redis_wire
from service.store.events import from_bytes
from service.store.stream import EventStream
from service.worker import record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray
    from service.store.events import Event
    from service.store.stream import Entry


def acknowledge_first() -> None:
    """What is read is acknowledged before anything is stored."""
    read = EventStream.read

    async def hasty(
        self: EventStream, count: int = 500, block_seconds: float = 0.5
    ) -> list[Entry]:
        entries = await read(self, count, block_seconds)
        await self.acknowledge([entry.id for entry in entries])
        return entries

    EventStream.read = hasty  # type: ignore[method-assign] # the defect


def forget_keys() -> None:
    """Every delivery of an event looks like a new event."""

    def as_new(raw: bytes) -> Event:
        event = from_bytes(raw)
        fresh = f"{event.event_key}~{uuid4().hex}"
        return replace(event, event_key=fresh, impression_id=event.impression_id and fresh)

    setattr(record, "from_bytes", as_new)  # noqa: B010 - a defect put in on purpose


def never_open() -> None:
    """A silent Redis is asked again and again."""
    redis_wire.SILENCE_SECONDS = 3600.0  # type: ignore[misc] # the defect


def no_deadline() -> None:
    """A profile is waited for as long as the caller gives, for every shopper anew."""
    never_open()
    gathering.PROFILE_DEADLINE_SECONDS = 3600.0


def wait_for_stores() -> None:
    """It does not serve before Redis answers."""
    start = redis_wire.RedisWire.start

    async def patient(self: redis_wire.RedisWire) -> bool:
        return await start(self, wait_seconds=3600.0)

    redis_wire.RedisWire.start = patient  # type: ignore[method-assign, assignment] # the defect


def sleep_in_models() -> None:
    """No defect of ours: a graph takes as long as the file `slow` of the state folder says."""
    sound = Graph.run
    file = Path(os.environ["SALIENT_STATE"]) / "slow"

    def run(self: Graph, feeds: Mapping[str, NDArray[Any]]) -> list[FloatArray]:
        if file.exists():
            time.sleep(float(file.read_text()))
        return sound(self, feeds)

    Graph.run = run  # type: ignore[method-assign] # the sleeping session


def never_learn() -> None:
    """Models are asked whatever they took the last times."""
    sleep_in_models()
    ModelClock.allows = lambda *_: True  # type: ignore[method-assign] # the defect
    ModelClock.doubts = lambda *_: False  # type: ignore[method-assign] # the defect


def restart_nobody() -> None:
    """A serving process that is killed stays dead."""
    setattr(Multiprocess, "keep_subprocess_alive", lambda _: None)  # noqa: B010 - on purpose


MORE = {
    one.__name__: one
    for one in (
        acknowledge_first,
        forget_keys,
        never_learn,
        never_open,
        no_deadline,
        restart_nobody,
        sleep_in_models,
        wait_for_stores,
    )
}
