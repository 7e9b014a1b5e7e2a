"""Where an output starts: a logistic on places and features, solved outright."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.arms.model import TaskRows

    Numbers = NDArray[Any]

_RIDGE: Final = 1.0
_HOLD: Final = 1000.0  # of what all rows told, about as 1000 / p (1 - p) fresh rows would
_STEPS: Final = 12  # of Newton; six are enough for six digits


@dataclass(frozen=True, slots=True)
class Logistic:
    """Log odds = bias + places[place] + kernel . features, with nothing for the first place."""

    bias: float
    places: Numbers  # (P,)
    kernel: Numbers  # (M,)

    @classmethod
    def fit(cls, features: Numbers, rows: TaskRows, most: int) -> Logistic:
        """Minimise log loss + |w - w_0|^2 / 2 over rows with features (n, M).

        w_0 holds the log odds of a click as its bias, and else zeros: so what was never seen
        stays at zero. Places beyond `most` count as the last.
        """
        z = np.concatenate([_places(rows, most), features], axis=1)
        start = np.zeros(z.shape[1])
        start[0] = rows.odds
        return cls._of(_solve(z, rows.clicks, start, np.full(len(start), _RIDGE)), most)

    @classmethod
    def with_links(cls, features: Numbers, links: Numbers, rows: TaskRows, most: int) -> Logistic:
        """Fit features (n, M) and links (n, L), side by side in the kernel.

        All rows tell what places and features are worth; beside the links, the fresh rows tell,
        by as much as they are many. On the others, whose clicks word vectors learnt from, links
        would seem worth more.
        """
        usual = cls.fit(features, rows, most)
        fresh = rows.fresh if rows.clicks[rows.fresh].any() else np.ones_like(rows.fresh)
        z = np.concatenate([_places(rows, most), features, links], axis=1)[fresh]
        start = np.zeros(z.shape[1])
        start[:most], start[0] = usual.places, usual.bias
        start[most : most + features.shape[1]] = usual.kernel
        firmness = np.full(len(start), _HOLD)
        firmness[0] = firmness[-links.shape[1] :] = _RIDGE
        return cls._of(_solve(z, rows.clicks[fresh], start, firmness), most)

    @classmethod
    def _of(cls, w: Numbers, most: int) -> Logistic:
        return cls(float(w[0]), np.concatenate([[0.0], w[1:most]]), w[most:])


def _places(rows: TaskRows, most: int) -> Numbers:
    """Return (n, most): 1 for the place, and for the first, which is everyone's bias."""
    shown = np.zeros((len(rows.places), most))
    shown[np.arange(len(shown)), np.clip(rows.places, 1, most) - 1] = 1.0
    shown[:, 0] = 1.0
    return shown


def _solve(z: Numbers, clicks: Numbers, start: Numbers, firmness: Numbers) -> Numbers:
    """Minimise log loss + sum firmness (w - start)^2 / 2 by Newton's method."""
    w = start.copy()
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-z @ w))
        slope = z.T @ (p - clicks) + firmness * (w - start)
        curve = (z * (p * (1 - p))[:, None]).T @ z + np.diag(firmness)
        w -= np.linalg.solve(curve, slope)
    return w
