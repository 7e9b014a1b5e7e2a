"""The event log: the stream first, the spool where the stream does not take it."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest
from prometheus_client import REGISTRY

from service.api import event_log
from service.api.event_log import EventLog
from service.api.metrics import Metrics
from service.errors import StoreUnavailableError
from service.store.segment import read_segment
from service.store.spool import Spool

if TYPE_CHECKING:
    from pathlib import Path

    from service.store.segment import Spooled


class Wire:
    """A stream that takes, refuses at once, or breaks later; `lose` is a power cut at Redis."""

    def __init__(self) -> None:
        self.connected = True
        self.run = 1
        self.left: list[bytes] = []  # ids that the worker has not recorded yet
        self.number = 0
        self.taken: list[tuple[bytes, bytes]] = []
        self.owed: list[asyncio.Future[bytes]] = []
        self.refuse_after = 1_000_000

    def append(self, stream: bytes, *fields: bytes) -> asyncio.Future[bytes]:
        assert stream == b"salient:events"
        assert fields[::2] == (b"k", b"b")
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.owed.append(future)
        if not self.connected or len(self.taken) >= self.refuse_after:
            future.set_exception(StoreUnavailableError("away"))
            future.exception()
        else:
            self.taken.append((fields[1], fields[3]))
            self.number += 1
            self.left.append(b"7-%d" % self.number)
            future.set_result(self.left[-1])
        return future

    async def call(self, *words: bytes, deadline_seconds: float) -> list[bytes]:
        """The answer to the look at the stream."""
        assert words[0] == b"EVAL"
        assert deadline_seconds > 0
        return [b"run-%d" % self.run, b"home-1", self.left[0] if self.left else b""]

    def record(self, number: int) -> None:
        """The worker is through with the first `number` entries."""
        del self.left[:number]

    def lose(self, number: int) -> None:
        """Redis comes back without its last `number` entries."""
        del self.left[-number:]
        self.run += 1


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


@pytest.fixture
def log(wire: Wire, spool: Spool) -> EventLog:
    return EventLog(wire, spool, Metrics())  # type: ignore[arg-type] # a fake wire


def spooled(spool: Spool) -> list[Spooled]:
    """What the segments hold, in order."""
    paths = sorted(spool._folder.glob("*.spool"))
    return [entry for path in paths for entry in read_segment(path)[0]]


async def test_the_stream_takes_it(log: EventLog, wire: Wire, spool: Spool) -> None:
    log.append_soon(b"decision", b"1")
    await log.append(b"event", [b"2", b"3"])
    await asyncio.sleep(0)
    assert wire.taken == [(b"decision", b"1"), (b"event", b"2"), (b"event", b"3")]
    assert spool.waiting() == 0


async def test_a_large_batch_lets_others_in_between(log: EventLog, wire: Wire) -> None:
    others = 0

    async def count() -> None:
        nonlocal others
        while True:
            others += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    await log.append(b"event", [b"%d" % number for number in range(500)])
    counting.cancel()
    assert len(wire.taken) == 500
    assert others >= 9


async def test_the_spool_takes_what_the_stream_does_not(
    log: EventLog, wire: Wire, spool: Spool
) -> None:
    wire.refuse_after = 1
    await log.append(b"event", [b"1", b"2", b"3"])
    log.append_soon(b"decision", b"4")
    await log.close()
    assert wire.taken == [(b"event", b"1")]
    assert spooled(spool) == [(b"event", b"2"), (b"event", b"3"), (b"decision", b"4")]


async def test_what_nobody_waits_for_leaves_together(
    log: EventLog, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_log, "GROUP_SEND_SECONDS", 0.01)
    for body in (b"1", b"2", b"3"):
        log.append_soon(b"decision", body)
    await asyncio.sleep(0)
    assert wire.taken == []
    await asyncio.sleep(0.05)
    assert wire.taken == [(b"decision", b"1"), (b"decision", b"2"), (b"decision", b"3")]


async def test_a_click_is_in_the_spool_before_the_redirect(
    log: EventLog, wire: Wire, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_log, "GROUP_SYNC_SECONDS", 0.001)
    log.append_surely(b"event", b"1")
    log.append_surely(b"event", b"2")
    assert spool.waiting() > 0  # nothing was awaited
    assert len(wire.taken) == 2
    await asyncio.sleep(0.05)
    assert spooled(spool) == [(b"event", b"1"), (b"event", b"2")]


async def test_a_told_click_is_on_the_disk_before_it_is_said_to_be_safe(
    log: EventLog, wire: Wire, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    await log.append(b"event", [b"click", b"search", b"conversion"], surely=[0, 2])
    assert spooled(spool) == [(b"event", b"click"), (b"event", b"conversion")]
    assert len(synced) >= 1
    assert len(wire.taken) == 3


async def test_the_segments_go_to_the_stream_when_redis_is_back(
    log: EventLog, wire: Wire, spool: Spool
) -> None:
    wire.connected = False
    await log.append(b"event", [b"1", b"2"])
    await log.drain()
    assert wire.taken == []
    wire.connected = True
    await log.drain()
    assert wire.taken == [(b"event", b"1"), (b"event", b"2")]
    assert spool.waiting() > 0  # until they are recorded
    wire.record(1)
    await log.drain()
    assert spool.waiting() > 0
    wire.record(1)
    await log.drain()
    assert spool.waiting() == 0
    assert len(wire.taken) == 2


async def test_a_click_is_sent_once_and_kept_until_it_is_recorded(
    log: EventLog, wire: Wire, spool: Spool
) -> None:
    await log.drain()  # as at the start: which stream is it?
    log.append_surely(b"event", b"1")
    for _ in range(3):
        await log.drain()
    assert wire.taken == [(b"event", b"1")]
    assert spooled(spool) == [(b"event", b"1")]
    wire.record(1)
    await log.drain()
    assert spool.waiting() == 0
    assert wire.taken == [(b"event", b"1")]


async def test_what_redis_lost_is_sent_again(log: EventLog, wire: Wire, spool: Spool) -> None:
    await log.drain()
    for body in (b"1", b"2", b"3"):
        log.append_surely(b"event", body)
    await log.drain()
    wire.lose(2)  # a power cut; the worker goes on with what is left
    wire.record(1)
    await log.drain()
    assert wire.taken[3:] == [(b"event", b"1"), (b"event", b"2"), (b"event", b"3")]
    wire.record(3)
    await log.drain()
    assert spool.waiting() == 0


async def test_a_segment_too_large_for_redis_goes_bit_by_bit(log: EventLog, wire: Wire) -> None:
    wire.connected = False
    bodies = [b"%d" % number for number in range(1_200)]
    await log.append(b"event", bodies)
    wire.connected, wire.refuse_after = True, 700
    with pytest.raises(StoreUnavailableError, match="took 700 of 1200"):
        await log.drain()
    wire.refuse_after = 5_000
    await log.drain()
    assert [body for _, body in wire.taken] == bodies  # none twice


async def test_an_outage_while_segments_are_sent_keeps_them(
    log: EventLog, wire: Wire, spool: Spool
) -> None:
    wire.connected = False
    await log.append(b"event", [b"1", b"2"])
    wire.connected, wire.refuse_after = True, 1
    with pytest.raises(StoreUnavailableError):
        await log.drain()
    assert spooled(spool) == [(b"event", b"1"), (b"event", b"2")]


async def test_sending_goes_on_after_an_outage(
    log: EventLog, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_log, "TEND_EVERY_SECONDS", 0.001)
    wire.connected = False
    await log.append(b"event", [b"1"])
    wire.connected, wire.refuse_after = True, 0
    draining = asyncio.create_task(log.drain_forever())
    await asyncio.sleep(0.05)
    wire.refuse_after = 10
    await asyncio.sleep(0.1)
    draining.cancel()
    assert wire.taken == [(b"event", b"1")]


def dropped() -> float:
    found = REGISTRY.get_sample_value("salient_event_log_total", {"fate": "dropped"})
    assert found is not None
    return found


async def test_a_full_disk_drops_only_what_the_stream_does_not_take_either(
    log: EventLog, wire: Wire, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(kind: bytes, body: bytes) -> None:
        raise StoreUnavailableError(f"no space left for {kind!r} {body!r}")

    monkeypatch.setattr(spool, "append", full)
    before = dropped()
    log.append_surely(b"event", b"1")
    await log.append(b"event", [b"2"], surely=[0])
    assert wire.taken == [(b"event", b"1"), (b"event", b"2")]
    assert dropped() == before
    wire.connected = False
    log.append_soon(b"decision", b"3")
    log.append_surely(b"event", b"4")
    with pytest.raises(StoreUnavailableError):
        await log.append(b"event", [b"5"])
    await log.close()
    assert dropped() == before + 2  # who sent the fifth was told
