"""What a day's budget is, how its traffic is expected, and what open ads may cost."""

from __future__ import annotations

from math import exp

import numpy as np
import pytest

from service.decision.expected_traffic import expected_between, expected_week
from service.decision.flight import Flight
from service.decision.unclicked import Unclicked

DAY = 86_400.0
HOUR = 3600.0
MONDAY = 4 * DAY  # 1970 began on a Thursday


def flight(**more: object) -> Flight:
    """A daily budget of 100, of 1,000 in all, on the first of ten days."""
    values = {
        "daily": 100, "left": 1_000, "spent": 0, "starts": 0.0, "ends": DAY, "ends_for_good": None
    } | more  # fmt: skip
    return Flight(**values)  # type: ignore[arg-type]


def test_a_daily_budget_is_the_days() -> None:
    assert flight().budget == 100
    assert flight(spent=70, left=930).budget == 100


def test_the_last_day_has_what_is_left() -> None:
    # 40 were left this morning, 25 of them are spent
    assert flight(left=15, spent=25).budget == 40


def test_without_a_daily_budget_the_rest_is_spread_over_the_days_to_the_end() -> None:
    assert flight(daily=None, ends_for_good=10 * DAY).budget == 100
    # this morning 500 were left for the last two and a half days
    late = flight(daily=None, left=430, spent=70, starts=5 * DAY, ends=6 * DAY)
    assert late.budget is None
    assert flight(daily=None, left=430, spent=70, ends_for_good=2.5 * DAY).budget == 200
    assert flight(daily=None, left=300, ends=DAY / 2, ends_for_good=DAY / 2).budget == 300


def test_the_lower_of_daily_budget_and_even_spread_holds() -> None:
    assert flight(daily=60, ends_for_good=10 * DAY).budget == 60
    assert flight(daily=300, ends_for_good=10 * DAY).budget == 100
    assert flight(daily=60, ends_for_good=0.0).budget == 60  # it has ended


def test_a_shop_without_a_past_is_an_even_one() -> None:
    week = expected_week({})
    assert set(week.tolist()) == {1.0}
    assert expected_between(week, 0.0, DAY) == pytest.approx(24)
    assert expected_between(week, 100.0, 1_900.0) == pytest.approx(0.5)
    assert expected_between(week, 50.0, 50.0) == 0


def test_an_hour_is_half_as_a_week_ago_and_half_as_on_all_days() -> None:
    # a thousand weeks after 1970, 700 requests came on Thursday at 10; the other days had none
    week = expected_week({168_000 + 10: 700})
    assert week[10] == 1 + 700 / 2 + 100 / 2  # Thursday
    assert week[24 + 10] == 1 + 100 / 2  # Friday
    assert week[11] == 1


def test_traffic_is_expected_only_while_the_schedule_runs() -> None:
    week = expected_week({})
    office = ((9 * 60, 17 * 60),)  # Monday 9 to 17
    assert expected_between(week, MONDAY, MONDAY + DAY, office, MONDAY) == pytest.approx(8)
    assert expected_between(week, MONDAY + DAY, MONDAY + 2 * DAY, office, MONDAY) == 0
    # two hours west of Greenwich
    monday = MONDAY + 2 * HOUR
    assert expected_between(
        week, MONDAY + 10 * HOUR, MONDAY + 12 * HOUR, office, monday
    ) == pytest.approx(1)
    # and a week later again
    later = MONDAY + 7 * DAY
    assert expected_between(week, later, later + DAY, office, MONDAY) == pytest.approx(8)


def test_open_ads_count_less_the_longer_nobody_clicks() -> None:
    shown = Unclicked().with_shown(1_000.0, 500.0)
    assert shown.micros == 500
    minute = shown.later(1_060.0)
    assert minute.micros == pytest.approx(500 * (0.9 * exp(-2) + 0.1 * exp(-0.1)))
    assert minute.with_shown(1_060.0, 100.0).micros == pytest.approx(minute.micros + 100)
    assert shown.later(1_000 + HOUR).micros < 0.2
    assert shown.later(900.0).micros == 500  # a clock that was set back


def test_weeks_have_every_hour() -> None:
    assert expected_week({5: 3}).shape == (168,)
    assert np.all(expected_week({5: 3}) >= 1)
