"""A file that holds events while Redis cannot: appended, synced, and drained back in order.

One line an entry: CRC-32 of the rest in hex, kind, body. A line cut short by a crash is told by
its checksum, counted and passed over.
"""

from __future__ import annotations

import asyncio
import os
import time
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from service.errors import StoreUnavailableError
from service.store.embedded.locks import FileLock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

SEGMENT_BYTES: Final = 16_000_000
_BATCH: Final = 500
_CRC_DIGITS: Final = 8

Spooled = tuple[bytes, bytes]
"""(kind, body)"""


@dataclass(frozen=True, slots=True)
class Drained:
    """What a drain moved, and how many torn lines it met."""

    entries: int = 0
    torn: int = 0


def _line(kind: bytes, body: bytes) -> bytes:
    rest = kind + b" " + body.replace(b"\n", b" ")  # JSON holds no raw newline that matters
    return b"%08x %b\n" % (zlib.crc32(rest), rest)


def read_segment(path: Path) -> tuple[list[Spooled], int]:
    """The entries of a segment in order, and how many lines of it are torn."""
    entries: list[Spooled] = []
    torn = 0
    for line in path.read_bytes().split(b"\n"):
        if not line:
            continue
        kind, _, body = line[_CRC_DIGITS + 1 :].partition(b" ")
        if line[:_CRC_DIGITS] == b"%08x" % zlib.crc32(line[_CRC_DIGITS + 1 :]):
            entries.append((kind, body))
        else:
            torn += 1
    return entries, torn


class Spool:
    """The segments of one folder. A process writes its own and may drain those of the dead."""

    def __init__(self, folder: Path, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._path: Path | None = None
        self._lock: FileLock | None = None
        self._fd = -1
        self._size = 0
        self._syncing: asyncio.Future[None] | None = None
        self._written = 0  # appends so far
        self._synced = 0  # of those on the disk
        self._unsure = -1  # of those up to the last one that a failed sync left in doubt

    def append(self, kind: bytes, body: bytes) -> None:
        """Write one entry; it survives a kill now, and a power cut after `sync`.

        Raises: StoreUnavailableError when the disk takes it not.
        """
        try:
            if self._fd < 0 or self._size > self._segment_bytes:
                self._open()
            line = _line(kind, body)
            written = os.write(self._fd, line)
            if written != len(line):  # a full disk; end the torn line so that it harms no other
                raise OSError(f"wrote {written} of {len(line)} bytes")
        except OSError as error:
            self._close()
            raise StoreUnavailableError(f"the spool in {self._folder}: {error}") from error
        self._size += written
        self._written += 1

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
            if self._fd >= 0:
                # a copy, since the segment may be closed meanwhile
                await asyncio.to_thread(_sync_and_close, os.dup(self._fd))
            self._synced = max(self._synced, upto)
        except OSError as error:
            raise StoreUnavailableError(f"the spool in {self._folder}: {error}") from error
        finally:
            self._syncing = None

    def waiting(self) -> int:
        """How many bytes lie in the folder, in the files of all processes."""
        return sum(_size_of(path) for path in self._folder.glob("*.spool"))

    async def drain(self, send: Callable[[Sequence[Spooled]], Awaitable[None]]) -> Drained:
        """Hand all entries to `send`, oldest first; a segment goes when all of it is sent.

        What `send` raises ends the drain; the segment at hand stays whole and is sent again.
        """
        self._close()
        drained = Drained()
        for path in sorted(self._folder.glob("*.spool")):
            lock = FileLock(path)
            try:
                if not lock.acquire(wait=False):
                    continue  # a living process writes it
                entries, torn = await asyncio.to_thread(read_segment, path)
                for start in range(0, len(entries), _BATCH):
                    await send(entries[start : start + _BATCH])
                path.unlink(missing_ok=True)
                drained = Drained(drained.entries + len(entries), drained.torn + torn)
            finally:
                lock.release()
        return drained

    def close(self) -> None:
        """End the segment; its entries stay for the next drain."""
        self._close()

    def _open(self) -> None:
        self._close()
        name = f"{time.time_ns():020d}-{os.getpid()}.spool"
        self._path = self._folder / name
        self._lock = FileLock(self._path)
        self._lock.acquire(wait=False)
        self._fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        self._size = 0

    def _close(self) -> None:
        if self._fd >= 0:
            if self._synced < self._written:
                self._sync_last()
            os.close(self._fd)
            self._fd = -1
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _sync_last(self) -> None:
        try:
            os.fsync(self._fd)
        except OSError:
            self._unsure = self._written
        self._synced = self._written


def _sync_and_close(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
