"""The trained ranker, bound to the rows of a snapshot."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from service.contract.matching import QUERY_FEATURES, TITLE_MATCH
from service.contract.taste import Terms, title_taste
from service.decision.recent import Recent
from service.decision.scorers import RankScores
from service.inference.binding import (
    check_rows,
    owners_of,
    side_by_side,
    still_true,
    strangers_apart,
    to_each,
    usable,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray, IntArray
    from service.decision.scorers import Question
    from service.inference.binding import Strangers
    from service.inference.bundle import Bundle


class _Gathered(NamedTuple):
    """What is known of a question's candidates before the shopper is."""

    vectors: FloatArray  # (N, Di)
    terms: Terms
    match: FloatArray  # (N, M) with the shopper's part 0


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
        self._candidates: Recent[tuple[str, bytes], _Gathered] = Recent(remembered)
        self._strangers: Strangers = Recent(remembered)

    def begin_with(self, before: OnnxRanker) -> None:
        """Remember what `before` does of candidates whose rows are as they were."""
        if before._bundle is self._bundle:
            self._candidates = still_true(before._candidates, before._rows, self._rows)
            self._strangers = still_true(before._strangers, before._rows, self._rows)

    def score(self, questions: Sequence[Question]) -> RankScores:
        """Score the products of all `questions`, one question after the other.

        Raises: ScorerError if the model gives no usable scores.
        """
        compute = partial(strangers_apart, questions, self._strangers, self._compute)
        return RankScores(*usable(self.model, compute))

    def _compute(self, questions: Sequence[Question]) -> list[FloatArray]:
        gathered = [self._gathered(one.query, one.rows) for one in questions]
        lengths = [len(one.vectors) for one in gathered]
        terms = Terms.joined([one.terms for one in gathered])
        contexts = self._encoder.contexts(
            [one.query for one in questions], [one.history for one in questions]
        )
        match = np.concatenate([one.match for one in gathered])
        tasted = self._encoder.taste(contexts).of(terms, owners_of(lengths))
        match[:, len(QUERY_FEATURES) :] = title_taste(terms, tasted)
        context = to_each(self._bundle.context_vectors(contexts), lengths)
        return self._bundle.head(context, side_by_side([one.vectors for one in gathered]), match)

    def _gathered(self, query: str, chosen: IntArray) -> _Gathered:
        key = (query, chosen.tobytes())
        return self._candidates.get(key) or self._candidates.put(key, self._gather(query, chosen))

    def _gather(self, query: str, chosen: IntArray) -> _Gathered:
        rows = self._rows.take(chosen)
        match = np.zeros((len(rows), len(TITLE_MATCH)), dtype=np.float32)
        match[:, : len(QUERY_FEATURES)] = self._encoder.query_match(query, rows)
        return _Gathered(np.ascontiguousarray(rows["vector"]), self._encoder.terms(rows), match)
