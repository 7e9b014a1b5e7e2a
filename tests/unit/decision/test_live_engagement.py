from __future__ import annotations

from datetime import UTC, date, datetime
from math import log

import numpy as np
import pytest

from service.decision.live_engagement import HourTold, live_engagement, rows_a_day
from service.decision.responses import Goal, Responses
from service.decision.terms import Micros

# value(spend) = 100 * ln(1 + spend / 1,000,000); web brings half of that
CURVES = Responses(np.array([100.0, 50.0]), np.array([1e-6, 1e-6]), np.zeros(2))
BOTH = ("mail", "web")


def always(_: date) -> Responses:
    return CURVES


def told(hour: int, platform: str, spend: int, clicks: int, *, day: int = 1) -> HourTold:
    at = datetime(2026, 11, day, hour, tzinfo=UTC)
    return HourTold(at, date(2026, 11, day), platform, spend, clicks, clicks // 10)


def test_an_hour_is_held_against_its_part_of_the_day() -> None:
    # a day of 3 units brings 100 ln 4, of which an hour of 1 unit is to bring a third
    hours = [told(10, "mail", 2_000_000, 90), told(9, "mail", 1_000_000, 50)]
    found = live_engagement(hours, BOTH, always, Goal.CLICKS, {})
    assert {row: at.hour for row, at in found.hours.items()} == {0: 9, 1: 10}
    assert found.observed.tolist() == [[50, 0], [90, 0]]
    assert found.expected[:, 0] == pytest.approx([100 * log(4) / 3, 100 * log(4) * 2 / 3])
    assert found.expected[:, 1].tolist() == [0, 0]


def test_the_newest_day_is_taken_at_what_is_planned_of_it() -> None:
    # 1 unit of 4 planned: a quarter of 100 ln 5; the day before cost 1 unit and no more
    hours = [told(9, "mail", 1_000_000, 50), told(9, "mail", 1_000_000, 50, day=2)]
    planned = {"mail": Micros(4_000_000)}
    found = live_engagement(hours, BOTH, always, Goal.CLICKS, planned)
    # a day lies between them
    assert {row: at.day for row, at in found.hours.items()} == {0: 1, 24: 2}
    assert found.expected[[0, 24], 0] == pytest.approx([100 * log(2), 100 * log(5) / 4])
    assert found.expected.sum() == pytest.approx(found.expected[[0, 24], 0].sum())


def test_more_spend_than_planned_is_taken_as_it_is() -> None:
    hours = [told(9, "web", 3_000_000, 50)]
    found = live_engagement(hours, BOTH, always, Goal.CLICKS, {"web": Micros(1)})
    assert found.expected[0, 1] == pytest.approx(50 * log(4))


def test_an_hour_that_cost_nothing_tells_nothing() -> None:
    hours = [told(9, "web", 0, 7), told(10, "web", 1_000_000, 7)]
    found = live_engagement(hours, BOTH, always, Goal.CLICKS, {})
    assert found.observed[:, 1].tolist() == [0, 7]
    assert found.expected[0, 1] == 0


def test_the_goal_says_what_is_looked_at_and_unknown_platforms_are_passed_over() -> None:
    hours = [told(9, "web", 1_000_000, 70), told(9, "app", 1_000_000, 70)]
    found = live_engagement(hours, BOTH, always, Goal.CONVERSIONS, {})
    assert found.observed.tolist() == [[0, 7]]


def test_nothing_told_is_nothing_to_hold_against() -> None:
    found = live_engagement([], BOTH, always, Goal.CLICKS, {"web": Micros(5)})
    assert found.observed.shape == found.expected.shape == (0, 2)


def test_a_day_is_spread_over_its_rows() -> None:
    # evenly over a day; told as a whole; over two rows, of which one counts for more: 16 / 10
    day = np.zeros((48, 3))
    day[:24, 0] = 5
    day[0, 1] = day[24, 1] = 120
    day[25:27, 2] = 3, 1
    assert rows_a_day(day).tolist() == [24, 1, 1.6]
    # the day that runs has told half of its hours, those before it all
    assert rows_a_day(day[:36])[0] == 24
    assert rows_a_day(day[:0]).tolist() == [1, 1, 1]


def test_each_day_is_held_against_its_own_curves() -> None:
    # a unit of money brings 100 ln 2 on the first day, twice that on the second
    hours = [told(9, "mail", 1_000_000, 50), told(9, "mail", 1_000_000, 50, day=2)]
    found = live_engagement(hours, BOTH, lambda day: CURVES.times(float(day.day)), Goal.CLICKS, {})
    assert found.expected[[0, 24], 0] == pytest.approx([100 * log(2), 200 * log(2)])


def test_a_day_is_not_taken_to_cost_all_that_is_left() -> None:
    # a unit an hour for six hours goes on to 24, far from the thousand that the plan would allow
    hours = [told(hour, "mail", 1_000_000, 50) for hour in range(6)]
    found = live_engagement(hours, BOTH, always, Goal.CLICKS, {"mail": Micros(1_000_000_000)})
    assert found.expected[:, 0].sum() == pytest.approx(100 * log(25) * 6 / 24)
