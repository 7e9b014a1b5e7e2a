from __future__ import annotations

from math import exp, log

import numpy as np
import pytest

from service.decision.responses import Goal, Responses

# 100 clicks for the first factor e: 1 + 1e-6 x
CURVES = Responses(np.array([100.0, 200.0]), np.array([1e-6, 2e-6]), np.array([0.0, 0.5]))


def test_the_goals_are_metrics_of_a_history() -> None:
    assert [str(goal) for goal in Goal] == ["clicks", "conversions"]


def test_a_day_brings_scale_times_a_logarithm() -> None:
    value = CURVES.value([0, 1_000_000])
    assert value.tolist() == pytest.approx([0.0, 200 * log(3)])


def test_the_next_micro_brings_the_slope() -> None:
    at = np.array([3_000_000, 1_000_000])
    ahead = (CURVES.value(at + 1) - CURVES.value(at)).tolist()
    assert CURVES.marginal(at).tolist() == pytest.approx(ahead, rel=1e-5)
    assert CURVES.marginal([3_000_000, 0]).tolist() == pytest.approx([2.5e-5, 4e-4])


def test_many_days_are_valued_at_once() -> None:
    spend = np.zeros((7, 3, 2))
    assert CURVES.value(spend).shape == (7, 3, 2)


def test_a_draw_moves_what_is_not_known_and_nothing_else() -> None:
    drawn = CURVES.drawn([1.0, 1.0])
    s2 = log(1.25)
    assert drawn.scale.tolist() == pytest.approx([100.0, 200 * exp(s2**0.5 - s2 / 2)])
    assert drawn.rate.tolist() == CURVES.rate.tolist()


def test_draws_have_the_mean_and_the_deviation_that_are_said() -> None:
    normal = np.random.default_rng(1).standard_normal((200_000, 2))
    drawn = CURVES.drawn(normal).scale[:, 1]
    assert drawn.mean() == pytest.approx(200, rel=0.01)
    assert drawn.std() == pytest.approx(100, rel=0.02)


def test_a_ratio_moves_the_whole_curve() -> None:
    halved = CURVES.times([0.5, 1.0])
    assert halved.value([1e6, 1e6]).tolist() == pytest.approx([50 * log(2), 200 * log(3)])
