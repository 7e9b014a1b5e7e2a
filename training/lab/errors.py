"""How far predicted probabilities lie from the clicks, after the same calibration for everybody.

Scores of collaborative filters, trees and networks are on different scales. Each contender's are
mapped to probabilities by isotonic regression, fitted on one half of the shoppers tested and used
on the other, both ways round; then over the rows of the first K places

    MAE = mean |p - y|        RMSE = sqrt(mean (p - y)^2)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.isotonic import IsotonicRegression

from training.lab.bootstrap import Sampled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.lab.bootstrap import Redraw

    Numbers = NDArray[Any]


def probabilities(labels: Numbers, scores: Numbers, owners: Numbers) -> NDArray[np.float64]:
    """Return P(click) of each row (N,), learnt from the other half of the shoppers."""
    found = np.full(len(labels), float(labels.mean()) if len(labels) else 0.0)
    for half in (0, 1):
        ours, others = owners % 2 == half, owners % 2 != half
        if not ours.any() or not others.any():
            continue
        curve = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
        curve.fit(scores[others], labels[others])
        found[ours] = curve.predict(scores[ours])
    return found


def mean_absolute_error(redraw: Redraw, labels: Numbers, p: Numbers) -> Sampled:
    """Measure MAE over rows (N,)."""
    return redraw.mean(np.abs(p - labels))


def root_mean_square_error(redraw: Redraw, labels: Numbers, p: Numbers) -> Sampled:
    """Measure RMSE over rows (N,)."""
    squared = redraw.mean((p - labels) ** 2)
    return Sampled(float(np.sqrt(squared.value)), np.sqrt(squared.draws))
