"""The gates that a bundle passes by running: three batch shapes, and its golden rows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from service.contract.fingerprint import PROBES
from service.contract.golden import EXPECTED, TOLERANCE
from service.contract.history import EMPTY_HISTORY, History
from service.contract.matching import PHRASE_MATCH, TITLE_MATCH
from service.errors import BadBundleError
from service.inference.gates import try_at
from service.inference.matching import match_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray
    from service.contract.golden import GoldenRow
    from service.inference.bundle import Bundle

SHAPES: Final = (1, 3, 64)
LAST_PLACE: Final = 1000
_ROUNDING: Final = 1e-6


def try_shapes(bundle: Bundle) -> None:
    """Run every graph at three batch shapes, with one context for all and one for each.

    Raises: BadBundleError if one fails, or gives another shape, NaN, or no probability.
    """
    for rows in SHAPES:
        try_at("batch shape gate", partial(_try_shape, bundle, rows))


def try_golden_rows(bundle: Bundle) -> None:
    """Replay the golden rows from raw text through the contract and the graphs.

    Raises: BadBundleError if one differs from the trained network by more than 1e-5.
    """
    for number, row in enumerate(bundle.golden):
        try_at("golden gate", partial(_try_row, bundle, number, row))


def _try_shape(bundle: Bundle, rows: int) -> None:
    texts = [PROBES[row % len(PROBES)] for row in range(rows)]
    aged = tuple((text, 3_600.0) for text in PROBES)
    histories = [EMPTY_HISTORY, History(aged[:9], aged, aged[:5])]
    contexts = bundle.encoder.contexts(texts, [histories[row % 2] for row in range(rows)])
    context = _whole(bundle.context_vectors(contexts), rows, "context")
    candidates = _candidates(bundle, texts, rows)
    features = len(TITLE_MATCH if bundle.side == "item" else PHRASE_MATCH)
    match = np.zeros((rows, features), np.float32)
    match[::2] = 1.0
    places = np.arange(rows, dtype=np.int64) + 1
    places[-1] = LAST_PLACE
    shown = _shown(bundle, texts, rows)
    for contexts_given in (context[:1], context):
        feeds = {"context": contexts_given, bundle.side: candidates, "match": match}
        _probabilities(bundle.head(contexts_given, candidates, match), rows, "head")
        _probabilities(bundle.placed(feeds, places, shown), rows, "placed")


def _candidates(bundle: Bundle, texts: list[str], rows: int) -> FloatArray:
    if bundle.side == "item":
        prices = [float(row % 5 - 2) for row in range(rows)]
        return _whole(bundle.item_vectors(texts, prices), rows, "item")
    return _whole(bundle.phrase_vectors(texts), rows, "phrase")


def _shown(bundle: Bundle, texts: list[str], rows: int) -> FloatArray | None:
    if bundle.side == "phrase":
        return None
    return _whole(bundle.phrase_vectors(texts), rows, "phrase")


def _whole(vectors: FloatArray, rows: int, role: str) -> FloatArray:
    if vectors.ndim != 2 or len(vectors) != rows or vectors.dtype != np.float32:  # noqa: PLR2004
        message = f"batch shape gate: {role} gave {vectors.dtype} {vectors.shape} for {rows} rows"
        raise BadBundleError(message)
    if not np.isfinite(vectors).all():
        message = f"batch shape gate: {role} gave NaN or infinity for {rows} rows"
        raise BadBundleError(message)
    return vectors


def _probabilities(outputs: list[FloatArray], rows: int, role: str) -> None:
    for scores in outputs:
        if scores.shape != (rows,) or scores.dtype != np.float32:
            message = (
                f"batch shape gate: {role} gave {scores.dtype} {scores.shape} for {rows} rows"
            )
            raise BadBundleError(message)
        if not ((scores >= -_ROUNDING) & (scores <= 1 + _ROUNDING)).all():
            found = f"from {scores.min()} to {scores.max()}"
            message = f"batch shape gate: {role} gave no probabilities but {found}"
            raise BadBundleError(message)


def _try_row(bundle: Bundle, number: int, row: GoldenRow) -> None:
    expected = EXPECTED[bundle.kind]
    if set(row.expected) != expected:
        message = f"golden gate: row {number} has {sorted(row.expected)}, not {sorted(expected)}"
        raise BadBundleError(message)
    found = answers(bundle, row)
    for name, value in row.expected.items():
        if not abs(found[name] - value) <= TOLERANCE:
            message = f"golden gate: row {number}: {name} is {found[name]!r}, expected {value!r}"
            raise BadBundleError(message)


def answers(bundle: Bundle, row: GoldenRow) -> Mapping[str, float]:
    """Return the outputs for one golden row, by name."""
    encoder = bundle.encoder
    tensors = encoder.contexts([row.query], [row.history])
    context = bundle.context_vectors(tensors)
    shown: FloatArray | None = None
    if bundle.side == "item":
        candidates = bundle.item_vectors([row.title], [row.price_z])
        table = encoder.title_table([row.title])
        shown = bundle.phrase_vectors([*row.shown, ""])[: len(row.shown)].sum(axis=0)[None]
    else:
        candidates = bundle.phrase_vectors([row.phrase])
        table = encoder.phrase_table([row.phrase])
    match = match_of(encoder, row.query, tensors, table)
    feeds: dict[str, NDArray[Any]] = {"context": context, bundle.side: candidates, "match": match}
    plain = bundle.head(context, candidates, match)
    placed = bundle.placed(feeds, np.array([row.place]), shown)
    names = bundle.graphs["head"].outputs
    return {
        **{name: float(values[0]) for name, values in zip(names, plain, strict=True)},
        **{f"placed_{name}": float(values[0]) for name, values in zip(names, placed, strict=True)},
    }
