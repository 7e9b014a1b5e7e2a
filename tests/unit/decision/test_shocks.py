from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import log
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
import pytest

from service.contract.platform_days import DayRow, PlatformDays, platform_days
from service.decision.responses import Goal, Responses
from service.decision.shocks import (
    Changed,
    Direction,
    dispersion_of,
    only_since,
    shocked,
)

if TYPE_CHECKING:
    from service.decision.tables import Floats

CALM = np.array([1e-6])  # next to Poisson


def column(*counts: float) -> Floats:
    return np.array(counts, np.float64)[:, None]


def counted(
    seed: int, days: int, a_day: float, per_day: int, *, by: float = 1.0, from_day: int = 0
) -> tuple[tuple[str, ...], Floats, Floats]:
    """Names, observed and expected of 200 platforms whose days vary by a fifth as a whole."""
    random = np.random.default_rng(seed)
    shape = days, 200
    mean = a_day / per_day * random.gamma(25, 1 / 25, shape)
    mean[from_day:] *= by
    observed = random.poisson(np.repeat(mean, per_day, axis=0)).astype(np.float64)
    names = tuple(f"platform {number}" for number in range(200))
    return names, observed, np.full(observed.shape, a_day / per_day)


def test_half_of_what_is_expected_adds_up_to_a_shock() -> None:
    # a day of 50 where 100 are expected: 50 ln(1/2) + 50 = 15.3 for the half
    observed, expected = column(100, 100, 50, 50), column(100, 100, 100, 100)
    (shock,) = shocked(("web",), observed, expected, CALM, per_day=1)
    assert (shock.platform, shock.direction) == ("web", Direction.DOWN)
    assert (shock.since, shock.seen) == (2, 2)
    assert shock.ratio == pytest.approx(101 / 201)
    assert shock.statistic == pytest.approx(50 - 50 * log(2), rel=1e-3)


def test_twice_of_what_is_expected_is_a_shock_upwards() -> None:
    # 20 where 10 are expected: 20 ln 2 - 10 = 3.86, not enough; twice that is
    observed, expected = column(10, 20, 20), column(10, 10, 10)
    (shock,) = shocked(("web",), observed, expected, CALM, per_day=1)
    assert shock.direction is Direction.UP
    assert (shock.since, shock.seen) == (1, 2)
    assert shock.statistic == pytest.approx(2 * (20 * log(2) - 10), rel=1e-3)
    assert shocked(("web",), observed[:2], expected[:2], CALM, per_day=1) == []


def test_the_more_days_vary_the_less_one_tells() -> None:
    observed, expected = column(100, 50), column(100, 100)
    assert shocked(("web",), observed, expected, np.array([0.04]), per_day=1) == []
    assert shocked(("web",), observed, expected, np.array([0.01]), per_day=1) != []


def test_what_went_well_before_does_not_make_up_for_a_shock() -> None:
    observed, expected = column(*[130] * 50, 50), column(*[100] * 51)
    (shock,) = shocked(("web",), observed, expected, CALM, per_day=1)
    assert (shock.direction, shock.since) == (Direction.DOWN, 50)


def test_rows_of_which_nothing_is_expected_tell_nothing() -> None:
    observed, expected = column(100, 900, 100), column(100, 0, 100)
    assert shocked(("web",), observed, expected, CALM, per_day=1) == []


def test_nothing_observed_is_no_ratio_of_zero() -> None:
    (shock,) = shocked(("web",), column(0, 0), column(20, 20), CALM, per_day=1)
    assert shock.ratio == pytest.approx(1 / 41)


def test_platforms_are_looked_at_one_by_one() -> None:
    observed = np.array([[100.0, 100, 300], [100, 40, 300]])
    got = shocked(("app", "mail", "web"), observed, np.full((2, 3), 100.0), np.full(3, 1e-3))
    assert [(shock.platform, shock.direction) for shock in got] == [
        ("mail", Direction.DOWN),
        ("web", Direction.UP),
    ]


def test_without_rows_there_is_no_shock() -> None:
    assert shocked(("web",), np.zeros((0, 1)), np.zeros((0, 1))) == []


@pytest.mark.parametrize("per_day", [1, 24])
@pytest.mark.parametrize("a_day", [20, 100, 10_000])
def test_sixty_calm_days_raise_less_than_one_false_alarm(a_day: float, per_day: int) -> None:
    names, observed, expected = counted(5, 60, a_day, per_day)
    alarms = shocked(names, observed, expected, per_day=per_day)
    assert len(alarms) < len(names) * 0.6  # 0.09 to 0.5 a platform


@pytest.mark.parametrize("per_day", [1, 24])
@pytest.mark.parametrize(("by", "days"), [(0.5, 2.0), (2.0, 1.5)])
def test_a_halving_is_told_within_two_days(by: float, days: float, per_day: int) -> None:
    names, observed, expected = counted(6, 14, 1_000, per_day, by=by, from_day=7)
    shocks = shocked(names, observed, expected, per_day=per_day)
    told = [shock for shock in shocks if shock.seen >= 7 * per_day]
    assert len(told) > 0.9 * len(names)
    assert median((shock.seen + 1) / per_day - 7 for shock in told) <= days
    assert median(shock.since / per_day for shock in told) == pytest.approx(7, abs=0.1)
    assert median(shock.ratio for shock in told) == pytest.approx(by, rel=0.05)


@pytest.mark.parametrize("per_day", [1, 24])
def test_how_much_days_vary_is_learnt_from_their_differences(per_day: int) -> None:
    _, observed, expected = counted(7, 60, 1_000, per_day)
    learnt = dispersion_of(observed, expected, per_day) / per_day
    assert float(learnt.mean()) == pytest.approx(0.04, rel=0.1)


def test_a_shock_hardly_moves_the_dispersion() -> None:
    halved = column(*[1_000] * 14, *[500] * 14)
    assert float(dispersion_of(halved, np.full((28, 1), 1_000.0), 1)[0]) < 0.02


def test_without_days_the_usual_dispersion_is_taken() -> None:
    assert dispersion_of(np.zeros((0, 2)), np.zeros((0, 2))).tolist() == pytest.approx([0.96] * 2)
    assert dispersion_of(column(0, 0, 0), column(0, 0, 0), 1).tolist() == pytest.approx([0.04])


def history() -> PlatformDays:
    first = date(2026, 3, 1)
    return platform_days(
        DayRow(first + timedelta(days=number), name, 100, 30, 10, 1)
        for number in range(10)
        for name in ("app", "web")
    )


def test_what_was_before_a_shock_is_forgotten_of_that_platform_alone() -> None:
    got = only_since(history(), {"web": date(2026, 3, 8), "gone": date(2026, 3, 2)})
    assert got.known.sum(axis=1).tolist() == [10, 3]
    assert got.metric("clicks").sum(axis=1).tolist() == [100, 30]
    assert history().known.all()


@pytest.mark.parametrize(("since", "known"), [(date(2026, 2, 1), 10), (date(2026, 4, 1), 0)])
def test_shocks_outside_the_history_forget_nothing_or_all(since: date, known: int) -> None:
    assert only_since(history(), {"web": since}).known[1].sum() == known


@dataclass(frozen=True)
class Flat:
    name: str = "flat"

    def responses(self, days: PlatformDays, goal: Goal) -> Responses:
        assert goal is Goal.CLICKS
        ones = np.ones(len(days.platforms))
        return Responses(ones, ones, ones)


def test_a_changed_model_brings_what_was_seen_of_the_shock() -> None:
    model = Changed(Flat(), {"web": 0.25, "gone": 9.0})
    curves = model.responses(history(), Goal.CLICKS)
    assert model.name == "flat"
    assert curves.scale.tolist() == [1.0, 0.25]
    assert curves.rate.tolist() == [1.0, 1.0]
