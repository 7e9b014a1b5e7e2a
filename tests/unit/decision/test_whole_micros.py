from __future__ import annotations

import numpy as np
import pytest

from service.decision.water_filling import Problems
from service.decision.whole_micros import excess, gain, separating, whole_micros

THREE = Problems(
    np.array([[4.0, 2.0, 1.0]]),
    np.array([[1.0, 1.0, 1.0]]),
    np.zeros((1, 3), np.int64),
    np.full((1, 3), 9),
    np.array([4]),
)


def test_the_last_micros_go_where_they_bring_most() -> None:
    # after 2, 1, 0: 4 ln(4/3) = 1.15, 2 ln(3/2) = 0.81, 1 ln 2 = 0.69
    assert whole_micros(THREE, np.array([[2.4, 1.1, 0.5]])).tolist() == [[3, 1, 0]]


def test_rounding_errors_above_the_total_are_taken_back() -> None:
    assert whole_micros(THREE, np.array([[4.0, 1.0, 0.0]])).sum() == 4


def test_a_micro_more_is_worth_the_same_to_the_last_digit_however_much_is_spent() -> None:
    # 4 / x; ln(1 + x + 1) - ln(1 + x) would have three digits left
    assert gain(THREE, np.array([[10**13, 0, 0]]))[0, 0] == pytest.approx(4e-13, rel=1e-12)


def test_at_the_separating_price_nobody_would_rather_have_another_spend() -> None:
    best = np.array([[3, 1, 0]])
    price = separating(THREE, best, np.array([0.0]))
    # no more than the third micro brought, 1.15; no less than the next would, 0.89, 0.81 or 0.69
    assert price[0] == pytest.approx(4 * np.log(5 / 4))
    assert excess(THREE, best, price)[0] == pytest.approx(0, abs=1e-15)


def test_the_bound_tells_a_split_that_is_not_the_best() -> None:
    worse, best = np.array([[2, 1, 1]]), np.array([[3, 1, 0]])
    price = np.array([1.0])
    lost = (THREE.scale * (np.log1p(best) - np.log1p(worse))).sum()
    assert lost == pytest.approx(4 * np.log(4 / 3) - np.log(2))
    assert excess(THREE, worse, price)[0] >= lost
