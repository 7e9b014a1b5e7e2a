"""A shopper's last clicks in order, as they stood at each page view: what an LSTM reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from service.contract.arrays import FloatArray, IntArray, LongArray, TimeArray
    from training.peers.past import Past, Pasts
    from training.peers.word_axes import WordAxes

LAST: Final = 20
_DAY_SECONDS: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Sequences:
    """Clicks by shopper, and for each page view which of them are its last.

    clicks (E, D + 1): mean axes of the words clicked on, and 1 for a feature word or 0 for an
    ad; ts (E,). last (S, 20) numbers clicks, oldest first, -1 before the first; moments (S,);
    at (N,) gives the page view of each feature word shown, 0 (which knows no click) for shoppers
    nobody knows.
    """

    clicks: FloatArray
    ts: TimeArray
    last: IntArray
    moments: TimeArray
    at: LongArray

    @classmethod
    def of(cls, pasts: Pasts, axes: WordAxes) -> Sequences:
        """Line the clicks of every shopper up."""
        at = np.zeros(len(pasts.shop.facets.ts), np.int64)
        clicks: list[FloatArray] = [np.zeros((0, axes.axes.shape[1] + 1), np.float32)]
        ts, last, moments = [np.zeros(0)], [np.full((1, LAST), -1)], [np.zeros(1)]
        events = views = 0
        for past in pasts:
            found, when = _clicked(past, axes)
            ends = np.searchsorted(when, past.moments)  # strictly before
            places = ends[:, None] + np.arange(-LAST, 0)
            last.append(np.where(places >= 0, places + events, -1))
            at[past.rows] = 1 + views + past.moment
            events, views = events + len(when), views + len(past.moments)
            clicks.append(found)
            ts.append(when)
            moments.append(past.moments)
        return cls(
            np.concatenate(clicks),
            np.concatenate(ts),
            np.concatenate(last).astype(np.int32),
            np.concatenate(moments),
            at,
        )

    def steps(self, views: LongArray) -> FloatArray:
        """Return what an LSTM reads of page views (s,): (s, 20, D + 3), zeros before the first.

        The last two columns: log(1 + days ago) / 4, and 1 for a click that is there.
        """
        numbers = self.last[views]
        real = numbers >= 0
        if not len(self.clicks):
            return np.zeros((*numbers.shape, self.clicks.shape[1] + 2), np.float32)
        chosen = np.maximum(numbers, 0)
        days = np.maximum(self.moments[views][:, None] - self.ts[chosen], 0.0) / _DAY_SECONDS
        age = np.log1p(days) / 4
        steps = np.concatenate([self.clicks[chosen], age[..., None], real[..., None]], axis=-1)
        found: FloatArray = (steps * real[..., None]).astype(np.float32)
        return found


def _clicked(past: Past, axes: WordAxes) -> tuple[FloatArray, TimeArray]:
    """Return what a shopper clicked (E, D + 1) and when (E,), oldest first."""
    near = axes.axes[past.local]
    parts, when = [], []
    for seen, kind in ((past.own, 1.0), (past.ads, 0.0)):
        clicked = np.flatnonzero(seen.clicks > 0)
        holds = sparse.csr_matrix(seen.holds[clicked])
        mean = (holds @ near) / np.maximum(np.diff(holds.indptr), 1)[:, None]
        parts.append(np.hstack([mean, np.full((len(clicked), 1), kind, np.float32)]))
        when.append(seen.ts[clicked])
    ts = np.concatenate(when)
    order = np.argsort(ts, kind="stable")
    return np.concatenate(parts)[order].astype(np.float32), ts[order]


@dataclass(frozen=True, slots=True)
class Views:
    """Rows (n,) side by side, one line for each page view they stand on.

    rows (s, w) numbers them, -1 where there is none; firsts (s,) is one row of each view.
    """

    rows: LongArray

    @classmethod
    def of(cls, pages: LongArray) -> Views:
        """Put rows of the same page together."""
        order = np.argsort(pages, kind="stable")
        starts = np.flatnonzero(np.diff(pages[order], prepend=-1))
        lengths = np.diff(np.append(starts, len(order)))
        places = np.arange(int(lengths.max(initial=1)))
        chosen = np.minimum(starts[:, None] + places, max(len(order) - 1, 0))
        return cls(np.where(places < lengths[:, None], order[chosen], -1))

    @property
    def firsts(self) -> LongArray:
        """One row of each view (s,)."""
        return self.rows[:, 0]

    @property
    def real(self) -> FloatArray:
        """Return 1 where there is a row: (s, w)."""
        return (self.rows >= 0).astype(np.float32)

    def spread(self, values: FloatArray) -> FloatArray:
        """Put values (n, ...) where their rows stand: (s, w, ...), zeros elsewhere."""
        real = (self.rows >= 0).reshape(*self.rows.shape, *[1] * (values.ndim - 1))
        found: FloatArray = np.where(real, values[np.maximum(self.rows, 0)], 0).astype(np.float32)
        return found

    def gathered(self, values: FloatArray) -> FloatArray:
        """Return values (s, w) in the order of the rows again: (n,)."""
        real = self.rows >= 0
        found = np.empty(int(real.sum()), values.dtype)
        found[self.rows[real]] = values[real]
        return found
