"""Why a platform gets what it gets, as a code and in plain words."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from service.decision.terms import PPM

_EXPLORED = 10_000  # ppm of the budget that a platform gets beyond the best guess


class Reason(StrEnum):
    """Why a platform gets what it gets."""

    NO_BUDGET = "no_budget"  # nothing to spread, or nothing left of it for this one
    ALREADY_SPENT = "already_spent"  # more than it would get now
    FIXED = "fixed"  # the policy says this share
    ONLY_PLATFORM = "only_platform"  # there is no other to spend it on
    AT_FLOOR = "at_floor"
    AT_CAP = "at_cap"
    LARGEST_CHANGE = "largest_change"  # no further from the day before than is allowed
    NO_HISTORY = "no_history"  # nothing is known of any platform
    NEW_PLATFORM = "new_platform"  # no day of it is known: it is taken to be as the others
    NO_SPEND_YET = "no_spend_yet"  # days are known, none with spend
    LOW_RETURN = "low_return"  # nothing: even the first unit brings more elsewhere
    EXPLORING = "exploring"  # more than the best guess gives it, to learn
    BEST_RETURN = "best_return"  # one more unit of money brings as much here as elsewhere


class Standing(NamedTuple):
    """Where a platform stands in a plan of mode auto; money in micros."""

    spend: int
    budget: int
    is_left: bool  # something, once all have what is spent and what the policy promises them
    alone: bool  # there is no other platform
    gone: int  # spent already
    floor: int  # by the policy
    cap: int
    lower: int  # with the largest change
    upper: int
    guess: int  # what it would get without exploring
    any_known: bool  # some day of some platform
    known: bool  # some day of this one
    spent: bool  # on some day
    goal: str
    here: float  # of the goal, that one more unit of money would bring
    elsewhere: float


def reason_of(standing: Standing) -> Reason:
    """Return the first reason that holds: what was agreed, what is not known, what was learnt."""
    return _agreed(standing) or _unknown(standing) or _learnt(standing)


def detail_of(standing: Standing, reason: Reason) -> str:
    """Say the reason in a sentence."""
    here = f"one more unit of money would bring {standing.here:.3g} {standing.goal} here"
    compared = here if standing.alone else f"{here}, {standing.elsewhere:.3g} elsewhere"
    alone = here if standing.spent else "nothing is known of it yet"
    guess = standing.guess / max(standing.budget, 1)
    nothing = "nothing is left for it: all is spent already, or others' by their floors"
    unlike = f"; by lot, to learn, not the {guess:.1%} of that" if _is_moved(standing) else ""
    return {
        Reason.NO_BUDGET: nothing if standing.budget else "there is nothing to spread",
        Reason.ALREADY_SPENT: f"what the day cost on it already: {compared}",
        Reason.ONLY_PLATFORM: f"the only platform: {alone}",
        Reason.AT_FLOOR: f"its floor: {compared}",
        Reason.AT_CAP: f"its cap: {compared}",
        Reason.LARGEST_CHANGE: f"as far from the day before as a day may go: {compared}",
        Reason.NO_HISTORY: f"nothing is known of any platform yet: all are taken alike{unlike}",
        Reason.NEW_PLATFORM: f"nothing is known of it yet: it is taken as the others{unlike}",
        Reason.NO_SPEND_YET: f"nothing was spent on it yet: it is taken as the others{unlike}",
        Reason.LOW_RETURN: f"nothing: {compared}",
        Reason.EXPLORING: f"more than the {guess:.1%} of the best guess, to learn more of it",
        Reason.BEST_RETURN: f"the best return: {compared}",
    }[reason]


def _agreed(standing: Standing) -> Reason | None:
    spend = standing.spend
    if standing.budget == 0 or not (spend or standing.is_left):
        return Reason.NO_BUDGET
    if spend == standing.gone > standing.floor:
        return Reason.ALREADY_SPENT
    if standing.alone:
        return Reason.AT_CAP if spend < standing.budget else Reason.ONLY_PLATFORM
    if spend == standing.lower <= standing.floor and standing.floor:
        return Reason.AT_FLOOR
    if spend == standing.cap < standing.budget:
        return Reason.AT_CAP
    held = standing.floor < spend == standing.lower or standing.cap > spend == standing.upper
    return Reason.LARGEST_CHANGE if held else None


def _unknown(standing: Standing) -> Reason | None:
    if not standing.any_known:
        return Reason.NO_HISTORY
    if not standing.known:
        return Reason.NEW_PLATFORM
    return None if standing.spent else Reason.NO_SPEND_YET


def _learnt(standing: Standing) -> Reason:
    if standing.spend == 0:
        return Reason.LOW_RETURN
    is_more = standing.spend > standing.guess
    return Reason.EXPLORING if is_more and _is_moved(standing) else Reason.BEST_RETURN


def _is_moved(standing: Standing) -> bool:
    """Whether exploring gives it other than the best guess, by more than a little."""
    return abs(standing.spend - standing.guess) * PPM > _EXPLORED * standing.budget
