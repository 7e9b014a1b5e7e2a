"""The two floors as peers, so that they stand in the same tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from training.floors import CommonLogistic, PopularityByPosition
from training.peers.columns import FLOOR

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray, LongArray
    from training.peers.peer import Evidence


@dataclass
class PopularityFloor:
    """Click rate of the word times click rate of its place."""

    name: str
    evidence: Evidence
    _floor: PopularityByPosition | None = None

    def fit(self, rows: LongArray) -> None:
        """Count what was shown and clicked."""
        facets = self.evidence.shop.facets
        self._floor = PopularityByPosition.learn(
            facets.words[rows], facets.places[rows], facets.clicks[rows]
        )

    def score(self, rows: LongArray) -> NDArray[np.float64]:
        """Return the product of rates.

        Raises: RuntimeError before `fit`.
        """
        if self._floor is None:
            raise RuntimeError(f"{self.name} scores rows only after fit()")
        facets = self.evidence.shop.facets
        return self._floor.score(facets.words[rows], facets.places[rows])


@dataclass
class LogisticFloor:
    """A logistic on the place, the word's relevance to the query, and its popularity."""

    name: str
    evidence: Evidence
    _floor: CommonLogistic | None = None

    def fit(self, rows: LongArray) -> None:
        """Fit the logistic."""
        places, columns = self._inputs(rows)
        self._floor = CommonLogistic.learn(places, columns, self.evidence.clicks(rows))

    def score(self, rows: LongArray) -> NDArray[np.float64]:
        """Return log-odds of a click.

        Raises: RuntimeError before `fit`.
        """
        if self._floor is None:
            raise RuntimeError(f"{self.name} scores rows only after fit()")
        return self._floor.margin(*self._inputs(rows))

    def _inputs(self, rows: LongArray) -> tuple[FloatArray, FloatArray]:
        columns = self.evidence.columns(FLOOR, rows)
        return columns[:, 0], columns[:, 1:]
