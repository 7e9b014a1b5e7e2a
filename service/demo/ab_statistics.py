"""What an A/B test says: clicks per view of two arms, whose shoppers were drawn, not their views.

With clicks c_u and views n_u of shopper u in an arm of U shoppers

    r = sum c_u / sum n_u
    var r = U / (U - 1) sum (c_u - r n_u)^2 / (sum n_u)^2             (delta method)
    lift = r_test / r_base - 1,   z = log(r_test / r_base) / s,
    s^2 = var r_test / r_test^2 + var r_base / r_base^2

An interval of the lift is exp(log(1 + lift) +- 1.96 s) - 1. Source: Deng et al., KDD 2018.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[Any]

LEVEL = 0.05
POWER = 0.8
_NORMAL = NormalDist()
_FEWEST = 2  # shoppers, for a variance


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One arm: the clicks and the views of each of its shoppers, (U,) both."""

    clicks: Numbers
    views: Numbers

    @property
    def rate(self) -> float:
        """Clicks per view; NaN without a view."""
        views = float(self.views.sum())
        return float(self.clicks.sum()) / views if views else math.nan

    @property
    def variance(self) -> float:
        """Of the rate, over shoppers."""
        size = int((self.views > 0).sum())
        if size < _FEWEST:
            return math.nan
        off = self.clicks - self.rate * self.views
        return float(size / (size - 1) * (off**2).sum() / self.views.sum() ** 2)

    @property
    def design_effect(self) -> float:
        """How many times the variance is what views drawn one by one would have."""
        spread = self.rate * (1 - self.rate)
        return self.variance * float(self.views.sum()) / spread if spread > 0 else math.nan


@dataclass(frozen=True, slots=True)
class Lift:
    """How much more the test arm is clicked, relatively, with a 95 % interval."""

    lift: float
    low: float
    high: float
    p: float


def lift_of(base: Side, test: Side) -> Lift:
    """Compare two arms; NaN where one of them has no click."""
    if not (base.rate > 0 and test.rate > 0):
        return Lift(math.nan, math.nan, math.nan, math.nan)
    log_ratio = math.log(test.rate / base.rate)
    error = math.sqrt(test.variance / test.rate**2 + base.variance / base.rate**2)
    reach = _NORMAL.inv_cdf(1 - LEVEL / 2) * error
    bounds = (math.expm1(log_ratio - reach), math.expm1(log_ratio + reach))
    return Lift(math.expm1(log_ratio), *bounds, two_sided(log_ratio, error))


def two_sided(difference: float, error: float) -> float:
    """P of a difference at least as large by chance; 1 where both are zero, NaN if unknown."""
    if math.isnan(difference) or math.isnan(error):
        return math.nan
    if error == 0:
        return 0.0 if difference else 1.0
    return 2 * (1 - _NORMAL.cdf(abs(difference) / error))


def two_proportions(base: Side, test: Side) -> float:
    """P by the pooled two-proportion z-test over views, as if each view were independent."""
    views = (float(base.views.sum()), float(test.views.sum()))
    if not all(views):
        return math.nan
    pooled = float(base.clicks.sum() + test.clicks.sum()) / sum(views)
    error = math.sqrt(pooled * (1 - pooled) * (1 / views[0] + 1 / views[1]))
    return two_sided(test.rate - base.rate, error)


def views_needed(rate: float, lift: float, design_effect: float = 1.0) -> int | None:
    """Views in each arm that show a relative `lift` at level .05 with power .8.

        n = (z_.975 + z_.8)^2 (r (1 - r) + r' (1 - r')) / (r' - r)^2 * design effect
        r' = r (1 + lift)

    None where no number of views would do.
    """
    raised = rate * (1 + lift)
    if not (0 < rate < 1 and 0 < raised < 1 and lift) or math.isnan(design_effect):
        return None
    z = _NORMAL.inv_cdf(1 - LEVEL / 2) + _NORMAL.inv_cdf(POWER)
    spread = rate * (1 - rate) + raised * (1 - raised)
    return math.ceil(z**2 * spread / (raised - rate) ** 2 * design_effect)


def by_shopper(shoppers: Numbers, values: Numbers, count: int) -> NDArray[np.float64]:
    """Sum values (N,) by the shopper (N,) they belong to, (count,)."""
    return np.asarray(np.bincount(shoppers, values, minlength=count), dtype=np.float64)
