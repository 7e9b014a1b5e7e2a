"""The trained selling-point model, bound to the phrases of a snapshot."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from service.decision.recent import Recent
from service.inference.binding import (
    check_rows,
    still_true,
    strangers_apart,
    to_each,
    usable,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray
    from service.decision.scorers import Question
    from service.inference.binding import Strangers
    from service.inference.bundle import Bundle


class OnnxPhraseScorer:
    """Scores phrases by a selling-points bundle; `rows` are `phrase_rows` of the snapshot.

    The scores for a shopper of whom nothing is known are remembered by query and candidates.
    """

    def __init__(self, bundle: Bundle, rows: NDArray[Any], *, remembered: int = 512) -> None:
        check_rows(bundle, rows)
        self.model = bundle.model
        self.uplift = bundle.manifest.uplift
        self._bundle = bundle
        self._encoder = bundle.encoder
        self._rows = np.asarray(rows)  # a mapped file stays mapped, but indexes faster
        self._strangers: Strangers = Recent(remembered)

    def begin_with(self, before: OnnxPhraseScorer) -> None:
        """Remember what `before` does of candidates whose rows are as they were."""
        if before._bundle is self._bundle:
            self._strangers = still_true(before._strangers, before._rows, self._rows)

    def score(self, questions: Sequence[Question]) -> FloatArray:
        """Score the phrases of all `questions` in 0..1, one question after the other.

        Raises: ScorerError if the model gives no usable scores.
        """
        compute = partial(strangers_apart, questions, self._strangers, self._compute)
        return usable(self.model, compute)[0]

    def _compute(self, questions: Sequence[Question]) -> list[FloatArray]:
        rows = self._rows.take(np.concatenate([one.rows for one in questions]))
        lengths = [len(one.rows) for one in questions]
        queries = [one.query for one in questions]
        contexts = self._encoder.contexts(queries, [one.history for one in questions])
        match = self._encoder.phrase_match(queries, lengths, contexts, rows)
        context = to_each(self._bundle.context_vectors(contexts), lengths)
        return self._bundle.head(context, np.ascontiguousarray(rows["vector"]), match)
