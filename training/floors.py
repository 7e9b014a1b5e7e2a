"""The floor that every model must beat: popularity times position, learnt from the same rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[Any]

_PRIOR_ROWS = 20.0


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


def _rates(keys: Numbers, clicks: Numbers, mean: float) -> dict[Any, float]:
    names, codes = np.unique(keys, return_inverse=True)
    shown = np.bincount(codes, minlength=len(names))
    clicked = np.bincount(codes, clicks.astype(np.float64), minlength=len(names))
    rates = (clicked + _PRIOR_ROWS * mean) / (shown + _PRIOR_ROWS)
    return dict(zip(names.tolist(), rates.tolist(), strict=True))
