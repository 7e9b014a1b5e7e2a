"""Files that hold events until they are recorded: appended, synced, released."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING, Final

from service.errors import StoreUnavailableError
from service.store.embedded.locks import FileLock
from service.store.segment import Segment, line_of
from service.store.stream_home import NOWHERE

if TYPE_CHECKING:
    from pathlib import Path

    from service.store.stream_home import Home

SEGMENT_BYTES: Final = 16_000_000
ADOPTED_AT_ONCE: Final = 16
"""Each segment that is kept costs a descriptor, and the dead may have left many."""


class Spool:
    """The segments of one folder. A process writes its own and takes over those of the dead."""

    def __init__(self, folder: Path, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.home: Home = NOWHERE  # of the segments that are opened from now on
        self.ended: list[Segment] = []
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._current: Segment | None = None
        self._fd = -1
        self._size = 0
        self._unsynced: list[int] = []  # descriptors of ended segments
        self._new_names = False  # files that the folder on the disk may lack
        self._syncing: asyncio.Future[None] | None = None
        self._written = 0  # appends so far
        self._synced = 0  # of those on the disk
        self._unsure = -1  # of those up to the last one that a failed sync left in doubt

    def append(self, kind: bytes, body: bytes) -> tuple[Segment, int]:
        """Write one entry; it survives a kill now, and a power cut after `sync`.

        Returns: the segment that has it, and its number there.
        Raises: StoreUnavailableError when the disk takes it not.
        """
        try:
            if self._current is None or self._size > self._segment_bytes:
                self._open()
            self._write(line_of(kind, body))
        except OSError as error:
            raise StoreUnavailableError(f"the spool in {self._folder}: {error}") from error
        segment = self._current
        if segment is None:
            raise StoreUnavailableError(f"the spool in {self._folder} is closed")
        segment.entries += 1
        self._written += 1
        return segment, segment.entries - 1

    def _write(self, line: bytes) -> None:
        try:
            written = os.write(self._fd, line)
            if written != len(line):
                raise OSError(f"wrote {written} of {len(line)} bytes")
        except OSError:
            self._cut()
            raise
        self._size += written

    def _cut(self) -> None:
        """Take a torn line off the end, so that a full disk costs no file of its own each time."""
        try:
            os.ftruncate(self._fd, self._size)
        except OSError:
            self.end_segment()

    async def sync(self) -> None:
        """Return when all that was appended is on the disk; callers at once share one fsync.

        Raises: StoreUnavailableError when the disk does not say so.
        """
        mine = self._written
        while self._synced < mine:
            if self._syncing is None:
                self._syncing = asyncio.ensure_future(self._sync_once())
            await asyncio.shield(self._syncing)
        if mine <= self._unsure:
            raise StoreUnavailableError(f"the spool in {self._folder} could not be synced")

    async def _sync_once(self) -> None:
        upto = self._written
        try:
            # copies, since a segment may be closed meanwhile; a fsync here would stop the loop
            await asyncio.to_thread(_sync_all, self._take_unsynced())
        except OSError:
            self._unsure = upto
            self.end_segment()  # what the kernel could not write it may have forgotten
        finally:
            self._synced = max(self._synced, upto)
            self._syncing = None

    def _take_unsynced(self) -> list[int]:
        descriptors, self._unsynced = self._unsynced, []
        if self._fd >= 0:
            descriptors.append(os.dup(self._fd))
        if self._new_names:
            descriptors.append(os.open(self._folder, os.O_RDONLY | os.O_CLOEXEC))
            self._new_names = False
        return descriptors

    def waiting(self) -> int:
        """How many bytes lie in the folder, in the files of all processes."""
        return sum(_size_of(path) for path in self._folder.glob("*.spool"))

    def holds_current(self) -> bool:
        """Whether a segment is open that has entries."""
        return self._current is not None and self._current.entries > 0

    def current_home(self) -> Home:
        """The stream that the entries of the open segment were sent to."""
        return self._current.home if self._current is not None else NOWHERE

    def end_segment(self) -> None:
        """Write no more to the segment at hand: it is kept until it is released."""
        if self._current is None:
            return
        self.ended.append(self._current)
        if self._synced < self._written:
            self._unsynced.append(self._fd)
        else:
            os.close(self._fd)
        self._current, self._fd = None, -1

    def adopt(self) -> None:
        """Take over segments whose writers are dead, oldest first."""
        own = {segment.path for segment in self.ended}
        if self._current is not None:
            own.add(self._current.path)
        for path in sorted(self._folder.glob("*.spool")):
            if len(self.ended) >= ADOPTED_AT_ONCE:
                return
            if path not in own:
                self._adopt(path)

    def _adopt(self, path: Path) -> None:
        lock = FileLock(path)
        if lock.acquire(wait=False):
            self.ended.append(Segment(path, lock, unsent_from=0))
        else:
            lock.release()  # a living process writes it

    def release(self, segment: Segment) -> None:
        """Remove a segment whose entries are all recorded."""
        self.ended.remove(segment)
        segment.path.unlink(missing_ok=True)
        segment.lock.release()

    def close(self) -> None:
        """Leave all segments, on the disk, to whoever comes next."""
        self.end_segment()
        try:
            _sync_all(self._unsynced)
        except OSError:
            self._unsure = self._written
        self._unsynced, self._synced = [], self._written
        for segment in self.ended:
            segment.lock.release()
        self.ended = []

    def _open(self) -> None:
        self.end_segment()
        path = self._folder / f"{time.time_ns():020d}-{os.getpid()}.spool"
        unnamed = path.with_suffix(".new")  # nobody adopts it before it is locked
        lock = FileLock(unnamed)
        lock.acquire(wait=False)
        try:
            descriptor = os.open(unnamed, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
            unnamed.rename(path)
        except OSError:
            lock.release()
            raise
        self._fd, self._size, self._new_names = descriptor, 0, True
        self._current = Segment(path, lock, home=self.home)


def _sync_all(descriptors: list[int]) -> None:
    """Sync and close each.

    Raises: OSError when one could not be synced.
    """
    failed: OSError | None = None
    for descriptor in descriptors:
        try:
            os.fsync(descriptor)
        except OSError as error:
            failed = error
        finally:
            os.close(descriptor)
    if failed is not None:
        raise failed


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
