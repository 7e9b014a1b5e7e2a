from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from service.contract.platform_days import DayRow, PlatformDays, platform_days
from service.decision.pooled_responses import PooledResponses
from service.decision.responses import Goal, Responses

FIRST = date(2026, 1, 1)
UNIT = 1_000_000


def day(number: int, platform: str, units: float, clicks: int, conversions: int = 0) -> DayRow:
    at = FIRST + timedelta(days=number)
    return DayRow(at, platform, round(units * UNIT), 100 * clicks, clicks, conversions)


def answers(days: PlatformDays, goal: Goal = Goal.CLICKS) -> Responses:
    return PooledResponses().responses(days, goal)


def along(bend: float, level: float, platform: str = "web", days: int = 60) -> list[DayRow]:
    """Days whose spend goes from 10 to 50 units and back, without noise."""
    units = [10 * (1 + number % 5) for number in range(days)]
    return [
        day(number, platform, spend, round(level * np.log1p(bend * spend)))
        for number, spend in enumerate(units)
    ]


def test_a_steady_platform_brings_what_it_brought() -> None:
    rows = [day(number, "web", 20, 300) for number in range(30)]
    got = answers(platform_days(rows))
    assert float(got.value([20 * UNIT])[0]) == pytest.approx(300, rel=0.01)


@pytest.mark.parametrize("bend", [0.01, 0.05, 0.3])
def test_spend_that_varies_tells_how_bent_the_curve_is(bend: float) -> None:
    got = answers(platform_days(along(bend, 5_000)))
    for units in (10, 30, 50):
        truth = 5_000 * np.log1p(bend * units)
        assert float(got.value([units * UNIT])[0]) == pytest.approx(truth, rel=0.1)


def test_where_spend_never_varies_the_others_tell() -> None:
    even = [day(number, "even", 30, 3_000) for number in range(60)]
    bends = []
    for bend in (0.005, 1.0):
        others = [row for name in "abcdef" for row in along(bend, 5_000, name)]
        days = platform_days(others + even)
        bends.append(float(answers(days).rate[days.platforms.index("even")]))
    assert bends[1] > 5 * bends[0]


def test_the_level_follows_the_newest_days() -> None:
    rows = [day(number, "web", 20, 300 if number < 30 else 600) for number in range(40)]
    got = answers(platform_days(rows))
    assert float(got.value([20 * UNIT])[0]) == pytest.approx(600, rel=0.1)


def test_a_new_platform_is_taken_to_be_as_the_others_and_is_less_sure() -> None:
    rows = [day(number, "web", 20, 300) for number in range(30)]
    days = platform_days(rows, platforms=["new"])
    got = answers(days)
    new, web = got.value([20 * UNIT] * 2).tolist()
    assert days.platforms == ("new", "web")
    assert new == pytest.approx(web, rel=0.02)
    assert got.sd.tolist() == pytest.approx([0.71, 0.1], abs=0.02)


def test_one_day_is_enough_to_tell_a_good_platform_from_a_bad_one() -> None:
    good, bad = answers(platform_days([day(0, "a", 10, 100), day(0, "b", 10, 10)])).value(
        [10 * UNIT] * 2
    )
    assert 80 < good < 100
    assert 10 < bad < 25


def test_what_is_not_known_and_what_cost_nothing_tells_nothing() -> None:
    rows = [day(number, "web", 20, 300) for number in range(0, 30, 3)]
    idle = [day(number, "web", 0, 0) for number in range(1, 30, 3)]
    with_idle = answers(platform_days(rows + idle))
    without = answers(platform_days(rows, until=FIRST + timedelta(days=28)))
    assert with_idle.scale.tolist() == without.scale.tolist()


def test_days_that_are_not_known_count_for_nothing_whatever_stands_there() -> None:
    days = platform_days(
        [day(number, "web", 20, 300 if number < 9 else 9) for number in range(30)]
    )
    known = days.known & (np.arange(30) < 9)
    zeros = np.where(known[:, :, None], days.totals, 0.0)
    assert (
        answers(replace(days, known=known)).scale.tolist()
        == answers(replace(days, known=known, totals=zeros)).scale.tolist()
    )


def test_without_any_history_all_platforms_are_alike() -> None:
    got = answers(platform_days([], until=FIRST, platforms=["a", "b"]))
    assert got.scale[0] == got.scale[1] > 0
    assert got.rate[0] == got.rate[1] > 0


def test_spend_without_a_click_is_worth_less_the_more_it_was() -> None:
    rows = [day(0, "a", 10, 0), day(0, "b", 1_000, 0)]
    little, much = answers(platform_days(rows)).value([10 * UNIT, 1_000 * UNIT])
    assert 0 < much / 1_000 < little / 10 < 1 / 10


def test_each_goal_has_its_own_curves() -> None:
    days = platform_days([day(number, "web", 20, 300, 12) for number in range(30)])
    got = answers(days, Goal.CONVERSIONS)
    assert float(got.value([20 * UNIT])[0]) == pytest.approx(12, rel=0.02)


def test_numbers_at_the_ends_of_their_ranges_give_finite_curves() -> None:
    most = 2**53 // 100
    rows = [day(0, "huge", 9e9, most), day(0, "tiny", 1e-6, 0), day(1, "tiny", 1e-6, most)]
    got = answers(platform_days(rows))
    assert all(np.isfinite(of).all() for of in (got.scale, got.rate, got.sd))
    assert (got.scale > 0).all()


def test_only_the_newest_eight_weeks_count() -> None:
    rows = [day(number, "web", 20, 300) for number in range(100)]
    other = [day(number, "web", 70, 5) for number in range(44)] + rows[44:]
    assert (
        answers(platform_days(other)).scale.tolist() == answers(platform_days(rows)).scale.tolist()
    )
