"""What both scorers share: rows that fit their model, and scores that can be used."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from service.contract.arrays import FloatArray
from service.decision.recent import Recent
from service.errors import ScorerError
from service.inference.rows import item_rows, phrase_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from service.contract.history import History
    from service.decision.scorers import Question
    from service.inference.bundle import Bundle


def check_rows(bundle: Bundle, rows: NDArray[Any]) -> None:
    """Refuse rows that were made by another kind of model.

    Raises: ScorerError.
    """
    made = item_rows(bundle, []) if bundle.side == "item" else phrase_rows(bundle, [])
    if rows.dtype != made.dtype:
        message = f"{bundle.model}: rows are {rows.dtype}, this model makes {made.dtype}"
        raise ScorerError(message)


def usable(model: str, compute: Callable[[], list[FloatArray]]) -> list[FloatArray]:
    """Return what `compute` gives if all of it is finite.

    Raises: ScorerError, whatever went wrong.
    """
    try:
        scores = compute()
    except Exception as error:
        message = f"{model}: {type(error).__name__}: {str(error)[:300]}"
        raise ScorerError(message) from error
    if not all(math.isfinite(np.add.reduce(values, axis=None)) for values in scores):
        message = f"{model}: gave NaN or infinity"
        raise ScorerError(message)
    return scores


Strangers = Recent[tuple[str, bytes], Sequence[FloatArray]]
"""Scores for shoppers of whom nothing is known, by query and candidates."""


def strangers_apart(
    questions: Sequence[Question],
    strangers: Strangers,
    together: Callable[[Sequence[Question]], list[FloatArray]],
) -> list[FloatArray]:
    """Answer for `strangers` what is remembered, and all else `together`.

    An answer is the model's outputs, each as long as there are candidates.
    """
    keys = [
        (one.query, one.rows.tobytes()) if _is_empty(one.history) else None for one in questions
    ]
    answers = [None if key is None else strangers.get(key) for key in keys]
    asked = [one for one, known in zip(questions, answers, strict=True) if known is None]
    if len(asked) == len(questions) and not any(keys):
        return together(questions)
    ends = np.cumsum([len(one.rows) for one in asked])[:-1]
    apart = (
        zip(*(np.split(output, ends) for output in together(asked)), strict=True) if asked else ()
    )
    fresh = iter(apart)
    for place, key in enumerate(keys):
        if answers[place] is None:
            answer = answers[place] = next(fresh)
            if key is not None:
                strangers.put(key, [output.copy() for output in answer])
    return [np.concatenate(outputs) for outputs in zip(*answers, strict=True)]


V = TypeVar("V")


def still_true(
    known: Recent[tuple[str, bytes], V], before: NDArray[Any], rows: NDArray[Any]
) -> Recent[tuple[str, bytes], V]:
    """What is `known`, by query and candidates, of candidates whose rows are as they were."""
    if before.dtype != rows.dtype or before.shape != rows.shape:
        return known.copy(lambda _: False)
    whole = np.dtype((np.void, rows.dtype.itemsize))
    same = before.view(whole) == rows.view(whole)
    if same.all():
        return known.copy()
    return known.copy(lambda key: bool(same.take(np.frombuffer(key[1], np.int32)).all()))


def _is_empty(history: History) -> bool:
    return not (history.feature_words or history.titles or history.queries)


def owners_of(lengths: Sequence[int]) -> NDArray[np.intp] | None:
    """Return whose each candidate is, of candidates put side by side; None if all are one's."""
    return None if len(lengths) == 1 else np.arange(len(lengths)).repeat(lengths)


def to_each(vectors: FloatArray, lengths: Sequence[int]) -> FloatArray:
    """Give each candidate its request's vector (N, D); the only request's stays one (1, D)."""
    return vectors if len(lengths) == 1 else vectors.repeat(lengths, axis=0)


def side_by_side(parts: Sequence[FloatArray]) -> FloatArray:
    """Join the rows of each question."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
