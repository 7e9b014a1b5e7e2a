"""Which words shoppers like together: frequent item sets and rules between two words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from mlxtend.frequent_patterns import association_rules, fpgrowth
from scipy import sparse

if TYPE_CHECKING:
    from service.contract.arrays import FloatArray, LongArray
    from training.peers.ratings import Ratings

LIKED: Final = 1.0  # a word with so many clicks above what was expected is liked
_LEAST_SHARE: Final = 0.02  # of shoppers who like both words
_LEAST_SHOPPERS: Final = 3
_SMALLEST: Final = 1e-6
_MOST_WORDS: Final = 400  # the most liked; bounds the item sets
_MOST_REASONS: Final = 20  # rules that end in one word, those of most lift


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules "who likes v likes w": confidence (V, V) where lift exceeds 1, else 0.

    support(v, w) = share of shoppers who like both    confidence = support(v, w) / support(v)
    lift = confidence / support(w)
    """

    confidence: sparse.csr_matrix

    @classmethod
    def of(cls, excess: sparse.csr_matrix) -> Rules:
        """Mine baskets of what shoppers like: excess (U, V) clicks above those expected."""
        size = excess.shape[1]
        baskets = _baskets(excess)
        if len(baskets) < _LEAST_SHOPPERS or baskets.columns.empty:
            return cls(sparse.csr_matrix((size, size), dtype=np.float32))
        least = max(_LEAST_SHARE, _LEAST_SHOPPERS / len(baskets))
        sets = fpgrowth(baskets, min_support=least, use_colnames=True, max_len=2)
        if not (sets["itemsets"].map(len) == 2).any():  # noqa: PLR2004
            return cls(sparse.csr_matrix((size, size), dtype=np.float32))
        found = association_rules(
            sets, metric="lift", min_threshold=1.0, return_metrics=["confidence", "lift"]
        )
        strongest = found.sort_values("lift", ascending=False, kind="stable")
        found = strongest.groupby("consequents", sort=False).head(_MOST_REASONS)
        given = np.array([next(iter(one)) for one in found["antecedents"]], np.int64)
        then = np.array([next(iter(one)) for one in found["consequents"]], np.int64)
        cells = (found["confidence"].to_numpy(np.float32), (given, then))
        return cls(sparse.csr_matrix(cells, (size, size)))

    @classmethod
    def by(cls, ratings: Ratings, rows: LongArray) -> Rules:
        """Mine what shoppers liked in the morning of the last day of `rows` (n,)."""
        moments = ratings.at[rows]
        moments = moments[moments >= 0]
        last = int(ratings.day[moments].max()) if len(moments) else 0
        return cls.of(ratings.mornings[last])

    def fill(self, ratings: FloatArray) -> FloatArray:
        """Fill what has no rating yet with what the rules say: ratings (n, V) -> (n, V).

        r_w = sum_v confidence(v, w) r_v / sum_v confidence(v, w)    over rated v with a rule
        """
        rated = (ratings != 0).astype(np.float32)
        said = (ratings @ self.confidence) / np.maximum(rated @ self.confidence, _SMALLEST)
        filled: FloatArray = np.where(rated > 0, ratings, said).astype(np.float32)
        return filled

    def fires(self, ratings: FloatArray) -> FloatArray:
        """Return 1 for those of ratings (n, V) who like a word that a rule starts from: (n,)."""
        starts = np.diff(self.confidence.indptr) > 0
        fired: FloatArray = ((ratings >= LIKED) & starts).any(axis=1).astype(np.float32)
        return fired


def _baskets(excess: sparse.csr_matrix) -> pd.DataFrame:
    """Return who likes which of the most liked words: a row a shopper, a column a word."""
    liked = excess >= LIKED if excess.nnz else sparse.csr_matrix(excess.shape, dtype=bool)
    by_word = np.asarray(liked.sum(axis=0)).ravel()
    kept = np.sort(np.argsort(-by_word, kind="stable")[:_MOST_WORDS])
    kept = kept[by_word[kept] > 0]
    return pd.DataFrame(liked[:, kept].toarray(), columns=kept)
