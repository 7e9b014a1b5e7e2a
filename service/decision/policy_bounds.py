"""What a policy lets each platform have on a day: floors, caps and the largest change."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

import numpy as np

from service.decision.allocation import AllocationError, Bounds
from service.decision.terms import PPM

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from service.decision.plans import Policy
    from service.decision.tables import Longs


def bounds_of(
    policy: Policy, platforms: Sequence[str], budget: int, before: Mapping[str, int]
) -> Bounds:
    """Return what each of the platforms (P,) may have of a day's budget, in micros.

    The largest change counts from the shares of the day before, and gives way as far as floors,
    caps or the budget ask for more: by the same amount for all platforms, and no more than that.

    before: the spend of the day before by platform; where it is 0 in all, change has no limit.

    Raises: AllocationError for a policy that nothing can satisfy.
    """
    agreed = agreed_bounds(policy, platforms, budget)
    usual = split(budget, [before.get(name, 0) for name in platforms])
    if policy.max_change_ppm is None or not any(usual):
        return agreed
    allowed = budget * policy.max_change_ppm // PPM
    return _near(agreed, np.array(usual, np.int64), allowed, budget)


def agreed_bounds(policy: Policy, platforms: Sequence[str], budget: int) -> Bounds:
    """Return the floors, rounded down to micros, and the caps, rounded up (P,).

    Raises: AllocationError for floors above their caps or, together, above the budget.
    """
    _check(policy)
    floor = [budget * policy.floors.get(name, 0) // PPM for name in platforms]
    cap = [-(-budget * policy.caps.get(name, PPM) // PPM) for name in platforms]
    return Bounds(np.array(floor, np.int64), np.array(cap, np.int64))


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` in proportion to `weights`, exactly, by largest remainder; for none, zeros."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    parts = [divmod(total * weight, whole) for weight in weights]
    missing = total - sum(part for part, _ in parts)
    by_remainder = sorted(range(len(parts)), key=lambda place: -parts[place][1])
    more = set(by_remainder[:missing])
    return [part + (place in more) for place, (part, _) in enumerate(parts)]


def _near(agreed: Bounds, usual: Longs, allowed: int, budget: int) -> Bounds:
    """`agreed` within `allowed` micros of what is `usual`, or as few more as it takes."""
    total = min(budget, int(agreed.cap.sum()))

    def within(change: int) -> Bounds:
        lower, upper = (np.clip(usual + by, agreed.floor, agreed.cap) for by in (-change, change))
        return Bounds(lower, upper)

    def is_enough(change: int) -> bool:
        near = within(change)
        return bool(near.floor.sum() <= total <= near.cap.sum())

    changes = range(min(allowed, budget), budget)
    return within(changes.start + bisect_left(changes, True, key=is_enough))


def _check(policy: Policy) -> None:
    for kind in ("shares", "floors", "caps"):
        for name, share in getattr(policy, kind).items():
            if not 0 <= share <= PPM:
                raise AllocationError(f"{kind} of {name!r}: {share} ppm is not from 0 to {PPM}")
    for name, floor in policy.floors.items():
        if floor > (cap := policy.caps.get(name, PPM)):
            raise AllocationError(f"{name!r} has a floor of {floor} ppm above its cap of {cap}")
    if (floors := sum(policy.floors.values())) > PPM:
        raise AllocationError(f"the floors add up to {floors} ppm, more than the whole budget")
    if (change := policy.max_change_ppm) is not None and not 0 <= change <= PPM:
        raise AllocationError(f"a largest change of {change} ppm is not from 0 to {PPM}")
