"""How good scores are, and how sure we may be of a difference: shoppers are drawn, not rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[Any]

_SMALLEST = 1e-7


def auc(labels: Numbers, scores: Numbers, weights: Numbers | None = None) -> float:
    """Return the chance that a clicked row scores above one that was not; ties count half.

    NaN where one of the two kinds is missing.
    """
    order = np.argsort(scores, kind="stable")
    weight = np.ones(len(labels)) if weights is None else weights.astype(np.float64)
    return _sorted_auc(labels[order] > 0, _ties(scores[order]), weight[order])


def _ties(ordered: Numbers) -> Numbers:
    """Return for each of the ordered scores the number of its group of equals."""
    return np.cumsum(np.diff(ordered, prepend=ordered[:1]) > 0).astype(np.int64)


def _sorted_auc(clicked: Numbers, ties: Numbers, weights: Numbers) -> float:
    groups = int(ties[-1]) + 1 if len(ties) else 0
    ups = np.bincount(ties, weights * clicked, groups)
    downs = np.bincount(ties, weights * ~clicked, groups)
    pairs = ups.sum() * downs.sum()
    if pairs == 0:
        return float("nan")
    below = np.cumsum(downs) - downs
    return float((ups * (below + downs / 2)).sum() / pairs)


def grouped_auc(labels: Numbers, scores: Numbers, groups: Numbers) -> float:
    """Return the mean AUC inside the groups that hold both kinds, weighted by their rows."""
    _, codes = np.unique(groups, return_inverse=True)
    order = np.argsort(codes, kind="stable")
    edges = np.flatnonzero(np.diff(codes[order])) + 1
    parts = [(auc(labels[part], scores[part]), len(part)) for part in np.split(order, edges)]
    known = [(value, size) for value, size in parts if not np.isnan(value)]
    if not known:
        return float("nan")
    values, sizes = zip(*known, strict=True)
    return float(np.average(values, weights=sizes))


def log_loss(labels: Numbers, probabilities: Numbers) -> float:
    """Return the mean negative log likelihood, in nats a row."""
    p = np.clip(probabilities.astype(np.float64), _SMALLEST, 1 - _SMALLEST)
    return float(-np.mean(labels * np.log(p) + (1 - labels) * np.log1p(-p)))


def calibration_error(labels: Numbers, probabilities: Numbers, bins: int = 15) -> float:
    """Return the expected calibration error over `bins` of equally many rows.

    ECE = sum_b (n_b / n) |mean(p in b) - mean(y in b)|
    """
    order = np.argsort(probabilities, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    gaps = [abs(probabilities[part].mean() - labels[part].mean()) * len(part) for part in parts]
    return float(sum(gaps) / max(len(labels), 1))


@dataclass(frozen=True, slots=True)
class Gain:
    """How far scores beat a floor on the same rows, with a 95 % interval of the difference."""

    auc: float
    floor: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Return whether the whole interval lies above zero."""
        return self.low > 0


def gain_over(
    labels: Numbers,
    scores: Numbers,
    floor: Numbers,
    shoppers: Numbers,
    *,
    seed: int,
    draws: int = 300,
) -> Gain:
    """Compare `scores` with `floor` by AUC; the interval comes from redrawing whole shoppers.

    Paired: each draw weighs both by the same shoppers. All arrays (N,).
    """
    _, codes = np.unique(shoppers, return_inverse=True)
    count = int(codes.max()) + 1 if len(codes) else 0
    rng = np.random.default_rng(seed)
    ours, theirs = RankedRows(labels, scores), RankedRows(labels, floor)
    gains = []
    for _ in range(draws):
        weights = rng.multinomial(count, np.full(count, 1 / count)).astype(np.float64)[codes]
        gains.append(ours.auc(weights) - theirs.auc(weights))
    known = [gain for gain in gains if not np.isnan(gain)]
    low, high = np.quantile(known, [0.025, 0.975]) if known else (np.nan, np.nan)
    ones = np.ones(len(labels))
    return Gain(ours.auc(ones), theirs.auc(ones), float(low), float(high))


class RankedRows:
    """Rows sorted once by their scores, so that many weightings cost little."""

    def __init__(self, labels: Numbers, scores: Numbers) -> None:
        self._order = np.argsort(scores, kind="stable")
        self._clicked = labels[self._order] > 0
        self._ties = _ties(scores[self._order])

    def auc(self, weights: Numbers) -> float:
        """Return the AUC in which each row counts by its weight (N,)."""
        return _sorted_auc(self._clicked, self._ties, weights[self._order])
