"""Many short lists of row numbers as two flat arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class RowLists:
    """Lists by row: list i is values[starts[i]:starts[i + 1]] (compressed sparse rows)."""

    starts: NDArray[np.int64]  # (N + 1,)
    values: NDArray[np.int32]

    @classmethod
    def of(cls, lists: Sequence[Sequence[int]]) -> RowLists:
        """The table that holds `lists` in their order."""
        starts = np.zeros(len(lists) + 1, np.int64)
        np.cumsum(np.fromiter(map(len, lists), np.int64, len(lists)), out=starts[1:])
        values = np.fromiter((value for one in lists for value in one), np.int32, int(starts[-1]))
        return cls(starts, values)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, row: int) -> NDArray[np.int32]:
        return self.values[self.starts[row] : self.starts[row + 1]]

    def inverted(self, size: int) -> RowLists:
        """For each value below `size`, the rows whose list holds it, in order."""
        rows = np.repeat(np.arange(len(self), dtype=np.int32), np.diff(self.starts))
        order = np.argsort(self.values, kind="stable")
        starts = np.zeros(size + 1, np.int64)
        np.cumsum(np.bincount(self.values, minlength=size), out=starts[1:])
        return RowLists(starts, rows[order])

    def gather(self, rows: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The lists of `rows` one after the other, and where each begins (len(rows) + 1)."""
        lengths = self.starts[rows + 1] - self.starts[rows]
        begins = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(lengths, out=begins[1:])
        shift = np.repeat(self.starts[rows] - begins[:-1], lengths)
        return self.values[shift + np.arange(begins[-1])], begins
