"""One file of events on a server's disk, and what is known of where its entries are by now.

One line an entry: CRC-32 of the rest in hex, kind, body. A line cut short by a crash is told by
its checksum, counted and passed over.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from service.store.stream_home import NOWHERE

if TYPE_CHECKING:
    from pathlib import Path

    from service.store.embedded.locks import FileLock
    from service.store.stream_home import Home, Look, StreamId

_CRC_DIGITS: Final = 8
_NONE_YET: Final[StreamId] = (0, 0)

Spooled = tuple[bytes, bytes]
"""(kind, body)"""


def line_of(kind: bytes, body: bytes) -> bytes:
    """The line of one entry."""
    rest = kind + b" " + body.replace(b"\n", b" ")  # JSON holds no raw newline that matters
    return b"%08x %b\n" % (zlib.crc32(rest), rest)


def read_segment(path: Path) -> tuple[list[Spooled], int]:
    """The entries of a segment in order, and how many lines of it are torn.

    A file that another process released meanwhile holds none.
    """
    entries: list[Spooled] = []
    torn = 0
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return [], 0
    for line in filter(None, lines):
        kind, _, body = line[_CRC_DIGITS + 1 :].partition(b" ")
        if line[:_CRC_DIGITS] == b"%08x" % zlib.crc32(line[_CRC_DIGITS + 1 :]):
            entries.append((kind, body))
        else:
            torn += 1
    return entries, torn


@dataclass(slots=True, eq=False)
class Segment:
    """A file that stays until all of its entries are recorded.

    `home` is the stream as it was known before the first entry was sent: where the stream is
    another one by now, nobody can tell what it still holds of these, and all are sent again.
    """

    path: Path
    lock: FileLock
    home: Home = NOWHERE
    entries: int = 0  # lines written by this process
    owed: int = 0  # sent, and not answered yet
    newest: StreamId = _NONE_YET  # that the stream gave to one of them
    unsent_from: int | None = None  # the first entry that the stream may lack; None: it has all
    torn: int = 0  # lines that a crash cut short

    def took(self, number: int, entry_id: StreamId | None) -> None:
        """Note that the stream took entry `number` under `entry_id`, or, for None, did not."""
        if entry_id is not None:
            self.newest = max(self.newest, entry_id)
        elif self.unsent_from is None or number < self.unsent_from:
            self.unsent_from = number

    def is_settled_in(self, home: Home) -> bool:
        """Whether the stream `home` took all entries."""
        return self.home == home != NOWHERE and not self.owed and self.unsent_from is None

    def is_recorded(self, look: Look) -> bool:
        """Whether no entry is left in the stream that `look` saw: all are in Postgres."""
        left = look.oldest is not None and look.oldest <= self.newest
        return self.is_settled_in(look.home) and not left

    def move_to(self, home: Home) -> int:
        """The number of the first entry that the stream `home` must still be sent."""
        if self.home != home:
            self.home, self.unsent_from, self.newest = home, 0, _NONE_YET
        return self.unsent_from or 0
