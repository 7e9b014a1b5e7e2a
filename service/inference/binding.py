"""What both scorers share: rows that fit their model, and scores that can be used."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from service.errors import ScorerError
from service.inference.rows import item_rows, phrase_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray
    from service.contract.history import History
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
    if not all(math.isfinite(values.sum()) for values in scores):
        message = f"{model}: gave NaN or infinity"
        raise ScorerError(message)
    return scores


def is_empty(history: History) -> bool:
    """Return whether nothing is known of the shopper."""
    return not (history.feature_words or history.titles or history.queries)
