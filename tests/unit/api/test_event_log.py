"""The event log: the stream first, the spool where the stream does not take it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from service.api import event_log
from service.api.event_log import EventLog
from service.api.metrics import Metrics
from service.errors import StoreUnavailableError
from service.store.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from service.store.spool import Spooled


class Wire:
    """A stream that takes, refuses at once, or breaks later."""

    def __init__(self) -> None:
        self.connected = True
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
            future.set_result(b"1-1")
        return future


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


@pytest.fixture
def log(wire: Wire, spool: Spool) -> EventLog:
    return EventLog(wire, spool, Metrics())  # type: ignore[arg-type] # a fake wire


async def spooled(spool: Spool) -> list[tuple[bytes, bytes]]:
    found: list[tuple[bytes, bytes]] = []

    async def take(entries: Sequence[Spooled]) -> None:
        found.extend(entries)

    await spool.drain(take)
    return found


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
    assert await spooled(spool) == [(b"event", b"2"), (b"event", b"3"), (b"decision", b"4")]


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
    assert await spooled(spool) == [(b"event", b"1"), (b"event", b"2")]


async def test_the_spool_goes_to_the_stream_when_redis_is_back(
    log: EventLog, wire: Wire, spool: Spool
) -> None:
    wire.connected = False
    await log.append(b"event", [b"1", b"2"])
    await log.drain()
    assert wire.taken == []
    wire.connected = True
    await log.drain()
    assert wire.taken == [(b"event", b"1"), (b"event", b"2")]
    assert spool.waiting() == 0


async def test_an_outage_during_the_drain_keeps_the_segment(
    log: EventLog, wire: Wire, spool: Spool
) -> None:
    wire.connected = False
    await log.append(b"event", [b"1", b"2"])
    wire.connected, wire.refuse_after = True, 1
    with pytest.raises(StoreUnavailableError):
        await log.drain()
    assert await spooled(spool) == [(b"event", b"1"), (b"event", b"2")]


async def test_draining_goes_on_after_an_outage(
    log: EventLog, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_log, "DRAIN_EVERY_SECONDS", 0.001)
    wire.connected = False
    await log.append(b"event", [b"1"])
    wire.connected, wire.refuse_after = True, 0
    draining = asyncio.create_task(log.drain_forever())
    await asyncio.sleep(0.02)
    wire.refuse_after = 10
    await asyncio.sleep(0.05)
    draining.cancel()
    assert wire.taken == [(b"event", b"1")]


async def test_a_full_disk_drops_what_nobody_waits_for_and_refuses_the_rest(
    log: EventLog, wire: Wire, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(kind: bytes, body: bytes) -> None:
        raise StoreUnavailableError(f"no space left for {kind!r} {body!r}")

    async def torn() -> None:
        raise StoreUnavailableError("no space left")

    wire.connected = False
    monkeypatch.setattr(spool, "append", full)
    monkeypatch.setattr(spool, "sync", torn)
    monkeypatch.setattr(event_log, "GROUP_SYNC_SECONDS", 0.0)
    log.append_soon(b"decision", b"1")
    log.append_surely(b"event", b"2")
    await asyncio.sleep(0.01)
    with pytest.raises(StoreUnavailableError):
        await log.append(b"event", [b"3"])
