"""What ads that were shown may cost yet."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from typing import Final

QUICK_SECONDS: Final = 30.0  # most clicks come after half a minute
SLOW_SECONDS: Final = 600.0
SLOW_SHARE: Final = 0.1  # of clicks, which come after ten minutes


@dataclass(frozen=True, slots=True)
class Unclicked:
    """The expected cost of a campaign's open ads, at one moment, in micros.

        open(t) = sum of price * P(click) * ((1 - s) exp(-age / quick) + s exp(-age / slow))

    Two sums that decay are all there is to keep.
    """

    at: float = 0.0  # Unix seconds
    quick: float = 0.0
    slow: float = 0.0

    @property
    def micros(self) -> float:
        """What they may cost yet."""
        return self.quick + self.slow

    def later(self, at: float) -> Unclicked:
        """The same ads at another moment, which is never before."""
        age = max(0.0, at - self.at)
        return Unclicked(
            at, self.quick * exp(-age / QUICK_SECONDS), self.slow * exp(-age / SLOW_SECONDS)
        )

    def with_shown(self, at: float, micros: float) -> Unclicked:
        """With more ads, shown at that moment and expected to cost so much."""
        now = self.later(at)
        return Unclicked(at, now.quick + (1 - SLOW_SHARE) * micros, now.slow + SLOW_SHARE * micros)
