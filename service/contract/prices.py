"""Prices on the scale that models see."""

from __future__ import annotations

import math
from typing import Final

_MICROS: Final = 1_000_000
_MEAN: Final = 3.4  # of log prices: about 30 units of currency
_SPREAD: Final = 1.25
_LIMIT: Final = 4.0


def price_z(micros: int) -> float:
    """Return how unusual a price is, (ln units - 3.4) / 1.25, kept within 4 of 0.

    The scale is fixed, so that a product's row depends on nothing but the product.
    """
    if micros <= 0:
        return -_LIMIT
    z = (math.log(micros / _MICROS) - _MEAN) / _SPREAD
    return max(-_LIMIT, min(_LIMIT, z))


def price_of(z: float) -> int:
    """Return the price in micros that stands `z` on the scale, to the cent; undoes `price_z`."""
    units = math.exp(_MEAN + _SPREAD * max(-_LIMIT, min(_LIMIT, z)))
    return max(1, round(units * 100)) * (_MICROS // 100)
