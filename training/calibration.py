"""Make predicted clicks add up to real ones without changing the order of scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[Any]

_STEPS: Final = 50
_PRIOR: Final = 10.0  # pseudo-observations that hold the slope near 1
_LEAST_SLOPE: Final = 0.05


def fit_calibration(logits: Numbers, labels: Numbers) -> tuple[float, float]:
    """Return slope and shift that make sigmoid(slope * logit + shift) most likely.

        minimise sum_i log(1 + exp(-(2 y_i - 1)(a x_i + b))) + 10 (a - 1)^2 / 2       a >= 0.05

    Newton's method on centred logits. Without both kinds of labels nothing changes: (1, 0).
    """
    if len(np.unique(labels)) < 2:  # noqa: PLR2004 - clicked and not
        return 1.0, 0.0
    x, y = logits.astype(np.float64), labels.astype(np.float64)
    middle = x.mean()
    inputs = np.stack([x - middle, np.ones_like(x)], axis=1)
    weights = np.array([1.0, middle])
    for _ in range(_STEPS):
        step = _newton_step(inputs, y, weights)
        weights -= step
        if np.abs(step).max() < 1e-9:  # noqa: PLR2004 - as exact as it gets
            break
    slope = max(float(weights[0]), _LEAST_SLOPE)
    return slope, float(weights[1] - slope * middle)


def _newton_step(inputs: Numbers, labels: Numbers, weights: Numbers) -> Numbers:
    p = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
    gradient = inputs.T @ (p - labels) + np.array([_PRIOR * (weights[0] - 1), 0.0])
    curvature = (inputs * (p * (1 - p))[:, None]).T @ inputs + np.diag([_PRIOR, 1e-6])
    step: Numbers = np.linalg.solve(curvature, gradient)
    return np.clip(step, -2.0, 2.0)
