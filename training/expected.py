"""How many clicks anybody would have given: with exposure taken off, clicks mean taste."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray, LongArray

    Codes = NDArray[Any]

_LEAST: Final = 1e-4


def expected_clicks(
    clicks: FloatArray, keys: Sequence[tuple[Codes, float]], rows: LongArray
) -> FloatArray:
    """Return P(click) of each row (N,) for a shopper nobody knows.

        e = mean prod_k rate_k(x)     rate(x) = (clicks(x) / mean + prior) / (shown(x) + prior)

    Each of `keys` holds codes x (N,) and a prior in rows; `rows` (M,) are counted.
    """
    mean = float(clicks[rows].mean()) if len(rows) else 0.0
    if mean == 0.0:
        return np.full(len(clicks), _LEAST, np.float32)
    expected = np.full(len(clicks), mean)
    for key, prior in keys:
        size = int(key.max()) + 1
        shown = np.bincount(key[rows], minlength=size)
        clicked = np.bincount(key[rows], clicks[rows], minlength=size)
        expected *= ((clicked / mean + prior) / (shown + prior))[key]
    return within(expected)


def within(probabilities: NDArray[Any]) -> FloatArray:
    """Keep probabilities (N,) away from 0 and 1, so that their log odds stay finite."""
    kept: FloatArray = np.clip(probabilities, _LEAST, 1 - _LEAST).astype(np.float32)
    return kept
