"""Training rows out of histories."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from service.contract.platform_days import PlatformDays
from service.contract.platform_windows import WINDOW, encode
from tests.unit.training.allocator.made import FIRST_DAY, planted
from training.allocator.config import AllocatorConfig
from training.allocator.windows import Series, rows_of

CONFIG = AllocatorConfig(horizon=2)


def test_a_row_is_what_serving_sees_on_that_day() -> None:
    days = planted([1.0, 4.0], days=40)
    series = Series.of([days])
    for start in (1, 9, 39):
        rows = rows_of(series, np.array([start]), CONFIG, None, goals=("clicks",))
        seen = encode(days.until(FIRST_DAY + timedelta(start - 1)), "clicks")
        assert (rows["history"] == seen.history).all()
        assert (rows["mask"] == seen.mask).all()
        assert (rows["counts"][:, 0] == days.metric("clicks")[:, start]).all()
        spend = days.metric("spend")[:, start] / seen.spend
        assert np.allclose(rows["spend"][:, 0], spend, rtol=1e-6)


def test_days_after_the_end_and_days_without_spend_are_not_real() -> None:
    days = planted([1.0], days=10)
    days.totals[0, 5, 0] = 0
    series = Series.of([days])
    real = rows_of(series, np.array([4, 9]), CONFIG, None, goals=("clicks",))["real"]
    assert real.tolist() == [[1, 0], [1, 0]]
    assert len(rows_of(series, np.array([5]), AllocatorConfig(horizon=1), None)["real"]) == 0


def test_advertisers_lie_on_one_calendar_and_are_apart() -> None:
    one = planted([1.0, 2.0], days=5)
    other = planted([3.0], days=4, seed=2)
    other = PlatformDays(("x",), FIRST_DAY + timedelta(3), other.totals, other.known)
    series = Series.of([one, other])
    assert series.known.shape == (2, 2, 7)
    assert series.platforms == 3
    assert series.known[1].tolist() == [[False] * 3 + [True] * 4, [False] * 7]
    rows = rows_of(series, np.array([6]), CONFIG, None, goals=("clicks",))
    seen = encode(other.until(FIRST_DAY + timedelta(5)), "clicks")
    assert (rows["history"] == seen.history).all()  # the first has no such day


def test_a_goal_that_never_came_is_not_learnt_from() -> None:
    days = planted([1.0], days=10)
    days.totals[..., 3] = 0
    rows = rows_of(Series.of([days]), np.array([5]), CONFIG, None)
    assert len(rows["value"]) == 1


def test_thinning_takes_counts_and_leaves_spend() -> None:
    series = Series.of([planted([1.0] * 40, days=30)])
    thin = series.thinned(0.5, np.random.default_rng(1))
    assert (thin.totals[..., 0] == series.totals[..., 0]).all()
    kept = thin.totals[..., 2].sum(axis=-1) / series.totals[..., 2].sum(axis=-1)
    assert ((kept > 0) & (kept <= 1)).all()
    assert 10 < (kept == 1).sum() < 30
    assert kept.min() < 0.2


def test_cut_windows_hide_their_oldest_days() -> None:
    series = Series.of([planted([1.0] * 50, days=60)])
    config = AllocatorConfig(cut=1.0)
    rows = rows_of(series, np.array([40]), config, np.random.default_rng(1), goals=("clicks",))
    known = rows["mask"].sum(axis=1)
    assert known.min() < WINDOW / 3
    assert known.max() > WINDOW / 2
    first = rows["mask"].argmax(axis=1)
    assert first.max() > WINDOW / 2
