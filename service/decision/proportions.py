"""Whole numbers in proportion, exact in sum."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` in proportion to `weights`, exactly, by largest remainder; for none, zeros."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    parts = [divmod(total * weight, whole) for weight in weights]
    missing = total - sum(part for part, _ in parts)
    by_remainder = sorted(range(len(parts)), key=lambda place: -parts[place][1])
    more = set(by_remainder[:missing])
    return [part + (place in more) for place, (part, _) in enumerate(parts)]


def split_above(total: int, weights: Sequence[int], least: Sequence[int]) -> list[int]:
    """Split `total` in proportion to `weights`, but for those who would get less than `least`.

    These get just that, and the others share the rest; `least` must fit into the total.
    """
    held: set[int] = set()
    while True:
        rest = total - sum(least[place] for place in held)
        free = [0 if place in held else weight for place, weight in enumerate(weights)]
        parts = split(rest, free)
        short = {place for place, part in enumerate(parts) if part < least[place]} - held
        if not short:
            return [least[place] if place in held else part for place, part in enumerate(parts)]
        held |= short
