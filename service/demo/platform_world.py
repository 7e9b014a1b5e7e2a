"""Platforms whose answer to spend is planted, so that there is a best split to compare with.

The engagement that a platform gives for a day is

    level_d * g(u),   u = e_d / half_d,   e_d = (1 - carry) spend_d + carry e_{d-1}

where g(1) = 1/2 and g is one of three curves, none of them the logarithm that models fit:

    hill          u^h / (1 + u^h)         S-shaped where h > 1
    exponential   1 - 2^-u
    power         u^h / 2                 never full

Level and half move: weekdays, a drift, and shocks of either. Results are counted with negative
binomial noise, and some platforms report a part of them a day or two late.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CURRENCY: Final = 1_000_000  # micros
LATE_DAYS: Final = 3
WEEK: Final = 7


class Curve(IntEnum):
    """How engagement grows with spend."""

    HILL = 0
    EXPONENTIAL = 1
    POWER = 2


class Shock(NamedTuple):
    """From `day` on, the level (or the half) of a platform is multiplied."""

    day: int
    platform: int
    what: str  # "level" or "half"
    factor: float


@dataclass(frozen=True, slots=True, eq=False)
class PlatformWorld:
    """What is true of D days and P platforms; day 0 is a Monday."""

    level: Floats  # (D, P) engagement of a day, at twice what the half gives
    half: Floats  # (D, P) micros
    curve: NDArray[np.int64]  # (P,)
    exponent: Floats  # (P,)
    carry: Floats  # (P,)
    late: Floats  # (P, LATE_DAYS), rows sum to 1
    dispersion: Floats  # (P,) r of the negative binomial: variance = m + m^2 / r
    click_rate: Floats  # (P,) clicks per impression
    buy_rate: Floats  # (P,) conversions per click
    shocks: tuple[Shock, ...] = ()

    @property
    def platforms(self) -> int:
        """How many there are."""
        return int(self.level.shape[1])

    @property
    def days(self) -> int:
        """For how many days the truth is known."""
        return int(self.level.shape[0])

    def steady(self, day: int, spend: Floats) -> Floats:
        """Engagement of one day of `day`'s kind if `spend` (..., P), in micros, is kept up."""
        engagement: Floats = self.level[day] * self._answer(spend / self.half[day])
        return engagement

    def _answer(self, u: Floats) -> Floats:
        bent = np.maximum(u, 0.0) ** self.exponent
        hill = bent / (1 + bent)
        full = 1 - np.exp2(-u)
        return np.where(
            self.curve == Curve.HILL, hill, np.where(self.curve == Curve.POWER, bent / 2, full)
        )


class Counts(NamedTuple):
    """What the platforms report of a day, each (P,)."""

    impressions: NDArray[np.int64]
    clicks: NDArray[np.int64]
    conversions: NDArray[np.int64]


@dataclass(slots=True)
class Market:
    """A world that is being spent in, a day at a time."""

    world: PlatformWorld
    rng: np.random.Generator
    day: int = 0
    effective: Floats = field(init=False)
    pending: Floats = field(init=False)  # (LATE_DAYS, P) engagement still to be reported

    def __post_init__(self) -> None:
        """Start with nothing spent."""
        self.effective = np.zeros(self.world.platforms)
        self.pending = np.zeros((LATE_DAYS, self.world.platforms))

    def spend(self, spend: NDArray[np.int64]) -> tuple[Floats, Counts]:
        """Spend a day's micros (P,): the engagement it truly caused, and what is reported."""
        world = self.world
        self.effective = (1 - world.carry) * spend + world.carry * self.effective
        caused = world.steady(self.day, self.effective)
        self.pending += caused * world.late.T
        told, self.pending = self.pending[0], np.vstack([self.pending[1:], 0 * self.pending[:1]])
        self.day += 1
        return caused, self._counted(told)

    def _counted(self, mean: Floats) -> Counts:
        world = self.world
        shift = self.rng.gamma(world.dispersion, 1 / world.dispersion)
        shown = self.rng.poisson(mean * shift / world.click_rate)
        clicks = self.rng.binomial(shown, world.click_rate)
        return Counts(shown, clicks, self.rng.binomial(clicks, world.buy_rate))


def make_world(
    rng: np.random.Generator, *, platforms: int, days: int, shocks: tuple[Shock, ...] = ()
) -> PlatformWorld:
    """Draw a world.

    Returns on spend differ between platforms by a factor of 2.5 (a standard deviation), halves by
    one of 1.8. A day is off by 9 to 18 percent and a weekday by up to 20: in a public log of daily
    clicks the best forecasts miss by 7 to 8 percent, and weekdays hardly matter beside spend.
    """
    half = 1_000 * CURRENCY * rng.lognormal(0, 0.6, platforms)
    per_unit = rng.lognormal(0, 0.9, platforms) / CURRENCY  # engagement per micro, below the half
    weekdays = 1 + rng.uniform(0, 0.2, platforms) * _week(rng, platforms)
    drift = np.exp(np.outer(np.arange(days), rng.normal(0, 0.005, platforms)))
    level = 2 * half * per_unit * drift * weekdays[np.arange(days) % WEEK]
    halves = np.tile(half, (days, 1))
    for shock in shocks:
        moved = level if shock.what == "level" else halves
        moved[shock.day :, shock.platform] *= shock.factor
    return PlatformWorld(level, halves, *_kinds(rng, platforms), *_noise(rng, platforms), shocks)


def _week(rng: np.random.Generator, platforms: int) -> Floats:
    """Return weekday moves within -1 to 1, (WEEK, P): a wave of the week with its top anywhere."""
    top = rng.uniform(0, WEEK, platforms)
    return np.cos(2 * np.pi * (np.arange(WEEK)[:, None] - top) / WEEK)


def _kinds(
    rng: np.random.Generator, platforms: int
) -> tuple[NDArray[np.int64], Floats, Floats, Floats]:
    curve = rng.permutation(np.arange(platforms) % len(Curve))
    exponent = np.where(
        curve == Curve.HILL, rng.uniform(0.6, 1.2, platforms), rng.uniform(0.4, 0.7, platforms)
    )
    lag = rng.permutation(np.arange(platforms) % 5)  # a fifth has carry-over, a fifth is late
    carry = np.where(lag == 1, rng.uniform(0.2, 0.6, platforms), 0.0)
    prompt = np.where(lag == 2, rng.uniform(0.5, 0.8, platforms), 1.0)  # noqa: PLR2004 - above
    late = np.stack([prompt, 0.7 * (1 - prompt), 0.3 * (1 - prompt)], axis=1)
    return curve, exponent, carry, late


def _noise(rng: np.random.Generator, platforms: int) -> tuple[Floats, Floats, Floats]:
    dispersion = rng.uniform(30, 120, platforms)
    return dispersion, rng.uniform(0.005, 0.03, platforms), rng.uniform(0.02, 0.08, platforms)
