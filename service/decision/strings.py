"""Many strings as two flat arrays, decoded only when one is wanted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class StringTable:
    """Strings by row: string i is blob[starts[i]:starts[i + 1]] in UTF-8."""

    starts: NDArray[np.int64]  # (N + 1,)
    blob: NDArray[np.uint8]
    _bytes: memoryview = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_bytes", self.blob.data)

    @classmethod
    def of(cls, texts: Sequence[str]) -> StringTable:
        """The table that holds `texts` in their order."""
        encoded = [text.encode(errors="replace") for text in texts]
        starts = np.zeros(len(encoded) + 1, np.int64)
        np.cumsum(np.fromiter(map(len, encoded), np.int64, len(encoded)), out=starts[1:])
        return cls(starts, np.frombuffer(b"".join(encoded), np.uint8))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, row: int) -> str:
        return str(self._bytes[self.starts[row] : self.starts[row + 1]], "utf-8")

    def take(self, rows: Iterable[int]) -> list[str]:
        """The strings of `rows`, in that order."""
        return [self[row] for row in rows]

    def all(self) -> list[str]:
        """Every string, in row order."""
        return self.take(range(len(self)))

    def find(self, text: str) -> int:
        """The row of `text` in a table sorted by UTF-8 bytes; -1 if it is not there."""
        row = self.rank(text)
        return row if row < len(self) and self[row] == text else -1

    def rank(self, text: str) -> int:
        """How many strings of a table sorted by UTF-8 bytes stand before `text`."""
        wanted, low, high = text.encode(errors="surrogatepass"), 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if bytes(self._bytes[self.starts[middle] : self.starts[middle + 1]]) < wanted:
                low = middle + 1
            else:
                high = middle
        return low
