from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from service.errors import StoreUnavailableError
from service.store.segment import read_segment
from service.store.spool import ADOPTED_AT_ONCE, Spool

if TYPE_CHECKING:
    from pathlib import Path

WRITER = """
import sys, pathlib, itertools
from service.store.spool import Spool
spool = Spool(pathlib.Path(sys.argv[1]))
for n in itertools.count():
    spool.append(b"event", b"%d" % n)
    print(n, flush=True)
"""


def _segments(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.spool"))


def _bodies(folder: Path) -> list[bytes]:
    return [body for path in _segments(folder) for _, body in read_segment(path)[0]]


async def test_entries_are_read_back_in_order(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    for n in range(1_200):
        segment, number = spool.append(b"event", b'{"n": %d}' % n)
        assert number == n
    await spool.sync()
    assert spool.waiting() > 0
    assert _bodies(tmp_path) == [b'{"n": %d}' % n for n in range(1_200)]
    spool.end_segment()
    assert spool.ended == [segment]
    spool.release(segment)
    assert (spool.waiting(), spool.ended) == (0, [])


async def test_segments_keep_their_order(tmp_path: Path) -> None:
    spool = Spool(tmp_path, segment_bytes=100)
    for n in range(50):
        spool.append(b"event", b"%030d" % n)
    assert len(_segments(tmp_path)) > 5
    assert [int(body) for body in _bodies(tmp_path)] == list(range(50))


async def test_a_torn_line_is_counted_and_harms_no_other(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    for body in (b"1", b"2", b"3"):
        spool.append(b"event", body)
    spool.close()
    (segment,) = _segments(tmp_path)
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(lines[0] + lines[1].replace(b"2", b"9") + lines[2][:-4])
    assert read_segment(segment) == ([(b"event", b"1")], 2)


async def test_a_body_with_a_line_break_stays_one_entry(tmp_path: Path) -> None:
    Spool(tmp_path).append(b"event", b'{"a":\n 1}')
    assert _bodies(tmp_path) == [b'{"a":  1}']


async def test_no_sync_happens_in_the_thread_of_the_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced_in: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda _: synced_in.append(threading.get_ident()))
    spool = Spool(tmp_path, segment_bytes=100)
    for n in range(20):  # a new segment every third time
        spool.append(b"event", b"%030d" % n)
    await spool.sync()
    spool.end_segment()
    spool.append(b"event", b"last")
    await spool.sync()
    assert len(_segments(tmp_path)) > 5
    assert len(synced_in) > len(_segments(tmp_path))  # each file, and the folder's own names
    assert threading.get_ident() not in synced_in


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
    writer, other = Spool(tmp_path), Spool(tmp_path)
    segment, _ = writer.append(b"event", b"1")
    other.adopt()
    assert other.ended == []
    writer.end_segment()
    other.adopt()  # kept until it is recorded, by who wrote it
    assert other.ended == []
    writer.close()
    other.adopt()
    assert [one.path for one in other.ended] == [segment.path]
    assert other.ended[0].unsent_from == 0


async def test_what_a_killed_process_wrote_is_taken_over(tmp_path: Path) -> None:
    child = await asyncio.to_thread(
        subprocess.Popen, [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE
    )
    assert child.stdout
    said = [await asyncio.to_thread(child.stdout.readline) for _ in range(200)]
    os.kill(child.pid, signal.SIGKILL)
    said += (await asyncio.to_thread(child.stdout.read)).splitlines()
    await asyncio.to_thread(child.wait)
    child.stdout.close()
    spool = Spool(tmp_path)
    spool.adopt()
    (segment,) = spool.ended
    numbers = [int(body) for _, body in read_segment(segment.path)[0]]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > max(int(line) for line in said[:-1])


async def test_a_segment_that_another_released_holds_nothing(tmp_path: Path) -> None:
    assert read_segment(tmp_path / "gone.spool") == ([], 0)


async def test_few_segments_of_the_dead_are_taken_over_at_once(tmp_path: Path) -> None:
    dead = Spool(tmp_path, segment_bytes=10)
    for n in range(ADOPTED_AT_ONCE + 3):
        dead.append(b"event", b"%020d" % n)
    dead.close()
    heir = Spool(tmp_path)
    heir.adopt()
    assert len(heir.ended) == ADOPTED_AT_ONCE
    for segment in list(heir.ended):
        heir.release(segment)
    heir.adopt()
    assert len(heir.ended) == 3


async def test_a_full_disk_is_said_and_leaves_no_torn_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, write = Spool(tmp_path), os.write
    spool.append(b"event", b"1")
    monkeypatch.setattr(os, "write", lambda fd, line: write(fd, line[:9]))
    for _ in range(3):
        with pytest.raises(StoreUnavailableError, match="wrote 9 of 17 bytes"):
            spool.append(b"event", b"2")
    monkeypatch.undo()
    spool.append(b"event", b"3")  # once there is room
    await spool.sync()
    (segment,) = _segments(tmp_path)
    assert read_segment(segment) == ([(b"event", b"1"), (b"event", b"3")], 0)


async def test_a_disk_that_does_not_sync_is_said(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append(b"event", b"1")
    os.close(spool._fd)
    spool._fd = os.open("/dev/full", os.O_WRONLY)
    with pytest.raises(StoreUnavailableError, match="No space"):
        spool.append(b"event", b"2")
    with pytest.raises(StoreUnavailableError, match="synced"):
        await spool.sync()
    spool.append(b"event", b"3")  # in a new segment
    await spool.sync()
    assert _bodies(tmp_path) == [b"1", b"3"]
