"""The floors that every model must beat: what can be told without knowing the shopper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.linear_model import LogisticRegression

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[Any]

_PRIOR_ROWS = 20.0
_WEAK = 10.0  # 1 / strength of the penalty
_SMALLEST = 1e-9
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class PopularityByPosition:
    """Score = click rate of the thing shown x click rate of its place, both smoothed.

    rate(x) = (clicks(x) + 20 mean) / (shown(x) + 20)
    """

    things: dict[Any, float]
    places: dict[Any, float]
    mean: float

    @classmethod
    def learn(cls, things: Numbers, places: Numbers, clicks: Numbers) -> PopularityByPosition:
        """Count the rows of a log: what was shown (N,), where (N,), clicked or not (N,)."""
        mean = float(clicks.mean()) if len(clicks) else 0.0
        return cls(_rates(things, clicks, mean), _rates(places, clicks, mean), mean)

    def score(self, things: Numbers, places: Numbers) -> NDArray[np.float64]:
        """Return scores (N,); what was never seen has the mean rate."""
        popularity = [self.things.get(thing, self.mean) for thing in things.tolist()]
        position = [self.places.get(place, self.mean) for place in places.tolist()]
        scores: NDArray[np.float64] = np.array(popularity) * np.array(position)
        return scores


@dataclass(frozen=True, slots=True)
class CommonLogistic:
    """A logistic on the place and columns that are the same for every shopper.

        margin = b + place_p + w . (x - mean) / spread

    Weakly regularised; a place that was never seen counts as the average one.
    """

    places: dict[Any, float]
    mean: NDArray[np.float64]
    spread: NDArray[np.float64]
    weights: NDArray[np.float64]
    shift: float

    @classmethod
    def learn(cls, places: Numbers, columns: Numbers, clicks: Numbers) -> CommonLogistic:
        """Fit places (N,) and columns (N, K), relevance and popularity, to clicks (N,)."""
        names, codes = np.unique(places, return_inverse=True)
        rows = columns.astype(np.float64)
        mean, spread = rows.mean(axis=0), np.maximum(rows.std(axis=0), _SMALLEST)
        inputs = np.hstack([(rows - mean) / spread, np.eye(len(names))[codes]])
        if len(np.unique(clicks)) < 2:  # noqa: PLR2004
            return cls({}, mean, spread, np.zeros(rows.shape[1]), _log_odds(clicks))
        fitted = LogisticRegression(C=_WEAK, max_iter=1000).fit(inputs, clicks)
        weights, of_places = np.split(fitted.coef_[0], [rows.shape[1]])
        middle = float(of_places.mean())
        known = dict(zip(names.tolist(), (of_places - middle).tolist(), strict=True))
        return cls(known, mean, spread, weights, float(fitted.intercept_[0]) + middle)

    def margin(self, places: Numbers, columns: Numbers) -> NDArray[np.float64]:
        """Return log-odds of a click (N,)."""
        of_places = np.array([self.places.get(place, 0.0) for place in places.tolist()])
        scaled = (columns.astype(np.float64) - self.mean) / self.spread
        margins: NDArray[np.float64] = scaled @ self.weights + of_places + self.shift
        return margins


def _log_odds(clicks: Numbers) -> float:
    """Return the log-odds of the smoothed click rate, finite where all or none were clicked."""
    clicked = float(clicks.sum()) + _HALF
    return float(np.log(clicked / (len(clicks) + 1 - clicked)))


def _rates(keys: Numbers, clicks: Numbers, mean: float) -> dict[Any, float]:
    names, codes = np.unique(keys, return_inverse=True)
    shown = np.bincount(codes, minlength=len(names))
    clicked = np.bincount(codes, clicks.astype(np.float64), minlength=len(names))
    rates = (clicked + _PRIOR_ROWS * mean) / (shown + _PRIOR_ROWS)
    return dict(zip(names.tolist(), rates.tolist(), strict=True))
