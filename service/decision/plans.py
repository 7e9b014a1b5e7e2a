"""A day's budget, spread over platforms, with the reason of each share."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from service.contract.platform_days import METRICS, PlatformDays
from service.decision.allocation import AllocationError, allocate
from service.decision.plan_lines import Plan, PlanLine, Split, explained, fixed
from service.decision.plan_reasons import Reason
from service.decision.platform_policy import (
    NOTHING,
    Mode,
    Policy,
    agreed_bounds,
    bounds_of,
    fixed_shares,
)
from service.decision.responses import Goal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date  # noqa: TID251 - the day planned, as a value

    from numpy.typing import ArrayLike

    from service.decision.responses import ResponseModel, Responses
    from service.decision.terms import Micros

__all__ = ["Goal", "Mode", "Plan", "PlanLine", "Policy", "Reason", "plan"]

EXPLORED_SD: Final = 0.3
"""The share of what is not known that is drawn from: full draws cost more than they teach."""


def plan(  # noqa: PLR0913 - what is known, what is wanted, what was, and chance
    days: PlatformDays,
    policy: Policy,
    budget: Micros,
    model: ResponseModel,
    before: Mapping[str, Micros],
    *,
    day: date,
    lots: ArrayLike = (),
    spent: Mapping[str, Micros] = NOTHING,
) -> Plan:
    """Spread the `budget` of one `day` over the platforms of `days` and those the policy names.

    The lines add up to the budget, or to all caps where these are less, and none is below what is
    spent: if that is more than the budget altogether, it is the plan.

    before: the spend of the day before, from which shares may move so far only.
    lots: standard normal numbers, one a platform or more; without them nothing is explored.
    spent: what the day cost already.

    Raises: AllocationError for a policy that nothing satisfies, and for a history that is not
    over before the day.
    """
    if days.last_day >= day:
        message = f"the history goes on to {days.last_day}, the plan is for {day}"
        raise AllocationError(f"{message}: give whole days before it only")
    days = _with_named(days, policy)
    curves = model.responses(days, policy.goal)
    gone = [spent.get(name, 0) for name in days.platforms]
    total = max(budget, sum(gone))
    if policy.mode is Mode.FIXED:
        shares = fixed_shares(policy, days.platforms)
        return fixed(days.platforms, total, shares, gone, curves)
    agreed = agreed_bounds(policy, days.platforms, budget)
    bounds = bounds_of(policy, days.platforms, budget, before, spent)
    guess = chosen = allocate(curves, bounds, total)
    if policy.explore and np.size(lots):
        chosen = allocate(_as_may_be(curves, lots), bounds, total)
    return explained(Split(days, policy.goal, total, gone, curves, agreed, bounds, guess, chosen))


def _with_named(days: PlatformDays, policy: Policy) -> PlatformDays:
    """`days` with a row for every platform that the policy names, unknown where it had none."""
    names = tuple(sorted({*days.platforms, *policy.shares, *policy.floors, *policy.caps}))
    places = [names.index(name) for name in days.platforms]
    known = np.zeros((len(names), days.known.shape[1]), np.bool_)
    totals = np.zeros((*known.shape, len(METRICS)))
    known[places], totals[places] = days.known, days.totals
    return PlatformDays(names, days.first_day, totals, known)


def _as_may_be(curves: Responses, lots: ArrayLike) -> Responses:
    normal, platforms = np.asarray(lots, np.float64), len(curves.scale)
    if len(normal) < platforms:
        message = f"{len(normal)} lots for {platforms} platforms"
        raise AllocationError(f"{message}: give one for each, or none to explore nothing")
    return replace(curves, sd=EXPLORED_SD * curves.sd).drawn(normal[:platforms])
