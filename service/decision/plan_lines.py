"""The lines of a plan: what each platform gets, what that brings, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from service.decision.plan_reasons import Reason, Standing, detail_of, reason_of
from service.decision.proportions import split, split_above
from service.decision.terms import PPM, Micros

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.contract.platform_days import PlatformDays
    from service.decision.allocation import Allocated, Bounds
    from service.decision.responses import Goal, Responses
    from service.decision.tables import Longs

_UNIT: Final = 1_000_000  # micros of a unit of money


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


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """All that a plan of mode auto was made of; all arrays (P,)."""

    days: PlatformDays
    goal: Goal
    budget: int
    gone: Sequence[int]  # spent already
    curves: Responses
    agreed: Bounds  # by the policy
    bounds: Bounds  # with the largest change, and above what is spent
    guess: Allocated  # without exploring
    chosen: Allocated


def explained(one: Split) -> Plan:
    """Return the plan that was chosen, with its reasons."""
    standings = _standings(one)
    codes = [reason_of(standing) for standing in standings]
    reasons = [
        (code, detail_of(standing, code)) for standing, code in zip(standings, codes, strict=True)
    ]
    lines = _lines(one.days.platforms, one.budget, one.curves, one.chosen.spend, reasons)
    return Plan(lines, float(one.chosen.gap), sum(line.predicted for line in lines))


def fixed(
    platforms: Sequence[str],
    budget: int,
    shares: Sequence[int],
    gone: Sequence[int],
    curves: Responses,
) -> Plan:
    """Return the plan of a policy that says the shares itself; `gone` is spent already."""
    spend = split_above(budget, shares, gone)
    reasons = [
        (Reason.ALREADY_SPENT, "what the day cost on it already")
        if micros == already > part
        else (Reason.FIXED, "the policy says this share")
        for micros, already, part in zip(spend, gone, split(budget, shares), strict=True)
    ]
    lines = _lines(platforms, budget, curves, np.array(spend, np.int64), reasons)
    return Plan(lines, 0.0, sum(line.predicted for line in lines))


def _standings(one: Split) -> list[Standing]:
    known = [bool(days.any()) for days in one.days.known]
    spent = [bool(spend.any()) for spend in one.days.metric("spend")]
    here = _UNIT * one.curves.marginal(one.chosen.spend)
    elsewhere = _UNIT * float(one.guess.price)
    promised = sum(max(pair) for pair in zip(one.agreed.floor.tolist(), one.gone, strict=True))
    return [
        Standing(
            spend=int(one.chosen.spend[place]),
            budget=one.budget,
            is_left=promised < one.budget,
            alone=len(known) == 1,
            gone=one.gone[place],
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
        for place in range(len(known))
    ]


def _lines(
    platforms: Sequence[str],
    budget: int,
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
