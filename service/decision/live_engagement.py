"""What platforms brought lately, hour by hour, beside what was expected of that spend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date, datetime  # noqa: TID251 - as values; nothing here asks for now

    from service.decision.responses import Goal, Responses
    from service.decision.tables import Floats
    from service.decision.terms import Micros


HOURS: Final = 24  # of a day


class HourTold(NamedTuple):
    """What one hour on one platform cost a campaign, in micros, and brought it."""

    hour: datetime
    day: date  # of the campaign's zone
    platform: str
    spend: int
    clicks: int
    conversions: int


@dataclass(frozen=True, slots=True, eq=False)
class Engagement:
    """H hours in a row of P platforms: observed and expected (H, P) of the goal.

    hours: when the rows begin, of those that anything was told of.
    """

    hours: Mapping[int, datetime]
    observed: Floats
    expected: Floats


def live_engagement(
    told: Sequence[HourTold],
    platforms: Sequence[str],
    curves: Callable[[date], Responses],
    goal: Goal,
    planned: Mapping[str, Micros],
) -> Engagement:
    """Hold each hour against its part of what its day's curves (P,) say of the day's spend.

        expected_hp = value_p(spend of the day) * spend_hp / spend of the day

    Days are taken at what they cost; the newest, which is not over, at what it costs if it goes on
    as it began, up to what is `planned` of it. An hour that cost nothing tells nothing.
    """
    first = min((one.hour for one in told), default=None)
    rows = [0 if first is None else _hours(one.hour, first) for one in told]
    newest = max((one.day for one in told), default=None)
    spend, observed = _tables(told, rows, platforms, goal)
    expected = np.zeros_like(spend)
    for day in {one.day for one in told}:
        of_day = sorted({row for row, one in zip(rows, told, strict=True) if one.day == day})
        whole = spend[of_day].sum(0)
        if day == newest:
            went_on = whole * HOURS / (of_day[-1] - of_day[0] + 1)
            most = np.maximum(whole, [planned.get(name, 0) for name in platforms])
            whole = np.clip(went_on, whole, most)
        expected[of_day] = spend[of_day] * _per_micro(curves(day), whole)
    hours = dict(zip(rows, (one.hour for one in told), strict=True))
    return Engagement(hours, np.where(expected > 0, observed, 0.0), expected)


def rows_a_day(expected: Floats, per_day: int = HOURS) -> Floats:
    """Return over how many rows (P,) a platform's days are spread: all if evenly, 1 if told whole.

    (sum_h m_h)^2 / sum_h m_h^2 of the day where that is most.
    """
    days = -(-len(expected) // per_day)
    whole = np.zeros((days * per_day, expected.shape[1]))
    whole[: len(expected)] = expected
    by_day = whole.reshape(days, per_day, expected.shape[1])
    squares = (by_day**2).sum(1)
    spread = np.divide(by_day.sum(1) ** 2, squares, out=np.ones_like(squares), where=squares > 0)
    widest: Floats = spread.max(0, initial=1.0)
    return widest


def _hours(later: datetime, first: datetime) -> int:
    return round((later - first).total_seconds() / 3600)


def _tables(
    told: Sequence[HourTold], rows: Sequence[int], platforms: Sequence[str], goal: Goal
) -> tuple[Floats, Floats]:
    """Spend and the goal, both (H, P)."""
    columns = {name: place for place, name in enumerate(platforms)}
    spend, observed = np.zeros((2, max(rows, default=-1) + 1, len(columns)))
    for row, one in zip(rows, told, strict=True):
        if one.platform in columns:
            at = row, columns[one.platform]
            spend[at] += one.spend
            observed[at] += getattr(one, goal)
    return spend, observed


def _per_micro(curves: Responses, spend: Floats) -> Floats:
    """What a micro of a day's spend (P,) is expected to bring."""
    value = curves.value(spend)
    per_micro: Floats = np.divide(value, spend, out=np.zeros_like(value), where=spend > 0)
    return per_micro
