"""A day's budget, spread over platforms, with the reason of each share."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from service.decision.responses import Goal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.decision.terms import Micros


class Mode(StrEnum):
    """Who says the shares."""

    AUTO = "auto"  # the optimiser
    FIXED = "fixed"  # whoever set the policy


class Reason(StrEnum):
    """Why a platform gets what it gets."""

    BEST_RETURN = "best_return"  # one more unit of money brings as much here as elsewhere
    LOW_RETURN = "low_return"  # nothing: even the first unit brings more elsewhere
    AT_FLOOR = "at_floor"
    AT_CAP = "at_cap"
    LARGEST_CHANGE = "largest_change"  # no further from the day before than is allowed
    FIXED = "fixed"
    EXPLORING = "exploring"  # more than the best guess gives it, to learn
    NEW_PLATFORM = "new_platform"  # no day known of it: what others do is assumed
    NO_SPEND_YET = "no_spend_yet"  # days are known, none with spend
    NO_HISTORY = "no_history"  # nothing is known of any platform


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

    gap: by how much a better split could beat this one at most, as a share of what it brings.
    value: what all lines are expected to bring of the goal.
    """

    lines: tuple[PlanLine, ...]
    gap: float
    value: float
