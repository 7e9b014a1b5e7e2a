"""Our reading of RF-FFGM: frequent item sets of liked words, and a random forest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from training.peers.ratings import FOREVER_DAYS
from training.peers.rules import LIKED, Rules
from training.peers.tabular import TabularPeer
from training.peers.tuning import Knob, Search

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray, LongArray
    from training.peers.tabular import Task

_TREES: Final = 48


@dataclass(frozen=True, slots=True)
class Forest:
    """A random forest; leaves, columns a cut and rows a tree are tuned."""

    knobs: tuple[Knob, ...] = (
        Knob("least_rows", 40, 600, log=True, whole=True),
        Knob("columns", 0.15, 0.6),
        Knob("rows", 0.15, 0.4),
    )
    search: Search = Search.SPREAD

    def fit(self, task: Task, settings: dict[str, float]) -> Callable[[FloatArray], NDArray[Any]]:
        """Fit one forest."""
        model = RandomForestClassifier(
            _TREES,
            min_samples_leaf=int(settings["least_rows"]),
            max_features=settings["columns"],
            max_samples=settings["rows"],
            random_state=task.seed,
        ).fit(task.inputs, task.clicks)
        clicked = int(np.flatnonzero(model.classes_ == 1)[0]) if 1 in model.classes_ else 0
        return lambda inputs: model.predict_proba(inputs)[:, clicked]


@dataclass
class ItemSetForest(TabularPeer):
    """A forest that also reads what frequent item sets say of a word.

    Kadhuim and Al-Janabi turn frequent subgraphs into a matrix of codes for further learning. Our
    reading: item sets of words that shoppers like, mined on the part learnt from, give two
    columns more: the strongest and the mean confidence of the rules from words that the shopper
    likes by now to the word shown.
    """

    _rules: Rules | None = None

    def fit(self, rows: LongArray) -> None:
        """Mine item sets in what was liked by the last day of `rows`, then tune and fit."""
        self._rules = Rules.by(self.evidence.ratings(FOREVER_DAYS), rows)
        super().fit(rows)

    def inputs(self, rows: LongArray) -> FloatArray:
        """Return the columns and what the item sets say (n, c + 2)."""
        columns = super().inputs(rows)
        said = np.zeros((len(rows), 2), np.float32)
        if self._rules is None:
            return np.hstack([columns, said])
        ratings = self.evidence.ratings(FOREVER_DAYS)
        at, words = ratings.at[rows], self.evidence.shop.facets.words[rows]
        known = np.flatnonzero(at >= 0)
        liked = (ratings.now[at[known]] >= LIKED).astype(np.float32)
        told = liked.multiply(self._rules.confidence.T.tocsr()[words[known]]).tocsr()
        said[known, 0] = told.max(axis=1).toarray().ravel()
        said[known, 1] = np.asarray(told.sum(axis=1)).ravel() / np.maximum(np.diff(told.indptr), 1)
        return np.hstack([columns, said])
