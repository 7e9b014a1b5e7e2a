"""A day's budget, spread over platforms, with the reason of each share."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from service.contract.platform_days import METRICS, PlatformDays
from service.decision.allocation import AllocationError, allocate
from service.decision.plan_reasons import Reason, Standing, detail_of, reason_of
from service.decision.policy_bounds import agreed_bounds, bounds_of, split
from service.decision.responses import Goal
from service.decision.terms import PPM, Micros

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date  # noqa: TID251 - the day planned, as a value

    from numpy.typing import ArrayLike

    from service.decision.allocation import Allocated, Bounds
    from service.decision.responses import ResponseModel, Responses
    from service.decision.tables import Floats, Longs

__all__ = ["Goal", "Mode", "Plan", "PlanLine", "Policy", "Reason", "plan"]

_UNIT: Final = 1_000_000  # micros of a unit of money


class Mode(StrEnum):
    """Who says the shares."""

    AUTO = "auto"  # the optimiser
    FIXED = "fixed"  # whoever set the policy


@dataclass(frozen=True, slots=True)
class Policy:
    """How a campaign wants its budget spread; all shares in parts per million of the day's budget.

    shares: of mode fixed, PPM in sum. floors, caps: at least and at most; one not named has none.
    max_change_ppm: how far a platform's share may move from one day to the next.
    explore: spend some on learning, by Thompson sampling.
    """

    mode: Mode = Mode.AUTO
    goal: Goal = Goal.CLICKS
    shares: Mapping[str, int] = field(default_factory=dict)
    floors: Mapping[str, int] = field(default_factory=dict)
    caps: Mapping[str, int] = field(default_factory=dict)
    max_change_ppm: int | None = None
    explore: bool = True


@dataclass(frozen=True, slots=True)
class PlanLine:
    """What one platform gets, and what it is expected to bring of the goal that day."""

    platform: str
    spend: Micros
    share_ppm: int
    predicted: float
    predicted_sd: float
    reason: Reason
    detail: str  # in plain words


@dataclass(frozen=True, slots=True)
class Plan:
    """A day's budget as it is spread: a line for each platform, in order of their names.

    gap: by how much any split could beat it at most, as a share of the best, by the curves that it
    was made with; 0 where shares are fixed. value: what all lines are expected to bring.
    """

    lines: tuple[PlanLine, ...]
    gap: float
    value: float


def plan(  # noqa: PLR0913 - what is known, what is wanted, what was, and chance
    days: PlatformDays,
    policy: Policy,
    budget: Micros,
    model: ResponseModel,
    before: Mapping[str, Micros],
    *,
    day: date,
    lots: ArrayLike = (),
) -> Plan:
    """Spread the `budget` of one `day` over the platforms of `days` and those the policy names.

    before: the spend of the day before, from which shares may move so far only.
    lots: standard normal numbers, one a platform or more; without them nothing is explored.

    Raises: AllocationError for a policy that nothing satisfies, and for a history that is not
    over before the day.
    """
    if days.last_day >= day:
        message = f"the history goes on to {days.last_day}, the plan is for {day}"
        raise AllocationError(f"{message}: give whole days before it only")
    days = _with_named(days, policy)
    curves = model.responses(days, policy.goal)
    if policy.mode is Mode.FIXED:
        return _fixed(days.platforms, policy, budget, curves)
    agreed = agreed_bounds(policy, days.platforms, budget)
    bounds = bounds_of(policy, days.platforms, budget, before)
    guess = chosen = allocate(curves, bounds, budget)
    if policy.explore and np.size(lots):
        chosen = allocate(curves.drawn(_for_each(days.platforms, lots)), bounds, budget)
    return _explained(_Split(days, policy.goal, budget, curves, agreed, bounds, guess, chosen))


@dataclass(frozen=True, slots=True, eq=False)
class _Split:
    """All that a plan of mode auto was made of."""

    days: PlatformDays
    goal: Goal
    budget: Micros
    curves: Responses
    agreed: Bounds
    bounds: Bounds
    guess: Allocated  # without exploring
    chosen: Allocated


def _with_named(days: PlatformDays, policy: Policy) -> PlatformDays:
    """`days` with a row for every platform that the policy names, unknown where it had none."""
    names = tuple(sorted({*days.platforms, *policy.shares, *policy.floors, *policy.caps}))
    places = [names.index(name) for name in days.platforms]
    known = np.zeros((len(names), days.known.shape[1]), np.bool_)
    totals = np.zeros((*known.shape, len(METRICS)))
    known[places], totals[places] = days.known, days.totals
    return PlatformDays(names, days.first_day, totals, known)


def _for_each(platforms: Sequence[str], lots: ArrayLike) -> Floats:
    normal = np.asarray(lots, np.float64)
    if len(normal) < len(platforms):
        message = f"{len(normal)} lots for {len(platforms)} platforms"
        raise AllocationError(f"{message}: give one for each, or none to explore nothing")
    return normal[: len(platforms)]


def _fixed(platforms: Sequence[str], policy: Policy, budget: Micros, curves: Responses) -> Plan:
    shares = [policy.shares.get(name, 0) for name in platforms]
    if sum(shares) != PPM:
        raise AllocationError(f"fixed shares add up to {sum(shares)} ppm, not to {PPM}")
    spend = np.array(split(budget, shares), np.int64)
    reasons = [(Reason.FIXED, "the policy says this share")] * len(platforms)
    lines = _lines(platforms, budget, curves, spend, reasons)
    return Plan(lines, 0.0, sum(line.predicted for line in lines))


def _explained(one: _Split) -> Plan:
    standings = _standings(one)
    codes = [reason_of(standing) for standing in standings]
    reasons = [
        (code, detail_of(standing, code)) for standing, code in zip(standings, codes, strict=True)
    ]
    lines = _lines(one.days.platforms, one.budget, one.curves, one.chosen.spend, reasons)
    return Plan(lines, float(one.chosen.gap), sum(line.predicted for line in lines))


def _standings(one: _Split) -> list[Standing]:
    known = [bool(days.any()) for days in one.days.known]
    spent = [bool(spend.any()) for spend in one.days.metric("spend")]
    here = _UNIT * one.curves.marginal(one.chosen.spend)
    elsewhere = _UNIT * float(one.guess.price)
    return [
        Standing(
            spend=int(one.chosen.spend[place]),
            budget=one.budget,
            floor=int(one.agreed.floor[place]),
            cap=int(one.agreed.cap[place]),
            lower=int(one.bounds.floor[place]),
            upper=int(one.bounds.cap[place]),
            guess=int(one.guess.spend[place]),
            any_known=any(known),
            known=known[place],
            spent=spent[place],
            goal=one.goal,
            here=float(here[place]),
            elsewhere=elsewhere,
        )
        for place in range(len(one.days.platforms))
    ]


def _lines(
    platforms: Sequence[str],
    budget: Micros,
    curves: Responses,
    spend: Longs,
    reasons: Sequence[tuple[Reason, str]],
) -> tuple[PlanLine, ...]:
    spends: list[int] = spend.tolist()
    shares = split(PPM * sum(spends) // max(budget, 1), spends)
    value = curves.value(spend)
    # what is not known of the curve, and chance as in a Poisson count
    sd = np.sqrt((value * curves.sd) ** 2 + value)
    return tuple(
        PlanLine(name, Micros(micros), share, predicted, deviation, code, detail)
        for name, micros, share, predicted, deviation, (code, detail) in zip(
            platforms, spends, shares, value.tolist(), sd.tolist(), reasons, strict=True
        )
    )
