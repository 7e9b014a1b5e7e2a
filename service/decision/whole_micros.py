"""From real numbers to whole micros, and the certificate that no split does better."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from service.decision.tables import Floats, Longs
    from service.decision.water_filling import Problems


def whole_micros(problems: Problems, spend: Floats) -> Longs:
    """Round the best real `spend` (N, P) to whole micros that add up exactly.

    All are rounded down, and what is left goes micro by micro to where it brings most: with
    concave curves no split in whole micros is better (Fox 1966, "Discrete optimization via
    marginal analysis").
    """
    rounded = np.clip(np.floor(spend).astype(np.int64), problems.floor, problems.cap)
    rounded -= _first_come(rounded.sum(1) - problems.total, rounded - problems.floor)
    missing = problems.total - rounded.sum(1)
    while missing.any():
        best = np.where(rounded < problems.cap, gain(problems, rounded), -1.0).argmax(1)
        rounded[np.arange(len(best)), best] += missing > 0
        missing -= missing > 0
    return rounded


def gain(problems: Problems, spend: Longs) -> Floats:
    """Return what one micro more than `spend` (N, P) would bring, to the last digit."""
    gain: Floats = problems.scale * np.log1p(problems.rate / (1.0 + problems.rate * spend))
    return gain


def separating(problems: Problems, spend: Longs, price: Floats) -> Floats:
    """Return the price (N,) nearest to `price` at which no platform would rather have `spend`.

    It is no less than any micro not given would bring, and no more than any given one brings.
    """
    above_floor, below_cap = spend > problems.floor, spend < problems.cap
    given = np.where(above_floor, gain(problems, spend - above_floor), np.inf).min(1)
    refused = np.where(below_cap, gain(problems, spend), 0.0).max(1)
    nearest: Floats = np.minimum(np.maximum(price, refused), given)
    return nearest


def excess(problems: Problems, spend: Longs, price: Floats) -> Floats:
    """Return by how much the Lagrangian bound lies above what `spend` brings (N,).

        bound(price) = price * total + sum_i max over whole k in floor_i..cap_i of f_i(k) - price k

    No split in whole micros brings more, whatever the price (weak duality).
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        peak = (problems.scale / price[:, None]) - 1.0 / problems.rate
    peak = np.clip(np.nan_to_num(peak, nan=0.0), problems.floor, problems.cap)
    at_spend = _surplus(problems, spend, price)
    best = at_spend
    for nearby in (np.floor(peak), np.ceil(peak)):
        best = np.maximum(best, _surplus(problems, nearby, price))
    above: Floats = (best - at_spend).sum(1)
    return above


def _surplus(problems: Problems, spend: Longs | Floats, price: Floats) -> Floats:
    surplus: Floats = problems.scale * np.log1p(problems.rate * spend) - price[:, None] * spend
    return surplus


def _first_come(amount: Longs, room: Longs) -> Longs:
    """`amount` (N,), where positive, dealt out into `room` (N, P), platform by platform."""
    before = np.cumsum(room, axis=1) - room
    return np.clip(amount[:, None] - before, 0, room)
