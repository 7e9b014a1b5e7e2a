"""Ranked lists: what a contender would show first of the feature words that were on the page.

The candidates of a page view are the words that it showed (at most eight on both logs), put in
order by score; ties fall by chance, alike for every contender, and never by position. A list of
fewer than K words is recommended whole. With g_i = 1 where the i-th word was clicked, n words
shown, c of them clicked, k = min(K, n):

    precision@K = sum_{i<=k} g_i / k                    over all page views
    recall@K    = sum_{i<=k} g_i / c                    over page views with a click, as below
    NDCG@K      = sum_{i<=k} g_i / log2(i+1) / sum_{i<=min(k,c)} 1 / log2(i+1)
    AP@K        = sum_{i<=k} g_i (sum_{j<=i} g_j / i) / min(k, c)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from service.contract.arrays import LongArray

    Numbers = NDArray[Any]

MOST: Final = 10  # K = 1..10


@dataclass(frozen=True, slots=True)
class Lists:
    """Page views R, each with its words from the best: rows (R, 10), real and clicked (R, 10)."""

    rows: LongArray
    real: NDArray[np.bool_]
    clicked: NDArray[np.float64]
    clicks: NDArray[np.float64]  # (R,) of the whole page view

    @classmethod
    def of(cls, requests: Numbers, scores: Numbers, labels: Numbers, *, seed: int) -> Lists:
        """Rank the rows (N,) of each request by their scores (N,)."""
        names, owners = np.unique(requests, return_inverse=True)
        chance = np.random.default_rng(seed).random(len(scores))
        order = np.lexsort((chance, -np.asarray(scores, dtype=np.float64), owners))
        starts = np.searchsorted(owners[order], np.arange(len(names)))
        places = np.arange(len(order)) - starts[owners[order]]
        kept = places < MOST
        rows = np.zeros((len(names), MOST), dtype=np.int64)
        real = np.zeros(rows.shape, dtype=np.bool_)
        rows[owners[order][kept], places[kept]] = order[kept]
        real[owners[order][kept], places[kept]] = True
        clicked = np.where(real, labels[rows] > 0, 0).astype(np.float64)
        clicks = np.bincount(owners, labels > 0, len(names)).astype(np.float64)
        return cls(rows, real, clicked, clicks)

    @property
    def firsts(self) -> LongArray:
        """Return one row of each page view."""
        return self.rows[:, 0]

    def shown(self, k: int) -> NDArray[np.float64]:
        """Return how many words the first `k` places of each list hold (R,)."""
        return np.asarray(self.real[:, :k].sum(axis=1), dtype=np.float64)

    def precision(self, k: int) -> NDArray[np.float64]:
        """Return precision@k of each list (R,)."""
        return np.asarray(self.clicked[:, :k].sum(axis=1) / self.shown(k))

    def recall(self, k: int) -> NDArray[np.float64]:
        """Return recall@k of each list (R,), NaN without a click."""
        return self._with_click(self.clicked[:, :k].sum(axis=1), self.clicks)

    def ndcg(self, k: int) -> NDArray[np.float64]:
        """Return NDCG@k of each list (R,), NaN without a click."""
        worth = 1 / np.log2(np.arange(MOST) + 2)
        best = np.concatenate([[0.0], np.cumsum(worth)])
        most = np.minimum(self.shown(k), self.clicks).astype(np.int64)
        return self._with_click(self.clicked[:, :k] @ worth[:k], best[most])

    def average_precision(self, k: int) -> NDArray[np.float64]:
        """Return AP@k of each list (R,), NaN without a click; its mean is mAP."""
        so_far = np.cumsum(self.clicked, axis=1) / (np.arange(MOST) + 1)
        found = (self.clicked * so_far)[:, :k].sum(axis=1)
        return self._with_click(found, np.minimum(self.shown(k), self.clicks))

    def recommended(self, k: int) -> LongArray:
        """Return the rows that stand in the first `k` places of their lists."""
        return np.sort(self.rows[:, :k][self.real[:, :k]])

    def _with_click(self, found: Numbers, most: Numbers) -> NDArray[np.float64]:
        unknown = np.full(len(found), np.nan)
        return np.asarray(np.divide(found, most, out=unknown, where=self.clicks > 0))
