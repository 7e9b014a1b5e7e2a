"""A campaign in a made-up world: 28 days spent by a person, then 14 by a policy, with shocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from service.contract.platform_days import METRICS, PlatformDays
from service.decision.proportions import split
from service.demo.platform_history import FIRST_DAY, PLATFORMS, drawn_shock
from service.demo.platform_world import Market, make_world

if TYPE_CHECKING:
    from service.decision.tables import Bools, Floats, Longs
    from service.demo.platform_world import PlatformWorld, Shock

NAMES: Final = tuple(f"platform {number:02}" for number in range(1, PLATFORMS + 1))
PAST_DAYS, DAYS, QUIET_DAYS = 28, 14, 4
SHOCK_DAYS: Final = ((1, 4), (4, 7), (7, DAYS - QUIET_DAYS))  # of the run; from, and before
BUDGET_SHARE: Final = 0.15  # of what all platforms would need to be half full
_STEPS: Final = 400  # of the budget, in which the best split is searched
_LEAST_STRUCK: Final = 0.05
_TRIALS: Final = 6_000  # no seed of a made-up history is drawn from again


class Allocator(Protocol):
    """Splits a day's budget."""

    def split(self, days: PlatformDays) -> Longs:
        """Return the spend (P,) in micros of the day after a history."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """A world, a daily budget in micros and how a person spent it before (PAST_DAYS, P)."""

    world: PlatformWorld
    budget: int
    past: Longs
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What an allocator's run caused, without chance: value (DAYS,), spend (DAYS, P) in micros."""

    value: Floats
    spend: Longs


def make_trial(seed: int, budget_share: float = BUDGET_SHARE, past_days: int = PAST_DAYS) -> Trial:
    """Draw a world and three shocks, likelier where the best split spends."""
    rng = np.random.default_rng([_TRIALS, seed, 0])
    calm = _world(seed, past_days, ())
    budget = int(budget_share * calm.half[0].sum())
    shocks = _drawn_shocks(rng, best_split(calm, past_days, budget), past_days)
    return Trial(_world(seed, past_days, shocks), budget, _past(rng, budget, past_days), seed)


def _world(seed: int, past_days: int, shocks: tuple[Shock, ...]) -> PlatformWorld:
    rng = np.random.default_rng([_TRIALS, seed, 1])
    return make_world(rng, platforms=PLATFORMS, days=past_days + DAYS, shocks=shocks)


def _drawn_shocks(rng: np.random.Generator, best: Longs, past_days: int) -> tuple[Shock, ...]:
    weight = best / best.sum() + _LEAST_STRUCK
    struck = rng.choice(PLATFORMS, len(SHOCK_DAYS), replace=False, p=weight / weight.sum())
    days = [past_days + int(rng.integers(*between)) for between in SHOCK_DAYS]
    return tuple(
        drawn_shock(rng, day, int(place)) for day, place in zip(days, struck, strict=True)
    )


def _past(rng: np.random.Generator, budget: int, days: int) -> Longs:
    """A person's splits (days, P): shares of their own, moved weekly, shaken daily."""
    usual = rng.normal(0, 0.5, PLATFORMS)
    weekly = rng.normal(0, 0.3, (days // 7 + 1, PLATFORMS))
    daily = rng.normal(0, 0.2, (days, PLATFORMS))
    weights = np.exp(usual + weekly[np.arange(days) // 7] + daily)
    return np.array([in_shares(row, budget) for row in weights]).reshape(days, PLATFORMS)


def in_shares(weights: Floats, budget: int) -> Longs:
    """Split `budget` in proportion to `weights` (P,), equally where all are zero."""
    if not weights.sum() > 0:
        weights = np.ones_like(weights)
    whole = np.round(weights / weights.sum() * 1e12).astype(np.int64)
    return np.array(split(budget, whole.tolist()), np.int64)


def run(trial: Trial, allocator: Allocator) -> Outcome:
    """Spend the past, then let `allocator` spend the run; noise is the same for all."""
    market = Market(trial.world, np.random.default_rng([_TRIALS, trial.seed, 2]))
    size = len(NAMES), trial.world.days
    totals, known = np.zeros((*size, len(METRICS))), np.zeros(size, np.bool_)
    values = []
    for day in range(trial.world.days):
        is_past = day < len(trial.past)
        spend = trial.past[day] if is_past else allocator.split(_before(totals, known, day))
        caused, counts = market.spend(spend)
        totals[:, day], known[:, day] = np.column_stack([spend, *counts]), True
        values.append(caused.sum())
    spent = totals[:, len(trial.past) :, 0].T.astype(np.int64)
    return Outcome(np.array(values[len(trial.past) :]), spent)


def _before(totals: Floats, known: Bools, day: int) -> PlatformDays:
    return PlatformDays(NAMES, FIRST_DAY, totals[:, :day].copy(), known[:, :day].copy())


def best_split(world: PlatformWorld, day: int, budget: int) -> Longs:
    """The split (P,) that brings most if kept up, by the truth, on a grid: curves may be S-shaped.

    best_p(s) = max_k best_{p-1}(s - k) + f_p(k)        s, k in steps of the budget
    """
    grid = np.linspace(0, budget, _STEPS + 1)
    brings = world.steady(day, np.repeat(grid[:, None], world.platforms, axis=1))  # (S + 1, P)
    steps = np.arange(_STEPS + 1)
    rest = steps[:, None] - steps[None, :]  # of s steps, k to this platform
    best, taken = brings[:, 0], []
    for place in range(1, world.platforms):
        total = np.where(rest >= 0, best[rest] + brings[None, :, place], -np.inf)
        taken.append(total.argmax(axis=1))
        best = total.max(axis=1)
    shares, left = np.zeros(world.platforms), _STEPS
    for place in range(world.platforms - 1, 0, -1):
        shares[place] = taken[place - 1][left]
        left -= int(shares[place])
    shares[0] = left
    return in_shares(shares, budget)
