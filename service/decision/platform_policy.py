"""How a campaign wants its budget spread over platforms, and what that lets each have a day."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from service.decision.allocation import AllocationError, Bounds
from service.decision.proportions import split
from service.decision.responses import Goal
from service.decision.terms import PPM

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from service.decision.tables import Longs
    from service.decision.terms import Micros

NOTHING: Final[Mapping[str, Micros]] = MappingProxyType({})


class Mode(StrEnum):
    """Who says the shares."""

    AUTO = "auto"  # the optimiser
    FIXED = "fixed"  # whoever set the policy


@dataclass(frozen=True, slots=True)
class Policy:
    """How a campaign wants its budget spread; all shares in parts of the day's budget.

    shares: of mode fixed, `parts` in sum. floors, caps: at least and at most; one that is not
    named has none. max_change_ppm: how far a platform's share may move from one day to the next.
    explore: spend some on learning, by Thompson sampling. parts: how many are the whole budget;
    where these are its micros, amounts are exact.
    """

    mode: Mode = Mode.AUTO
    goal: Goal = Goal.CLICKS
    shares: Mapping[str, int] = field(default_factory=dict)
    floors: Mapping[str, int] = field(default_factory=dict)
    caps: Mapping[str, int] = field(default_factory=dict)
    max_change_ppm: int | None = None
    explore: bool = True
    parts: int = PPM

    def told(self, share: int) -> str:
        """A share with its unit."""
        return f"{share} ppm" if self.parts == PPM else f"{share} of {self.parts} parts"


def bounds_of(
    policy: Policy,
    platforms: Sequence[str],
    budget: int,
    before: Mapping[str, int],
    spent: Mapping[str, int] = NOTHING,
) -> Bounds:
    """Return what each of the platforms (P,) may have of a day's budget, in micros.

    What is spent already is theirs: floors then share what is left by what each lacks. The largest
    change counts from the shares of the day before, and gives way as far as all this asks for:
    by the same amount for all platforms, and no more than that.

    before: the spend of the day before by platform; where it is 0 in all, change has no limit.

    Raises: AllocationError for a policy that nothing can satisfy.
    """
    gone = [spent.get(name, 0) for name in platforms]
    total = max(budget, sum(gone))
    bounds = _beside(agreed_bounds(policy, platforms, budget), gone, total)
    usual = split(budget, [before.get(name, 0) for name in platforms])
    if policy.max_change_ppm is None or not any(usual):
        return bounds
    allowed = budget * policy.max_change_ppm // policy.parts
    return _near(bounds, np.array(usual, np.int64), allowed, total)


def agreed_bounds(policy: Policy, platforms: Sequence[str], budget: int) -> Bounds:
    """Return the floors, rounded down to micros, and the caps, rounded up (P,).

    Raises: AllocationError for floors above their caps or, together, above the budget.
    """
    _check(policy)
    floor = [budget * policy.floors.get(name, 0) // policy.parts for name in platforms]
    whole = policy.parts
    cap = [-(-budget * policy.caps.get(name, whole) // whole) for name in platforms]
    return Bounds(np.array(floor, np.int64), np.array(cap, np.int64))


def fixed_shares(policy: Policy, platforms: Sequence[str]) -> list[int]:
    """Return the shares (P,) of a policy that says them, in its parts.

    Raises: AllocationError where they are not shares of a whole.
    """
    _check(policy)
    shares = [policy.shares.get(name, 0) for name in platforms]
    if (given := sum(shares)) != policy.parts:
        named = ", ".join(map(repr, platforms)) or "no platform"
        message = f"fixed shares of {named} add up to {policy.told(given)}, not to {policy.parts}"
        raise AllocationError(f"{message}: give shares of the platforms that there are now")
    return shares


def _beside(bounds: Bounds, spent: Sequence[int], total: int) -> Bounds:
    gone = np.array(spent, np.int64)
    lacking = [int(lack) for lack in np.maximum(bounds.floor - gone, 0)]
    if sum(lacking) > (left := total - sum(spent)):
        lacking = split(left, lacking)
    return Bounds(gone + np.array(lacking, np.int64), np.maximum(bounds.cap, gone))


def _near(bounds: Bounds, usual: Longs, allowed: int, total: int) -> Bounds:
    """`bounds` within `allowed` micros of what is `usual`, or as few more as it takes."""
    reachable = min(total, int(bounds.cap.sum()))

    def within(change: int) -> Bounds:
        lower, upper = (np.clip(usual + by, bounds.floor, bounds.cap) for by in (-change, change))
        return Bounds(lower, upper)

    def is_enough(change: int) -> bool:
        near = within(change)
        return bool(near.floor.sum() <= reachable <= near.cap.sum())

    changes = range(min(allowed, total), total)
    return within(changes.start + bisect_left(changes, True, key=is_enough))


def _check(policy: Policy) -> None:
    for kind in ("shares", "floors", "caps"):
        for name, share in getattr(policy, kind).items():
            if not 0 <= share <= policy.parts:
                message = f"{kind} of {name!r}: {policy.told(share)} is not from 0"
                raise AllocationError(f"{message} to {policy.parts}")
    for name, floor in policy.floors.items():
        if floor > (cap := policy.caps.get(name, policy.parts)):
            message = f"{name!r} has a floor of {policy.told(floor)}"
            raise AllocationError(f"{message} above its cap of {cap}")
    if (floors := sum(policy.floors.values())) > policy.parts:
        message = f"the floors add up to {policy.told(floors)}"
        raise AllocationError(f"{message}, more than the whole budget")
    if (change := policy.max_change_ppm) is not None and not 0 <= change <= policy.parts:
        message = f"a largest change of {policy.told(change)} is not from 0"
        raise AllocationError(f"{message} to {policy.parts}")
