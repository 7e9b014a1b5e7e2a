from __future__ import annotations

import numpy as np
import pytest

from training.lab.bootstrap import Redraw, Sampled, mean


def _log(shoppers: int, rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    owners = np.repeat(np.arange(shoppers), rows)
    truth = rng.normal(size=len(owners))
    return owners, truth, (truth + rng.normal(size=len(owners)) > 0).astype(float)


def test_each_draw_holds_as_many_shoppers_as_there_are() -> None:
    redraw = Redraw.of(np.array([7, 7, 3, 9]), seed=1, draws=50)
    assert redraw.owners.tolist() == [1, 1, 0, 2]
    assert (redraw.weights.sum(axis=1) == 3).all()


def test_rows_of_a_shopper_are_drawn_together() -> None:
    # shopper 0 is right, shopper 1 is wrong: a draw of (2, 0) says 1, of (0, 2) says 0
    redraw = Redraw.of(np.array([0, 0, 1, 1]), seed=2, draws=200)
    figure = redraw.auc(np.array([1, 0, 1, 0]), np.array([0.9, 0.8, 0.1, 0.2]))
    assert figure.value == 0.5
    assert set(np.round(figure.draws, 6)) == {0.0, 0.5, 1.0}


def test_a_difference_is_paired() -> None:
    owners, truth, labels = _log(40, 25)
    redraw = Redraw.of(owners, seed=3, draws=100)
    ours = redraw.auc(labels, truth)
    same = ours - redraw.auc(labels, 2 * truth + 1)  # the same order
    assert same.value == 0
    assert same.interval == (0, 0)
    assert not same.is_above_zero
    noise = redraw.auc(labels, np.random.default_rng(9).normal(size=len(labels)))
    assert (ours - noise).is_above_zero
    assert (noise - ours).is_below_zero


def test_the_interval_of_a_mean_is_as_wide_as_its_standard_error() -> None:
    # 400 shoppers with one row each, standard deviation 1: +- 1.96 / 20 = +- .098
    values = np.random.default_rng(4).normal(size=400)
    low, high = Redraw.of(np.arange(400), seed=5, draws=2000).mean(values).interval
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)


def test_rows_that_do_not_count_stay_out_of_the_mean() -> None:
    figure = Redraw.of(np.array([0, 0, 1]), seed=6, draws=20).mean(np.array([1.0, np.nan, 3.0]))
    assert figure.value == 2.0
    assert set(np.round(figure.draws, 6)) <= {1.0, 2.0, 3.0}


def test_the_mean_of_seeds_keeps_the_draws_together() -> None:
    figure = mean([Sampled(1.0, np.array([1.0, 2.0])), Sampled(3.0, np.array([3.0, 6.0]))])
    assert figure.value == 2.0
    assert figure.draws.tolist() == [2.0, 4.0]


def test_what_cannot_be_measured_has_no_interval() -> None:
    figure = Redraw.of(np.array([0, 1]), seed=7, draws=5).auc(np.zeros(2), np.ones(2))
    assert np.isnan(figure.value)
    assert np.isnan(figure.interval[0])
