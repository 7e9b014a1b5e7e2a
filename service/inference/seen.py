"""How often each shopper of a log had seen a selling point before a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from service.contract.history import NO_TRAIL, NOBODY, Trail
from service.contract.uplift import MOST_SEEN
from service.inference.log_tables import cast, keys, read_table, times

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from service.contract.arrays import LongArray, TimeArray

    Pair = tuple[str | None, str]


class SeenLog:
    """The selling points that titles of a log showed, by shopper and phrase."""

    def __init__(self, trail: Trail, numbers: dict[Pair, int]) -> None:
        self._trail = trail
        self._numbers = numbers

    @classmethod
    def of(cls, clicks: Path | None) -> SeenLog:
        """Read `sp_shown` of ads shown; a log without it showed plain titles."""
        table = None if clicks is None else read_table(clicks, "clicks", ("ts", "user_id"))
        if table is None or "sp_shown" not in table.columns:
            return cls(NO_TRAIL, {})
        lists = cast(table["sp_shown"], pl.List(pl.String), "sp_shown")
        frame = pl.DataFrame(
            {
                "user": pl.Series(keys(table, "user_id"), dtype=pl.String),
                "ts": times(table, "ts", "clicks"),
                "phrase": lists,
            }
        )
        shown = frame.explode("phrase").drop_nulls()
        numbers: dict[Pair, int] = {}
        codes = [
            numbers.setdefault(pair, len(numbers))
            for pair in zip(shown["user"], shown["phrase"], strict=True)
        ]
        owners = np.array(codes, dtype=np.int64)
        return cls(Trail(owners, shown["ts"].to_numpy(), np.zeros(len(owners), np.int32)), numbers)

    def counts(self, pairs: Iterable[Pair], ts: TimeArray) -> LongArray:
        """Return how often each shopper saw each phrase strictly before `ts` (N,), bounded."""
        owners = np.array([self._numbers.get(pair, NOBODY) for pair in pairs], dtype=np.int64)
        starts, ends = self._trail.before(owners, ts, MOST_SEEN)
        found: LongArray = ends - starts
        return found
