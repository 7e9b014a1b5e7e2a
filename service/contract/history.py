"""What a shopper did before, and how to look it up as it stood at any moment of a log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, overload

import numpy as np

if TYPE_CHECKING:
    from service.contract.arrays import IntArray, LongArray, TimeArray

HISTORY_LIMIT: Final = 50
TITLE_LIMIT: Final = 100
QUERY_LIMIT: Final = 20
NOBODY: Final = -1

Aged = Sequence[tuple[str, float]]
"""(text, age in seconds), newest first."""


@dataclass(frozen=True, slots=True, eq=False)
class Timeline(Sequence[tuple[str, float]]):
    """What happened when, as a moment sees it: `Aged`, without a pair for each text."""

    texts: tuple[str, ...]  # newest first
    times: Sequence[float]  # Unix seconds
    now: float

    @classmethod
    def of(cls, events: Aged) -> Timeline:
        """Return `events` themselves, or pairs as a timeline whose moment is 0."""
        if isinstance(events, Timeline):
            return events
        return cls(tuple([text for text, _ in events]), [-age for _, age in events], 0.0)

    def newest(self, limit: int) -> Timeline:
        """Return the newest `limit` events."""
        if len(self.texts) <= limit:
            return self
        return Timeline(self.texts[:limit], self.times[:limit], self.now)

    def age(self, ts: float) -> float:
        """Seconds before `now`; what a clock ahead of ours wrote is no older than now."""
        return max(self.now - ts, 0.0)

    def __len__(self) -> int:
        return len(self.texts)

    @overload
    def __getitem__(self, place: int) -> tuple[str, float]: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[tuple[str, float]]: ...
    def __getitem__(self, place: int | slice) -> tuple[str, float] | Sequence[tuple[str, float]]:
        return tuple(zip(self.texts, map(self.age, self.times), strict=True))[place]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))


@dataclass(frozen=True, slots=True)
class History:
    """What one shopper clicked and searched: (text, age in seconds), newest first."""

    feature_words: Aged = ()  # at most HISTORY_LIMIT
    titles: Aged = ()  # original titles of clicked ads, at most TITLE_LIMIT
    queries: Aged = ()  # at most QUERY_LIMIT


EMPTY_HISTORY: Final = History()


class Trail:
    """All shoppers' events of one kind, in order of shopper and time.

    shoppers (E,) codes, ts (E,) Unix seconds, texts (E,) codes of texts. Events of NOBODY are
    kept but never found. Of events at the same moment the later given counts as newer.
    """

    def __init__(self, shoppers: LongArray, ts: TimeArray, texts: IntArray) -> None:
        order = np.lexsort((ts, shoppers))
        self.ts: TimeArray = ts[order].astype(np.float64)
        self.texts: IntArray = texts[order].astype(np.int32)
        self._shoppers = shoppers[order].astype(np.int64)
        self._moments = np.unique(self.ts)
        self._keys = self._key(self._shoppers, np.searchsorted(self._moments, self.ts))

    def _key(self, shoppers: LongArray, ranks: LongArray) -> LongArray:
        keys: LongArray = shoppers * (len(self._moments) + 1) + ranks
        return keys

    def before(
        self, shoppers: LongArray, ts: TimeArray, limit: int
    ) -> tuple[LongArray, LongArray]:
        """Return (start, end) of each row's newest `limit` events strictly earlier than `ts`."""
        shoppers = shoppers.astype(np.int64)
        ranks = np.searchsorted(self._moments, ts.astype(np.float64), side="left")
        ends = np.searchsorted(self._keys, self._key(shoppers, ranks), side="left")
        firsts = np.searchsorted(self._keys, self._key(shoppers, np.zeros_like(ranks)))
        ends = np.where(shoppers == NOBODY, firsts, ends)
        return np.maximum(firsts, ends - limit), ends


NO_TRAIL: Final = Trail(np.empty(0, np.int64), np.empty(0, np.float64), np.empty(0, np.int32))


@dataclass(frozen=True, slots=True)
class Window:
    """For each row the part of a trail that lies before it: events[start:end], oldest first."""

    trail: Trail
    starts: LongArray
    ends: LongArray

    def newest_first(self, row: int) -> slice:
        """Return the slice of the trail's arrays that a row sees, reversed."""
        start, end = int(self.starts[row]), int(self.ends[row])
        return slice(end - 1, start - 1 if start else None, -1) if end > start else slice(0, 0)

    def places(self, rows: LongArray, width: int) -> tuple[LongArray, np.ndarray]:
        """Return event numbers (B, width), newest first, and which of them are real."""
        numbers = self.ends[rows, None] - 1 - np.arange(width)
        real = numbers >= self.starts[rows, None]
        return np.where(real, numbers, 0), real


@dataclass(frozen=True, slots=True)
class HistoryRows:
    """The histories of many rows, as they stood just before each row's own moment."""

    texts: Sequence[str]
    ts: TimeArray
    feature_words: Window
    titles: Window
    queries: Window

    def __len__(self) -> int:
        return len(self.ts)

    def history(self, row: int) -> History:
        """Return one row's history, spelt out."""
        return History(
            self._aged(self.feature_words, row),
            self._aged(self.titles, row),
            self._aged(self.queries, row),
        )

    def _aged(self, window: Window, row: int) -> Aged:
        seen = window.newest_first(row)
        ages = self.ts[row] - window.trail.ts[seen]
        codes = window.trail.texts[seen]
        return tuple(
            (self.texts[code], age)
            for code, age in zip(codes.tolist(), ages.tolist(), strict=True)
        )


@dataclass(frozen=True, slots=True)
class HistoryLog:
    """What every shopper of a log did. Text codes count into `texts`."""

    texts: Sequence[str]
    feature_words: Trail = NO_TRAIL
    titles: Trail = NO_TRAIL
    queries: Trail = NO_TRAIL

    def at(self, shoppers: LongArray, ts: TimeArray) -> HistoryRows:
        """Look up rows (N,): each sees only its own shopper's events strictly before its time."""
        windows = [
            Window(trail, *trail.before(shoppers, ts, limit))
            for trail, limit in (
                (self.feature_words, HISTORY_LIMIT),
                (self.titles, TITLE_LIMIT),
                (self.queries, QUERY_LIMIT),
            )
        ]
        return HistoryRows(self.texts, ts.astype(np.float64), *windows)
