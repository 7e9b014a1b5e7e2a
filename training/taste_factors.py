"""A factor model of who clicks which words, fitted by expectation maximisation."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from service.contract.arrays import FloatArray
    from training.shown import Shown

_STEPS: Final = 4  # of conjugate gradients in a round
_LEAST_LIFT: Final = 0.1
_PARTS: Final = (0.25, 0.5, 0.75, 1.0)


class Factors:
    """What shoppers have in common, as axes of words: a factor model of one set of rows.

        logit P(click) = logit(e) + x . F a_u      a_u ~ N(0, I),   F_w ~ N(start_w, I / hold)

    with x the words (size,) of what was shown and e its expected clicks, on one Newton step of
    the logistic from e. Fitted by expectation maximisation with the axes' widths free: shoppers'
    tastes a_u come with their covariance, so that those of few clicks say little. Source: factor
    analysis by EM (Rubin, Thayer 1982), widths by parameter expansion (Liu, Rubin, Wu 1998).
    """

    def __init__(self, shown: Shown, start: FloatArray, hold: float) -> None:
        self._start, self._hold = start, hold
        self._used = np.unique(shown.words.indices)
        self._words = shown.words[:, self._used].tocsr()
        self._turned = self._words.T.tocsr()
        self.shoppers, firsts = np.unique(shown.shoppers, return_index=True)
        edges = [*firsts.tolist(), len(shown.shoppers)]
        self._slices = [slice(a, b) for a, b in pairwise(edges)]
        self._weights = (shown.weights * shown.expected * (1 - shown.expected))[:, None]
        self._beyond = (shown.weights * (shown.clicks - shown.expected))[:, None]
        self._held = self._words.multiply(self._words).T @ self._weights  # (k, 1)
        self._scale = np.ones(start.shape[1], np.float32)
        self._anchor = start[self._used].astype(np.float32)
        self._found = self._anchor.copy()

    def vectors(self) -> FloatArray:
        """Return F (size, K); words that never occurred stay at their start, scaled alike."""
        every: FloatArray = self._start * self._scale
        every[self._used] = self._found
        return every

    def improve(self) -> None:
        """Do one round: tastes of shoppers, then width of each axis, then vectors of words."""
        means, squares = self.tastes()
        wide = np.sqrt(np.einsum("ukk->k", squares) / len(squares))
        self._found *= wide
        self._anchor *= wide
        self._scale *= wide
        self._move(means / wide, squares / (wide[:, None] * wide))

    def gain(self, newest: Shown) -> float:
        """Return how much likelier tastes, or a part of them, make other rows of the shoppers."""
        means, _ = self.tastes()
        places = np.searchsorted(self.shoppers, newest.shoppers).clip(0, len(means) - 1)
        known = self.shoppers[places] == newest.shoppers
        taste = ((newest.words @ self.vectors()) * means[places]).sum(axis=1) * known
        usual = np.log(newest.expected / (1 - newest.expected))

        def likelihood(part: float) -> float:
            logits = usual + np.log(np.maximum(1 + part * taste, _LEAST_LIFT))
            each = newest.clicks * logits - np.logaddexp(0.0, logits)
            return float(newest.weights @ each)

        return max(map(likelihood, _PARTS)) - likelihood(0.0)

    def tastes(self) -> tuple[FloatArray, FloatArray]:
        """Return mean and mean square of a_u: (U, K), (U, K, K)."""
        seen = self._words @ self._found
        weighted, pulls = seen * self._weights, seen * self._beyond
        one = np.eye(seen.shape[1], dtype=np.float32)
        means = np.empty((len(self._slices), seen.shape[1]), np.float32)
        squares = np.empty((*means.shape, seen.shape[1]), np.float32)
        for number, rows in enumerate(self._slices):
            spread = np.linalg.inv(weighted[rows].T @ seen[rows] + one)
            means[number] = spread @ pulls[rows].sum(axis=0)
            squares[number] = spread + np.outer(means[number], means[number])
        return means, squares

    def _move(self, means: FloatArray, squares: FloatArray) -> None:
        """Solve X'(w X F aa') + hold F = X'(y - e)a' + hold start by conjugate gradients."""
        sizes = [rows.stop - rows.start for rows in self._slices]
        target = self._turned @ (self._beyond * np.repeat(means, sizes, axis=0))
        target += self._hold * self._anchor
        scale = 1 / (self._held * np.einsum("ukk->k", squares) / len(squares) + self._hold)
        left = target - self._bent(self._found, squares)
        step = left * scale
        size = float((left * step).sum())
        for _ in range(_STEPS):
            bent = self._bent(step, squares)
            length = size / float((step * bent).sum())
            self._found += length * step
            left -= length * bent
            scaled = left * scale
            size, before = float((left * scaled).sum()), size
            step = scaled + size / before * step

    def _bent(self, vectors: FloatArray, squares: FloatArray) -> FloatArray:
        seen = (self._words @ vectors) * self._weights
        for square, rows in zip(squares, self._slices, strict=True):
            seen[rows] = seen[rows] @ square
        bent: FloatArray = self._turned @ seen + self._hold * vectors
        return bent
