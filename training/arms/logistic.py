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
_PARTS: Final = (1.0, 0.5, 0.25, 0.125)  # of a step, where all of it leads too far
_STEPS: Final = 12  # of Newton; six are enough for six digits


@dataclass(frozen=True, slots=True)
class Logistic:
    """Log odds = bias + places[place] + kernel . features, with nothing for the first place."""

    bias: float
    places: Numbers  # (P,)
    kernel: Numbers  # (M,)

    @classmethod
    def fit(
        cls, features: Numbers, rows: TaskRows, most: int, *, firmness: Numbers | float = _RIDGE
    ) -> Logistic:
        """Minimise log loss + sum r (w - w_0)^2 / 2 over rows with features (n, M).

        w_0 holds the log odds of a click as its bias, and else zeros: so what was never seen
        stays at zero. r is 1 for places, `firmness` (M,) for features. Places beyond `most` count
        as the last.
        """
        z = np.concatenate([_places(rows, most), features], axis=1)
        start, ridge = np.zeros(z.shape[1]), np.full(z.shape[1], _RIDGE)
        start[0] = rows.odds
        ridge[most:] = firmness
        return cls._of(_solve(z, rows.clicks, start, ridge), most)

    @classmethod
    def with_links(
        cls,
        features: Numbers,
        links: Numbers,
        rows: TaskRows,
        most: int,
        *,
        firmness: Numbers | float = _RIDGE,
    ) -> Logistic:
        """Fit features (n, M) and links (n, L), side by side in the kernel.

        All rows tell what places and features are worth; beside the links, the fresh rows tell,
        by as much as they are many. On the others, whose clicks word vectors learnt from, links
        would seem worth more.
        """
        usual = cls.fit(features, rows, most, firmness=firmness)
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
    """Minimise log loss + sum firmness (w - start)^2 / 2 by Newton's method.

    A step that makes it larger is halved: far from the end, steps may lead anywhere.
    """

    def cost(w: Numbers) -> float:
        logits = z @ w
        loss = np.logaddexp(0.0, logits) - clicks * logits
        return float(loss.sum() + (firmness * (w - start) ** 2).sum() / 2)

    w, least = start.copy(), cost(start)
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-z @ w))
        slope = z.T @ (p - clicks) + firmness * (w - start)
        curve = (z * (p * (1 - p))[:, None]).T @ z + np.diag(firmness)
        step = np.linalg.solve(curve, slope)
        tried = min((w - part * step for part in _PARTS), key=cost)
        if cost(tried) >= least:
            break
        w, least = tried, cost(tried)
    return w
