from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from service.errors import StoreUnavailableError
from service.store.spool import Drained, Spool, read_segment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

WRITER = """
import sys, pathlib, itertools
from service.store.spool import Spool
spool = Spool(pathlib.Path(sys.argv[1]))
for n in itertools.count():
    spool.append(b"event", b"%d" % n)
    print(n, flush=True)
"""


class Sink:
    """Where drained entries go; it fails when it is told to."""

    def __init__(self) -> None:
        self.got: list[tuple[bytes, bytes]] = []
        self.fail = False

    async def send(self, entries: Sequence[tuple[bytes, bytes]]) -> None:
        if self.fail:
            raise StoreUnavailableError("away")
        self.got += entries


def _segments(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.spool"))


async def test_entries_are_drained_in_order_and_once(tmp_path: Path) -> None:
    spool, sink = Spool(tmp_path), Sink()
    for n in range(1_200):
        spool.append(b"event", b'{"n": %d}' % n)
    await spool.sync()
    assert spool.waiting() > 0
    assert await spool.drain(sink.send) == Drained(1_200, 0)
    assert sink.got == [(b"event", b'{"n": %d}' % n) for n in range(1_200)]
    assert await spool.drain(sink.send) == Drained(0, 0)
    assert spool.waiting() == 0


async def test_segments_keep_their_order(tmp_path: Path) -> None:
    spool, sink = Spool(tmp_path, segment_bytes=100), Sink()
    for n in range(50):
        spool.append(b"event", b"%030d" % n)
    assert len(_segments(tmp_path)) > 5
    await spool.drain(sink.send)
    assert [int(body) for _, body in sink.got] == list(range(50))


async def test_a_drain_that_fails_loses_nothing(tmp_path: Path) -> None:
    spool, sink = Spool(tmp_path), Sink()
    spool.append(b"event", b"1")
    sink.fail = True
    with pytest.raises(StoreUnavailableError):
        await spool.drain(sink.send)
    spool.append(b"event", b"2")
    sink.fail = False
    assert await spool.drain(sink.send) == Drained(2, 0)
    assert sink.got == [(b"event", b"1"), (b"event", b"2")]


async def test_a_torn_line_is_counted_and_harms_no_other(tmp_path: Path) -> None:
    spool, sink = Spool(tmp_path), Sink()
    for body in (b"1", b"2", b"3"):
        spool.append(b"event", body)
    spool.close()
    (segment,) = _segments(tmp_path)
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(lines[0] + lines[1].replace(b"2", b"9") + lines[2][:-4])
    assert await spool.drain(sink.send) == Drained(1, 2)
    assert sink.got == [(b"event", b"1")]


async def test_a_body_with_a_line_break_stays_one_entry(tmp_path: Path) -> None:
    spool, sink = Spool(tmp_path), Sink()
    spool.append(b"event", b'{"a":\n 1}')
    await spool.drain(sink.send)
    assert sink.got == [(b"event", b'{"a":  1}')]


async def test_callers_at_once_share_their_syncs(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    await spool.sync()  # nothing to do

    async def write(n: int) -> None:
        spool.append(b"event", b"%d" % n)
        await spool.sync()

    await asyncio.gather(*map(write, range(100)))
    spool.close()
    (segment,) = _segments(tmp_path)
    assert len(read_segment(segment)[0]) == 100


async def test_a_living_writers_segment_is_left_to_it(tmp_path: Path) -> None:
    writer, drainer, sink = Spool(tmp_path), Spool(tmp_path), Sink()
    writer.append(b"event", b"1")
    assert await drainer.drain(sink.send) == Drained(0, 0)
    writer.close()
    assert await drainer.drain(sink.send) == Drained(1, 0)


async def test_what_a_killed_process_wrote_is_drained_by_another(tmp_path: Path) -> None:
    child = await asyncio.to_thread(
        subprocess.Popen, [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE
    )
    assert child.stdout
    said = [await asyncio.to_thread(child.stdout.readline) for _ in range(200)]
    os.kill(child.pid, signal.SIGKILL)
    said += (await asyncio.to_thread(child.stdout.read)).splitlines()
    await asyncio.to_thread(child.wait)
    child.stdout.close()
    sink = Sink()
    await Spool(tmp_path).drain(sink.send)
    numbers = [int(body) for _, body in sink.got]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > max(int(line) for line in said[:-1])


async def test_a_full_disk_is_said(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append(b"event", b"1")
    os.close(spool._fd)
    spool._fd = os.open("/dev/full", os.O_WRONLY)
    with pytest.raises(StoreUnavailableError, match="No space"):
        spool.append(b"event", b"2")
    with pytest.raises(StoreUnavailableError, match="synced"):
        await spool.sync()
    spool.append(b"event", b"3")  # a new segment, once there is room
    await spool.sync()
    spool.close()
    sink = Sink()
    await spool.drain(sink.send)
    assert sink.got == [(b"event", b"1"), (b"event", b"3")]
