"""The producer's own list of what was taken, on the disk, and arrays of digests to compare with.

A record is 18 bytes, so that ten million keys are 180 MB on the disk and 80 MB as digests.
"""

from __future__ import annotations

import os
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

KINDS: Final = ("impression", "view", "click", "search", "feature_word", "conversion")
NO_CAMPAIGN: Final = 255
# two of ten million keys share 64 bits with a chance of three in a million
RECORD: Final = np.dtype([("digest", "<u8"), ("kind", "u1"), ("campaign", "u1"), ("price", "<i8")])


class Taken(NamedTuple):
    """An event that was answered with 202 or 302."""

    kind: str
    key: str
    campaign: int = NO_CAMPAIGN  # of a click that is to be paid
    price: int = 0  # micros


def digest(kind: str, key: str) -> int:
    """Sixty-four bits that stand for the key of an event."""
    return int.from_bytes(blake2b(f"{kind}:{key}".encode(), digest_size=8).digest(), "little")


class KeyLog:
    """Appends records, on the disk before `write` returns."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab")
        self.count = 0

    def write(self, taken: Iterable[Taken]) -> None:
        """Keep these; a power cut does not lose them."""
        rows = [
            (digest(one.kind, one.key), KINDS.index(one.kind), one.campaign, one.price)
            for one in taken
        ]
        self._file.write(np.array(rows, RECORD).tobytes())
        self._file.flush()
        os.fdatasync(self._file.fileno())
        self.count += len(rows)


def counted(path: Path) -> int:
    """How many records the log holds now."""
    return path.stat().st_size // RECORD.itemsize if path.exists() else 0


def read_log(path: Path) -> NDArray[np.void]:
    """All records, in the order in which they were taken."""
    return np.fromfile(path, RECORD)


def digests_of(pairs: Iterable[tuple[str, str]]) -> NDArray[np.uint64]:
    """The sorted digests of (kind, key) pairs, as they come."""
    found = np.fromiter((digest(kind, key) for kind, key in pairs), np.uint64)
    found.sort()
    return found
