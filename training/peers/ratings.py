"""Shoppers x words, at the moment of each page view, and for all shoppers day by day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import sparse

from training.peers.past import faded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.contract.arrays import FloatArray, LongArray, TimeArray
    from training.peers.past import Past, Pasts, Seen

DAY_SECONDS: Final = 86_400.0
FOREVER_DAYS: Final = 1e6
_LEAST: Final = 0.1  # a rating nearer to zero is none


@dataclass(frozen=True, slots=True)
class Ratings:
    """A rating is clicks above those expected, faded: what mean-centring is to stars.

    now (S, V): one row for each shopper and moment; owners (S,), day (S,) number them; at (N,)
    gives the row of `now` of each feature word shown, -1 for shoppers nobody knows. mornings:
    (U, V) as each day began.
    """

    now: sparse.csr_matrix
    owners: LongArray
    day: LongArray
    at: LongArray
    mornings: tuple[sparse.csr_matrix, ...]

    @classmethod
    def of(cls, pasts: Pasts, half_life_days: float = FOREVER_DAYS) -> Ratings:
        """Rate with a half-life."""
        ts = pasts.shop.facets.ts
        first = float(ts.min())
        count = int((float(ts.max()) - first) // DAY_SECONDS) + 1
        starts = np.asarray(first + DAY_SECONDS * np.arange(count), np.float64)
        at = np.full(len(ts), -1, np.int64)
        now, mornings, owners, day = [], [], [], []
        done = 0
        for owner, past in enumerate(pasts):
            at[past.rows] = done + past.moment
            done += len(past.moments)
            wide = _wide(past, starts, half_life_days, pasts.shop.words)
            now.append(wide[: len(past.moments)])
            mornings.append(wide[len(past.moments) :])
            owners.append(np.full(len(past.moments), owner))
            day.append(((past.moments - first) // DAY_SECONDS).astype(np.int64))
        if not now:
            none = sparse.csr_matrix((0, pasts.shop.words), dtype=np.float32)
            return cls(none, np.zeros(0, int), np.zeros(0, int), at, (none,) * len(starts))
        stacked = sparse.vstack(mornings).tocsr()
        by_day = tuple(stacked[number :: len(starts)] for number in range(len(starts)))
        return cls(
            sparse.vstack(now).tocsr(), np.concatenate(owners), np.concatenate(day), at, by_day
        )

    def days(self) -> Iterator[Day]:
        """Yield the days on which something was shown."""
        of_row = np.full(len(self.at), -1)
        known = self.at >= 0
        of_row[known] = self.day[self.at[known]]
        for number, morning in enumerate(self.mornings):
            rows = np.flatnonzero(of_row == number)
            if len(rows):
                moments = np.unique(self.at[rows])
                places = np.searchsorted(moments, self.at[rows])
                now = self.now[moments].toarray()
                yield Day(rows, places, now, self.owners[moments], morning.toarray())


@dataclass(frozen=True, slots=True)
class Day:
    """Rows shown on a day (n,), which moment each belongs to, and ratings.

    now (s, V) of shoppers `owners` (s,) at the moments; everybody (U, V) in the morning.
    """

    rows: LongArray
    places: LongArray
    now: FloatArray
    owners: LongArray
    everybody: FloatArray


def _wide(past: Past, starts: TimeArray, half_life_days: float, size: int) -> sparse.csr_matrix:
    """Return ratings (S + days, V) of one shopper."""
    moments = np.concatenate([past.moments, starts])
    rated = sum(_excess(seen, moments, half_life_days) for seen in (past.own, past.ads))
    states = np.asarray(rated, np.float32).T
    narrow = sparse.csr_matrix(np.where(np.abs(states) < _LEAST, 0.0, states))
    columns = past.local[narrow.indices]
    return sparse.csr_matrix((narrow.data, columns, narrow.indptr), (len(moments), size))


def _excess(seen: Seen, moments: TimeArray, half_life_days: float) -> FloatArray:
    return faded(replace(seen, clicks=seen.clicks - seen.expected), moments, half_life_days)
