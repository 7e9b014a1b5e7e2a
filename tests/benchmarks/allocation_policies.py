"""Ways to split a budget that ours is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.optimize import linprog

from tests.benchmarks.allocation_trial import best_split, in_shares

if TYPE_CHECKING:
    from service.contract.platform_days import PlatformDays
    from service.decision.tables import Floats, Longs
    from tests.benchmarks.allocation_trial import Trial

_EXPLORED: Final = 0.1  # of the budget, spread equally by epsilon-greedy
_MOST_SHARE: Final = 0.3  # that the linear programme gives one platform


@dataclass(frozen=True, slots=True)
class Equal:
    """The same for all."""

    budget: int

    def split(self, days: PlatformDays) -> Longs:
        """Return equal shares."""
        return in_shares(np.ones(len(days.platforms)), self.budget)


@dataclass(frozen=True, slots=True)
class Proportional:
    """In proportion to what a unit of money brought so far, or in the last `window` days."""

    budget: int
    window: int | None = None

    def split(self, days: PlatformDays) -> Longs:
        """Return shares in proportion to past return."""
        return in_shares(past_return(days, self.window), self.budget)


@dataclass(frozen=True, slots=True)
class ProportionalToEngagement:
    """In proportion to the clicks of the last week, whatever they cost."""

    budget: int

    def split(self, days: PlatformDays) -> Longs:
        """Return shares in proportion to past clicks."""
        return in_shares(days.metric("clicks")[:, -7:].sum(axis=1), self.budget)


@dataclass(frozen=True, slots=True)
class EpsilonGreedy:
    """Nine tenths where a unit of money brought most, the rest equally."""

    budget: int

    def split(self, days: PlatformDays) -> Longs:
        """Return the greedy shares."""
        weights = np.full(len(days.platforms), _EXPLORED / len(days.platforms))
        weights[past_return(days, None).argmax()] += 1 - _EXPLORED
        return in_shares(weights, self.budget)


@dataclass(frozen=True, slots=True)
class LinearProgramme:
    """What would bring most if a platform's return never fell, with a most for each.

    maximise sum_p r_p x_p,  sum_p x_p = budget,  0 <= x_p <= 0.3 budget
    """

    budget: int

    def split(self, days: PlatformDays) -> Longs:
        """Return the programme's solution."""
        size = len(days.platforms)
        solved = linprog(
            -past_return(days, None),
            A_eq=np.ones((1, size)),
            b_eq=[1.0],
            bounds=[(0, _MOST_SHARE)] * size,
        )
        return in_shares(np.maximum(solved.x, 0), self.budget)


@dataclass(frozen=True, slots=True)
class Oracle:
    """Knows the truth of each day as it begins."""

    trial: Trial

    def split(self, days: PlatformDays) -> Longs:
        """Return the best split by the truth."""
        return best_split(self.trial.world, days.known.shape[1], self.trial.budget)


def past_return(days: PlatformDays, window: int | None) -> Floats:
    """Clicks by micro (P,) of the last `window` days; zero where nothing was spent."""
    start = -window if window else 0
    spend = days.metric("spend")[:, start:].sum(axis=1)
    clicks = days.metric("clicks")[:, start:].sum(axis=1)
    found: Floats = np.divide(clicks, spend, out=np.zeros_like(clicks), where=spend > 0)
    return found
