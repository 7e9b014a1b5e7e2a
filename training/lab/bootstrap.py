"""Figures that know how sure they are: whole shoppers are drawn anew, alike for every contender.

Shoppers, not rows: the rows of one shopper are not independent. Every figure of one log is
redrawn with the same weights, so that a difference of two figures is a paired one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from training.metrics import RankedRows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from service.contract.arrays import LongArray

    Numbers = NDArray[Any]

DRAWS: Final = 300
_TAIL: Final = 0.025  # on each side: 95 % intervals


@dataclass(frozen=True, slots=True, eq=False)
class Sampled:
    """A figure, and what it would have been with other shoppers (D,)."""

    value: float
    draws: NDArray[np.float64]

    def __sub__(self, other: Sampled) -> Sampled:
        """Return the paired difference."""
        return Sampled(self.value - other.value, self.draws - other.draws)

    @property
    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval; NaN where no draw could be measured."""
        known = self.draws[np.isfinite(self.draws)]
        if not len(known):
            return float("nan"), float("nan")
        low, high = np.quantile(known, [_TAIL, 1 - _TAIL])
        return float(low), float(high)

    @property
    def is_above_zero(self) -> bool:
        """Return whether the whole interval lies above zero."""
        return self.interval[0] > 0

    @property
    def is_below_zero(self) -> bool:
        """Return whether the whole interval lies below zero."""
        return self.interval[1] < 0


def mean(figures: Sequence[Sampled]) -> Sampled:
    """Return the mean of figures of the same draws, such as those of three seeds."""
    values = float(np.mean([figure.value for figure in figures]))
    return Sampled(values, np.mean([figure.draws for figure in figures], axis=0))


@dataclass(frozen=True, slots=True, eq=False)
class Redraw:
    """How often each shopper comes in each draw: weights (D, U), and whose each row is (N,)."""

    owners: LongArray
    weights: NDArray[np.float64]

    @classmethod
    def of(cls, shoppers: Numbers, *, seed: int, draws: int = DRAWS) -> Redraw:
        """Draw as many shoppers as there are, with replacement, `draws` times."""
        _, owners = np.unique(shoppers, return_inverse=True)
        count = int(owners.max(initial=-1)) + 1
        rng = np.random.default_rng(seed)
        weights = rng.multinomial(count, np.full(count, 1 / max(count, 1)), size=draws)
        return cls(owners.astype(np.int64), weights.astype(np.float64))

    def rows(self, chosen: Numbers) -> Redraw:
        """Return the same draws for some of the rows."""
        return Redraw(self.owners[chosen], self.weights)

    def auc(self, labels: Numbers, scores: Numbers) -> Sampled:
        """Measure the AUC of scores (N,) for labels (N,)."""
        ranked = RankedRows(labels, scores)
        value = ranked.auc(np.ones(len(labels)))
        return Sampled(value, np.array([ranked.auc(w[self.owners]) for w in self.weights]))

    def mean(self, values: Numbers) -> Sampled:
        """Measure the mean of values (N,); NaN stands for a row that does not count."""
        counts = np.isfinite(values)
        sums = self._by_shopper(np.where(counts, values, 0.0))
        sizes = self._by_shopper(counts.astype(np.float64))
        value = float(sums.sum() / sizes.sum()) if sizes.sum() else float("nan")
        shown = self.weights @ sizes
        draws = np.divide(
            self.weights @ sums, shown, out=np.full(len(shown), np.nan), where=shown > 0
        )
        return Sampled(value, draws)

    def _by_shopper(self, values: Numbers) -> NDArray[np.float64]:
        sums = np.bincount(self.owners, values, minlength=self.weights.shape[1])
        return sums.astype(np.float64)
