"""What platforms brought lately, hour by hour, beside what was expected of that spend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime  # noqa: TID251 - as values; nothing here asks for now

    from service.decision.responses import Goal, Responses
    from service.decision.tables import Floats, Longs
    from service.decision.terms import Micros


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
    """H hours in a row of P platforms: observed and expected (H, P) of the goal."""

    hours: tuple[datetime, ...]
    observed: Floats
    expected: Floats


def live_engagement(
    told: Sequence[HourTold],
    platforms: Sequence[str],
    curves: Responses,
    goal: Goal,
    planned: Mapping[str, Micros],
) -> Engagement:
    """Hold each hour against its part of what the curves (P,) say of the whole day's spend.

        expected_hp = value_p(spend of the day) * spend_hp / spend of the day

    Days are taken at what they cost; the newest at what is `planned` of it, if that is more. An
    hour that cost nothing tells nothing.
    """
    hours = {one.hour: one.day for one in sorted(told, key=lambda one: one.hour)}
    days = {day: place for place, day in enumerate(dict.fromkeys(hours.values()))}
    day_of = np.array([days[day] for day in hours.values()], np.int64)
    spend, observed = _tables(told, list(hours), platforms, goal)
    of_day = np.zeros((len(days), len(platforms)))
    np.add.at(of_day, day_of, spend)
    of_day[-1:] = np.maximum(of_day[-1:], [planned.get(name, 0) for name in platforms])
    expected = _per_micro(curves, of_day, day_of) * spend
    return Engagement(tuple(hours), np.where(expected > 0, observed, 0.0), expected)


def _tables(
    told: Sequence[HourTold], hours: Sequence[datetime], platforms: Sequence[str], goal: Goal
) -> tuple[Floats, Floats]:
    """Spend and the goal, both (H, P)."""
    rows, columns = (
        {name: place for place, name in enumerate(names)} for names in (hours, platforms)
    )
    spend, observed = np.zeros((2, len(rows), len(columns)))
    for one in told:
        if one.platform in columns:
            at = rows[one.hour], columns[one.platform]
            spend[at] += one.spend
            observed[at] += getattr(one, goal)
    return spend, observed


def _per_micro(curves: Responses, of_day: Floats, day_of: Longs) -> Floats:
    value = curves.value(of_day)
    per_micro = np.divide(value, of_day, out=np.zeros_like(value), where=of_day > 0)
    by_hour: Floats = per_micro[day_of]
    return by_hour
