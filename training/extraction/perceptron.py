"""The averaged perceptron for chains of labels (Collins 2002)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from service.contract.tagging import best_labels, impossible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.contract.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class Labelled:
    """One text: the rows of each token's clues, and its labels."""

    rows: Sequence[Sequence[int]]
    labels: Sequence[int]


class Perceptron:
    """Weights (F, L) and steps (L + 1, L), with the sums that their averages need."""

    def __init__(self, clues: int, attributes: int) -> None:
        labels = 1 + 2 * attributes
        self._forbidden = impossible(attributes)
        self._weights = np.zeros((clues, labels), np.float32)
        self._steps = np.zeros((labels + 1, labels), np.float32)
        self._late_weights, self._late_steps = self._weights.copy(), self._steps.copy()
        self._seen = 1

    def fit(self, texts: Sequence[Labelled], epochs: int, seed: int) -> None:
        """Go through `texts` `epochs` times, in another order each time."""
        rng = np.random.default_rng(seed)
        for _ in range(epochs):
            for place in rng.permutation(len(texts)).tolist():
                self._learn(texts[place])

    @property
    def averages(self) -> tuple[FloatArray, FloatArray]:
        """Weights and steps, the mean of those at the start and after each text."""
        seen = np.float32(self._seen)
        return self._weights - self._late_weights / seen, self._steps - self._late_steps / seen

    def _learn(self, text: Labelled) -> None:
        scores = np.array([self._weights[rows].sum(0) for rows in text.rows], np.float32)
        guessed = best_labels(scores, self._steps + self._forbidden)
        before = was = len(self._steps) - 1
        for rows, right, wrong in zip(text.rows, text.labels, guessed, strict=True):
            if right != wrong:
                self._add_weights(rows, right, 1.0)
                self._add_weights(rows, wrong, -1.0)
            if (before, right) != (was, wrong):
                self._add_step(before, right, 1.0)
                self._add_step(was, wrong, -1.0)
            before, was = right, wrong
        self._seen += 1

    def _add_weights(self, rows: Sequence[int], label: int, by: float) -> None:
        self._weights[rows, label] += by
        self._late_weights[rows, label] += by * self._seen

    def _add_step(self, before: int, label: int, by: float) -> None:
        self._steps[before, label] += by
        self._late_steps[before, label] += by * self._seen
