"""How widely a contender spreads what it recommends, beyond what is popular.

n_v is how often word v of the V candidates stands among the first K of a list, p_v = n_v / sum n:

    coverage = |{v: n_v > 0}| / V
    Gini     = sum_i (2 i - V - 1) p_(i) / V        p sorted upwards: 0 even, near 1 not
    entropy  = - sum_v p_v log p_v / log V          1 even, 0 always the same word

Words drawn twice would count once, so intervals come from leaving out groups of shoppers
(a jackknife), not from drawing them again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[Any]

_GROUPS: Final = 20
_Z: Final = 1.96
_LEAST: Final = 2  # candidates, for spread to mean anything


@dataclass(frozen=True, slots=True)
class Spread:
    """Coverage, Gini and normalised entropy of one set of recommendations."""

    coverage: float
    gini: float
    entropy: float

    @classmethod
    def of(cls, counts: Numbers) -> Spread:
        """Measure how often each candidate was recommended (V,)."""
        size, total = len(counts), counts.sum()
        if size < _LEAST or total == 0:
            return cls(float(total > 0), float("nan"), float("nan"))
        p = np.sort(counts) / total
        gini = float(((2 * np.arange(1, size + 1) - size - 1) * p).sum() / size)
        known = p[p > 0]
        entropy = float(-(known * np.log(known)).sum() / np.log(size))
        return cls(float(np.mean(counts > 0)), gini, max(entropy, 0.0))


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


def spread(words: Numbers, owners: Numbers, recommended: Numbers) -> dict[str, Interval]:
    """Measure coverage, gini and entropy of the rows `recommended`.

    words (N,) number the candidates from 0, owners (N,) the shoppers; both of all rows shown.
    """
    size = int(words.max(initial=-1)) + 1
    groups = owners[recommended] % _GROUPS
    counts = np.zeros((_GROUPS, size))
    np.add.at(counts, (groups, words[recommended]), 1)
    whole = Spread.of(counts.sum(axis=0))
    without = [Spread.of(counts.sum(axis=0) - left_out) for left_out in counts]
    return {
        name: _interval(getattr(whole, name), np.array([getattr(one, name) for one in without]))
        for name in ("coverage", "gini", "entropy")
    }


def _interval(value: float, without: Numbers) -> Interval:
    """Return value +- 1.96 sqrt((g-1)/g sum (value_-j - mean)^2)."""
    error = float(np.sqrt((_GROUPS - 1) / _GROUPS * ((without - without.mean()) ** 2).sum()))
    return Interval(value, value - _Z * error, value + _Z * error)
