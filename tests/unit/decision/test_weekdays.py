from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from service.contract.platform_days import PlatformDays
from service.decision.pooled_responses import PooledResponses
from service.decision.responses import Goal
from service.decision.weekdays import OnWeekday, weekdays_of

MONDAY = date(2026, 8, 3)
WEEKENDS = np.array([0.9, 0.9, 0.9, 0.9, 1.0, 1.2, 1.2])  # of clicks, from Monday on
FLAT = np.ones(7)


def history(
    *weeks: np.ndarray, days: int = 42, usual: float = 1_000.0, seed: int = 0, noise: float = 0.0
) -> PlatformDays:
    """A platform a week, each day 24 units of money and so many clicks by its weekday."""
    rng = np.random.default_rng(seed)
    clicks = usual * np.array([week[np.arange(days) % 7] for week in weeks])
    clicks = np.round(clicks * np.exp(noise * rng.normal(size=clicks.shape)))
    spend = np.full(clicks.shape, 24e6)
    totals = np.stack([spend, 30 * clicks, clicks, np.round(clicks / 10)], axis=-1)
    names = tuple(f"platform {number}" for number in range(len(weeks)))
    return PlatformDays(names, MONDAY, totals, np.ones(clicks.shape, np.bool_))


def week_of(days: PlatformDays, goal: Goal = Goal.CLICKS) -> np.ndarray:
    """The ratios (7, P) of the seven days after a history."""
    found = weekdays_of(days)
    return np.array([found.ratio(goal, days.platforms, ahead) for ahead in range(7)])


def test_a_week_is_found_from_the_day_after_the_history_on() -> None:
    # six whole weeks: the day after is a Monday
    found = week_of(history(WEEKENDS))[:, 0]
    assert found == pytest.approx(WEEKENDS / np.exp(np.log(WEEKENDS).mean()), rel=0.02)
    assert week_of(history(WEEKENDS), Goal.CONVERSIONS)[:, 0] == pytest.approx(found, rel=0.02)
    # two days more: it is a Wednesday
    assert week_of(history(WEEKENDS, days=44))[:, 0] == pytest.approx(np.roll(found, -2), rel=0.02)


def test_each_platform_has_a_week_of_its_own() -> None:
    found = week_of(history(WEEKENDS, 1 / WEEKENDS, FLAT))
    assert found[:, 0] * found[:, 1] == pytest.approx(np.ones(7), abs=0.01)
    assert found[:, 2] == pytest.approx(np.ones(7), abs=0.01)


def test_chance_is_no_week() -> None:
    # days that vary by 15 %: a mean of six would be off by 6 %, and by 15 % somewhere
    found = week_of(history(*[FLAT] * 20, noise=0.15))
    assert np.log(found).std() < 0.03
    assert week_of(history(*[WEEKENDS] * 20, noise=0.15)).mean(axis=1) == pytest.approx(
        WEEKENDS / np.exp(np.log(WEEKENDS).mean()), rel=0.07
    )


def test_a_few_clicks_tell_of_no_week() -> None:
    assert np.abs(np.log(week_of(history(WEEKENDS, usual=1.0)))).max() < 0.05


def test_four_weeks_are_the_least_that_tells() -> None:
    assert (week_of(history(WEEKENDS, days=27)) == 1.0).all()
    assert week_of(history(WEEKENDS, days=28))[5, 0] > 1.1
    gaps = history(WEEKENDS)
    known = gaps.known.copy()
    known[:, ::2] = False  # every second day: no seven days of which five are known
    assert (week_of(replace(gaps, known=known)) == 1.0).all()


def test_a_strong_week_is_found_whole() -> None:
    closed = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5])
    found = week_of(history(closed))[:, 0]
    assert found[5] / found[0] == pytest.approx(0.5, rel=0.12)


def test_a_shock_is_no_week_and_the_week_outlives_it() -> None:
    days = history(WEEKENDS)
    totals = days.totals.copy()
    totals[:, 24:, 1:] *= 3
    assert week_of(replace(days, totals=totals)) == pytest.approx(week_of(days), rel=0.06)


def test_days_that_cost_more_are_not_better_days() -> None:
    days = history(FLAT)
    totals = days.totals.copy()
    dear = np.where(np.arange(42) % 7 == 5, 2.0, 1.0)
    totals[:, :, 0] *= dear
    totals[:, :, 1:] *= dear[:, None] ** 0.55
    assert week_of(replace(days, totals=totals)) == pytest.approx(np.ones((7, 1)), abs=0.01)


def test_a_history_without_its_week_is_flat_and_costs_what_it_did() -> None:
    days = history(WEEKENDS)
    usual = weekdays_of(days).without(days)
    assert usual.metric("spend").tolist() == days.metric("spend").tolist()
    clicks = usual.metric("clicks")
    assert clicks.std() / clicks.mean() < 0.01 < days.metric("clicks").std() / clicks.mean()


def test_the_day_after_is_foretold_as_the_day_that_it_is() -> None:
    days = history(WEEKENDS, days=40)  # until a Friday
    weekdays = weekdays_of(days)
    plain, usual = PooledResponses(), weekdays.without(days)
    model = OnWeekday(plain, weekdays)
    found = model.responses(usual, Goal.CLICKS).value([24e6])
    assert found == pytest.approx([1_200], rel=0.05)
    assert found == pytest.approx(
        plain.responses(usual, Goal.CLICKS).value([24e6])
        * weekdays.ratio(Goal.CLICKS, days.platforms)
    )
    assert model.name == plain.name


def test_platforms_that_nothing_is_known_of_have_no_week() -> None:
    days = history(WEEKENDS)
    found = weekdays_of(days).ratio(Goal.CLICKS, ("new", "platform 0"), 5)
    assert found[0] == 1.0 < found[1]
    silent = replace(days, totals=0 * days.totals, known=~days.known)
    assert (week_of(silent) == 1.0).all()
