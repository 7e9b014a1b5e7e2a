"""The trained selling-point model, bound to the phrases of a snapshot."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from service.contract.history import EMPTY_HISTORY
from service.contract.matching import PHRASE_MATCH
from service.inference.binding import check_rows, is_empty, usable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray, IntArray
    from service.contract.history import History
    from service.contract.taste import Terms
    from service.inference.bundle import Bundle


class OnnxPhraseScorer:
    """Scores phrases by a selling-points bundle; `rows` are `phrase_rows` of the snapshot.

    Gathered rows are remembered by candidates, and so are the scores for a query of a shopper of
    whom nothing is known.
    """

    def __init__(self, bundle: Bundle, rows: NDArray[Any], *, remembered: int = 512) -> None:
        check_rows(bundle, rows)
        self.model = bundle.model
        self._bundle = bundle
        self._encoder = bundle.encoder
        self._rows = np.asarray(rows)  # a mapped file stays mapped, but indexes faster
        self._candidates = lru_cache(maxsize=remembered)(self._gather)
        self._anonymous = lru_cache(maxsize=remembered)(self._compute_anonymous)

    def score(self, query: str, history: History, phrases: IntArray) -> FloatArray:
        """Score `phrases` (N,), rows of the snapshot's phrase table: (N,) in 0..1.

        Raises: ScorerError if the model gives no usable scores.
        """
        chosen = np.asarray(phrases, dtype=np.int32).tobytes()
        return usable(self.model, lambda: self._compute(query, history, chosen))[0]

    def _compute(self, query: str, history: History, chosen: bytes) -> list[FloatArray]:
        if is_empty(history):
            return [scores.copy() for scores in self._anonymous(query, chosen)]
        return self._compute_personal(query, history, chosen)

    def _compute_anonymous(self, query: str, chosen: bytes) -> list[FloatArray]:
        return self._compute_personal(query, EMPTY_HISTORY, chosen)

    def _compute_personal(self, query: str, history: History, chosen: bytes) -> list[FloatArray]:
        vectors, phrases, match = self._candidates(chosen)
        tensors = self._encoder.context(query, history)
        taste = self._encoder.taste(tensors)
        if taste is not None:
            match = self._encoder.phrase_taste(taste, phrases)
        return self._bundle.head(self._bundle.context_vectors(tensors), vectors, match)

    def _gather(self, chosen: bytes) -> tuple[FloatArray, Terms, FloatArray]:
        """Return vectors (N, Ds), terms, and matches (N, M) of nobody, all 0."""
        rows = self._rows.take(np.frombuffer(chosen, dtype=np.int32))
        match = np.zeros((len(rows), len(PHRASE_MATCH)), dtype=np.float32)
        return np.ascontiguousarray(rows["vector"]), self._encoder.terms(rows), match
