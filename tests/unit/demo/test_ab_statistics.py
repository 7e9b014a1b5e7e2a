from __future__ import annotations

import math

import numpy as np
import pytest

from service.demo.ab_statistics import (
    Side,
    by_shopper,
    lift_of,
    two_proportions,
    two_sided,
    views_needed,
)


def _side(clicks: list[float], views: list[float]) -> Side:
    return Side(np.array(clicks), np.array(views))


def test_rate_and_variance_worked_by_hand() -> None:
    # r = 6 / 30 = .2; off: 1 - 2, 5 - 4 = -1, 1; var = 2/1 * 2 / 900
    side = _side([1, 5], [10, 20])
    assert side.rate == 0.2
    assert side.variance == pytest.approx(4 / 900)
    assert side.design_effect == pytest.approx((4 / 900) / (0.2 * 0.8 / 30))


def test_shoppers_who_saw_nothing_do_not_count() -> None:
    assert _side([1, 5, 0], [10, 20, 0]).variance == _side([1, 5], [10, 20]).variance


def test_lift_and_interval_worked_by_hand() -> None:
    base, test = _side([1, 3], [10, 10]), _side([2, 4], [10, 10])
    # .3 / .2 - 1; variances 2 * 2 / 400 = .01 each: s = sqrt(.01 / .09 + .01 / .04) = .6009
    found = lift_of(base, test)
    assert found.lift == pytest.approx(0.5)
    assert found.low == pytest.approx(1.5 * math.exp(-1.95996 * 0.60093) - 1, abs=1e-4)
    assert found.high == pytest.approx(1.5 * math.exp(1.95996 * 0.60093) - 1, abs=1e-4)
    assert found.p == pytest.approx(0.4998, abs=1e-3)  # z = ln 1.5 / .6009 = .6747


def test_intervals_hold_what_they_promise() -> None:
    # no effect, shoppers who differ: about 5 in 100 tests may claim one
    rng = np.random.default_rng(0)
    claimed = 0
    for _ in range(400):
        taste = rng.beta(2, 30, size=200)
        views = rng.integers(1, 60, size=200)
        clicks = rng.binomial(views, taste)
        claimed += (
            lift_of(Side(clicks[:100], views[:100]), Side(clicks[100:], views[100:])).p < 0.05
        )
    assert 0.02 <= claimed / 400 <= 0.085


def test_views_drawn_one_by_one_claim_too_much() -> None:
    rng = np.random.default_rng(1)
    base, test = (Side(rng.binomial(40, rng.beta(1, 15, 60)), np.full(60, 40)) for _ in range(2))
    assert base.design_effect > 2
    assert two_proportions(base, test) < lift_of(base, test).p


def test_the_test_of_two_proportions() -> None:
    # 120 of 1,000 against 100 of 1,000: pooled .11, error sqrt(.11 * .89 * 2 / 1000) = .013993
    found = two_proportions(_side([100], [1000]), _side([120], [1000]))
    assert found == pytest.approx(2 * (1 - 0.92353), abs=1e-4)  # z = .02 / .013993 = 1.4293


def test_views_needed_worked_by_hand() -> None:
    # r .05, r' .055: 7.8489 * (.0475 + .051975) / .005 ** 2 = 31,231
    assert views_needed(0.05, 0.10) == pytest.approx(31_231, abs=2)
    assert views_needed(0.05, 0.10, design_effect=2.0) == pytest.approx(62_462, abs=4)


def test_no_number_of_views_shows_nothing() -> None:
    assert views_needed(0.05, 0.0) is None
    assert views_needed(0.0, 0.1) is None
    assert views_needed(0.9, 0.5) is None
    assert views_needed(0.05, 0.1, math.nan) is None


def test_what_was_never_clicked_has_no_lift() -> None:
    assert math.isnan(lift_of(_side([0, 0], [10, 10]), _side([1, 2], [10, 10])).lift)
    assert math.isnan(two_proportions(_side([0], [0]), _side([1], [10])))
    assert two_sided(0.0, 0.0) == 1.0
    assert two_sided(0.1, 0.0) == 0.0


def test_views_are_summed_by_shopper() -> None:
    assert by_shopper(np.array([2, 0, 2]), np.array([1.0, 2.0, 4.0]), 4).tolist() == [2, 0, 5, 0]
