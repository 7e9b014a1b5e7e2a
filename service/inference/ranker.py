"""The trained ranker, bound to the rows of a snapshot."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from service.contract.history import EMPTY_HISTORY
from service.contract.matching import QUERY_FEATURES, TITLE_MATCH
from service.decision.scorers import RankScores
from service.inference.binding import check_rows, is_empty, usable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray, IntArray
    from service.contract.history import History
    from service.contract.taste import Terms
    from service.inference.bundle import Bundle


class OnnxRanker:
    """Scores products by a ranker bundle; `rows` are the `item_rows` of the snapshot's products.

    What does not depend on the shopper is remembered by query and candidates: the gathered
    vectors, the match with the query, and the scores for a shopper of whom nothing is known.
    """

    def __init__(self, bundle: Bundle, rows: NDArray[Any], *, remembered: int = 512) -> None:
        check_rows(bundle, rows)
        self.model = bundle.model
        self._bundle = bundle
        self._encoder = bundle.encoder
        self._rows = np.asarray(rows)  # a mapped file stays mapped, but indexes faster
        self._candidates = lru_cache(maxsize=remembered)(self._gather)
        self._anonymous = lru_cache(maxsize=remembered)(self._compute_anonymous)

    def score(self, query: str, history: History, products: IntArray) -> RankScores:
        """Score `products` (N,), rows of the snapshot's product table.

        Raises: ScorerError if the model gives no usable scores.
        """
        chosen = np.asarray(products, dtype=np.int32).tobytes()
        click, conversion = usable(self.model, lambda: self._compute(query, history, chosen))
        return RankScores(click, conversion)

    def _compute(self, query: str, history: History, chosen: bytes) -> list[FloatArray]:
        if is_empty(history):
            return [scores.copy() for scores in self._anonymous(query, chosen)]
        return self._compute_personal(query, history, chosen)

    def _compute_anonymous(self, query: str, chosen: bytes) -> list[FloatArray]:
        return self._compute_personal(query, EMPTY_HISTORY, chosen)

    def _compute_personal(self, query: str, history: History, chosen: bytes) -> list[FloatArray]:
        vectors, titles, match = self._candidates(query, chosen)
        tensors = self._encoder.context(query, history)
        taste = self._encoder.taste(tensors)
        if taste is not None:
            match = match.copy()
            match[:, len(QUERY_FEATURES) :] = self._encoder.title_taste(taste, titles)
        return self._bundle.head(self._bundle.context_vectors(tensors), vectors, match)

    def _gather(self, query: str, chosen: bytes) -> tuple[FloatArray, Terms, FloatArray]:
        """Return vectors (N, Di), terms, and matches (N, M) with the shopper's part 0."""
        rows = self._rows.take(np.frombuffer(chosen, dtype=np.int32))
        match = np.zeros((len(rows), len(TITLE_MATCH)), dtype=np.float32)
        match[:, : len(QUERY_FEATURES)] = self._encoder.query_match(query, rows)
        return np.ascontiguousarray(rows["vector"]), self._encoder.terms(rows), match
