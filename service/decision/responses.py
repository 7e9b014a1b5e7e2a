"""What platforms answer to spend: a curve for each, that rises ever slower."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from service.contract.platform_days import PlatformDays
    from service.decision.tables import Floats


class Goal(StrEnum):
    """What a campaign's budget is spread for; also the name of the metric."""

    CLICKS = "clicks"
    CONVERSIONS = "conversions"


@dataclass(frozen=True, slots=True, eq=False)
class Responses:
    """The expected answer of P platforms to a day's spend x in micros, each concave.

        value(x) = scale * ln(1 + rate * x)

    scale (..., P) in units of the goal; rate (..., P) per micro; sd (..., P), the standard
    deviation of scale by its mean: what is not known of it is taken to be log-normal.
    """

    scale: Floats
    rate: Floats
    sd: Floats

    def value(self, spend: ArrayLike) -> Floats:
        """Return what each platform is expected to bring (..., P) on a day with that spend."""
        value: Floats = self.scale * np.log1p(self.rate * np.asarray(spend, np.float64))
        return value

    def marginal(self, spend: ArrayLike) -> Floats:
        """Return what one more micro would bring (..., P)."""
        slope = self.scale * self.rate
        marginal: Floats = slope / (1.0 + self.rate * np.asarray(spend, np.float64))
        return marginal

    def drawn(self, normal: ArrayLike) -> Responses:
        """Return curves as they may well be, for Thompson sampling; their mean is these curves.

            scale * exp(s * normal - s^2 / 2),  s^2 = ln(1 + sd^2)

        normal (..., P): standard normal numbers.
        """
        variance = np.log1p(self.sd**2)
        factor = np.exp(np.sqrt(variance) * np.asarray(normal, np.float64) - variance / 2)
        return Responses(self.scale * factor, self.rate, self.sd)

    def times(self, ratio: ArrayLike) -> Responses:
        """Return curves that bring `ratio` (..., P) times as much."""
        return Responses(self.scale * np.asarray(ratio, np.float64), self.rate, self.sd)


class ResponseModel(Protocol):
    """Reads a history and says how its platforms answer to spend."""

    @property
    def name(self) -> str:
        """Under which plans remember who made them."""
        ...

    def responses(self, days: PlatformDays, goal: Goal) -> Responses:
        """Return the curves of `days.platforms` (P,), in their order, for the day after."""
        ...
