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
        clicks, shown = rows.clicks, np.zeros((len(features), most))
        shown[np.arange(len(shown)), np.clip(rows.places, 1, most) - 1] = 1.0
        shown[:, 0] = 1.0  # the first place is everyone's bias
        z = np.concatenate([shown, features], axis=1)
        start = np.zeros(z.shape[1])
        start[0] = rows.odds
        w = start.copy()
        for _ in range(_STEPS):
            p = 1 / (1 + np.exp(-z @ w))
            slope = z.T @ (p - clicks) + _RIDGE * (w - start)
            curve = (z * (p * (1 - p))[:, None]).T @ z + _RIDGE * np.eye(len(w))
            w -= np.linalg.solve(curve, slope)
        return cls(float(w[0]), np.concatenate([[0.0], w[1:most]]), w[most:])
