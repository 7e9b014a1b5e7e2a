"""Parts of a budget as people write them: shares, or amounts of money."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple

from service.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

OTHERS: Final = ""  # the name of those that are not named
BOUND: Final = (
    "PLATFORM=PART, or PART for all others; a share of the budget up to 1, or else units"
    " of the currency"
)
_MICROS: Final = 1_000_000


class Part(NamedTuple):
    """A part of a budget, and the words it was given in."""

    said: str
    number: float  # a share up to 1, or else units of the currency

    def micros(self, budget: int) -> Fraction:
        """Return it in micros, exactly as it was written.

        Raises: BadInputError.
        """
        if not (math.isfinite(self.number) and self.number >= 0):
            raise BadInputError(f"{self.said}: {self.number} is no part of a budget")
        return Fraction(repr(self.number)) * (budget if self.number <= 1 else _MICROS)

    def least(self, budget: int) -> int:
        """Return it as a floor, rounded down to micros.

        Raises: BadInputError for more than the budget.
        """
        if (micros := math.floor(self.micros(budget))) > budget:
            raise BadInputError(f"{self.said}: more than the budget of {budget / _MICROS}")
        return micros

    def most(self, budget: int) -> int:
        """Return it as a cap, rounded up to micros; more than the budget is all of it.

        Raises: BadInputError.
        """
        return min(math.ceil(self.micros(budget)), budget)


def parts_of(given: Sequence[str], option: str) -> dict[str, Part]:
    """Return the parts that `given` names, by platform."""
    parts: dict[str, Part] = {}
    for text in given:
        platform, _, number = text.rpartition("=")
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if platform in parts or math.isnan(value):
            raise BadInputError(f"{option} {text!r}: expected {BOUND}, each platform once")
        parts[platform] = Part(f"{option} {text!r}", value)
    return parts


def for_all(micros: dict[str, int], platforms: Sequence[str]) -> dict[str, int]:
    """Give what has no name to all platforms without a part of their own."""
    others = micros.pop(OTHERS, None)
    return micros if others is None else dict.fromkeys(platforms, others) | micros
