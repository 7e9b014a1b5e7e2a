"""Which of a campaign's platforms changed of late, and what a model is to know of it."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from service.decision.live_engagement import HOURS, live_engagement, rows_a_day
from service.decision.shocks import Changed, dispersion_of, only_since, shocked
from service.decision.weekdays import OnWeekday, weekdays_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime  # noqa: TID251 - as values; nothing here asks for now

    from numpy.typing import NDArray

    from service.contract.platform_days import PlatformDays
    from service.decision.live_engagement import Engagement, HourTold
    from service.decision.responses import Goal, ResponseModel, Responses
    from service.decision.terms import Micros
    from service.decision.weekdays import Weekdays

LEAST_DAYS: Final = 4
"""With spend, that must be known of a platform before a shock is told from not knowing it."""


class PastShock(NamedTuple):
    """A shock that a plan was made for: from `day` on its platform brings `ratio` of before."""

    platform: str
    day: date
    seen: datetime  # the hour in which it was told from chance
    ratio: float


class Noticed(NamedTuple):
    """A shock that no plan knows of yet, with the hours of its beginning and its being told."""

    platform: str
    since: datetime
    seen: datetime
    ratio: float
    statistic: float


@dataclass(frozen=True, slots=True)
class Lately:
    """What is known of a campaign's last days: what they told, what was planned, past shocks."""

    told: Sequence[HourTold]
    planned: Mapping[str, Micros]  # of the day that runs
    shocks: Sequence[PastShock]


class Known(NamedTuple):
    """A history of usual days, the model of these, and what weekdays do."""

    days: PlatformDays
    model: ResponseModel
    weekdays: Weekdays


def as_known(
    days: PlatformDays, model: ResponseModel, shocks: Sequence[PastShock]
) -> tuple[PlatformDays, ResponseModel]:
    """Return history and model as they are after `shocks`, with weekdays in the model alone.

    Days before the newest shock that the history has tell nothing any more but the week. A shock
    that is too new to stand in the history changes the curves by its ratio.
    """
    known = known_of(days, model, shocks)
    if not known.weekdays.logs.any():
        return known.days, known.model
    return known.days, OnWeekday(known.model, known.weekdays)


def known_of(days: PlatformDays, model: ResponseModel, shocks: Sequence[PastShock]) -> Known:
    """Return what `as_known` does, part by part."""
    weekdays = weekdays_of(days)
    starts: dict[str, date] = {}
    for one in shocks:
        if one.platform in days.platforms and one.day <= days.last_day:
            starts[one.platform] = max(one.day, starts.get(one.platform, one.day))
    new = [one for one in shocks if one.day > days.last_day]
    ratios = {
        name: prod(one.ratio for one in new if one.platform == name)
        for name in {one.platform for one in new}
    }
    usual = only_since(weekdays.without(days), starts)
    return Known(usual, Changed(model, ratios) if ratios else model, weekdays)


def noticed_shocks(
    days: PlatformDays, lately: Lately, goal: Goal, model: ResponseModel
) -> list[Noticed]:
    """Return the shocks in `lately.told` that are not among the past ones.

    days: the history up to the day before the first that was told. What is expected stands on it
    alone, so that a change does not hide itself. A platform with less than `LEAST_DAYS` of spend
    is not judged, and after a shock only by the hours that came later.
    """
    days, model, weekdays = known_of(days, model, lately.shocks)
    curves = model.responses(days, goal)

    def on(day: date) -> Responses:
        ahead = (day - days.last_day).days - 1
        return curves.times(weekdays.ratio(goal, days.platforms, ahead))

    live = live_engagement(lately.told, days.platforms, on, goal, lately.planned)
    judged = _judged(live, days, lately.shocks)
    observed, expected = live.observed * judged, live.expected * judged
    # of an hour, or of as much of the day as was told at once; what is not known of the curve
    # moves all hours together, as what moves a day does
    of_day = dispersion_of(observed, expected, HOURS) / HOURS + curves.sd**2
    dispersion = of_day * rows_a_day(expected)
    return [
        Noticed(
            one.platform, live.hours[one.since], live.hours[one.seen], one.ratio, one.statistic
        )
        for one in shocked(days.platforms, observed, expected, dispersion)
    ]


def _judged(
    live: Engagement, days: PlatformDays, shocks: Sequence[PastShock]
) -> NDArray[np.bool_]:
    """Which hours of which platforms (H, P) are to be judged: none that was before."""
    seen: dict[str, datetime] = {}
    for one in shocks:
        seen[one.platform] = max(one.seen, seen.get(one.platform, one.seen))
    judged = np.zeros(live.expected.shape, np.bool_)
    for row, hour in live.hours.items():
        judged[row] = [name not in seen or hour > seen[name] for name in days.platforms]
    is_known: NDArray[np.bool_] = (days.metric("spend") > 0).sum(axis=1) >= LEAST_DAYS
    return judged & is_known
