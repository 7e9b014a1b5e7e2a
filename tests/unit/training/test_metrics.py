from __future__ import annotations

import numpy as np
import pytest

from training.metrics import auc, calibration_error, gain_over, grouped_auc, log_loss


def test_auc_counts_pairs_in_the_right_order() -> None:
    # clicked .8 and .3, not clicked .5 and .1: 3 of the 4 pairs stand right
    assert auc(np.array([1, 0, 1, 0]), np.array([0.8, 0.5, 0.3, 0.1])) == 0.75


def test_ties_count_half() -> None:
    assert auc(np.array([1, 0, 0]), np.array([0.5, 0.5, 0.1])) == 0.75


def test_auc_of_one_kind_is_unknown() -> None:
    assert np.isnan(auc(np.array([0, 0]), np.array([0.1, 0.2])))
    assert np.isnan(auc(np.array([]), np.array([])))


def test_a_row_that_weighs_two_counts_as_two_rows() -> None:
    labels, scores = np.array([1, 0, 1, 0]), np.array([0.8, 0.5, 0.3, 0.1])
    twice = auc(np.append(labels, 1), np.append(scores, 0.3))
    assert auc(labels, scores, np.array([1, 1, 2, 1])) == pytest.approx(twice)


def test_grouped_auc_weighs_groups_by_their_rows() -> None:
    labels = np.array([1, 0, 0, 1, 0, 0])
    scores = np.array([0.9, 0.1, 0.2, 0.1, 0.5, 0.3])
    groups = np.array(["a", "a", "b", "c", "c", "c"])
    # a: 1.0 over 2 rows; b has no click; c: 0.0 over 3 rows
    assert grouped_auc(labels, scores, groups) == pytest.approx(2 / 5)
    assert np.isnan(grouped_auc(np.zeros(2), np.ones(2), np.zeros(2)))


def test_log_loss_of_a_coin_is_ln_2() -> None:
    assert log_loss(np.array([1, 0]), np.array([0.5, 0.5])) == pytest.approx(np.log(2))


def test_calibration_error_is_the_mean_gap_of_equal_bins() -> None:
    p = np.array([0.1, 0.1, 0.9, 0.9])
    assert calibration_error(np.array([0, 0, 1, 1]), p, bins=2) == pytest.approx(0.1)
    assert calibration_error(np.array([0, 1, 1, 1]), p, bins=2) == pytest.approx(0.25)
    assert calibration_error(np.array([]), np.array([])) == 0.0


def _log(shoppers: int, rows: int, seed: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(shoppers), rows)
    truth = rng.normal(size=len(who))
    labels = (truth + rng.normal(size=len(who)) > 0).astype(float)
    return labels, truth, rng.normal(size=len(who)), who


def test_a_real_gain_is_clear_and_repeatable() -> None:
    labels, truth, noise, who = _log(40, 25, seed=1)
    gain = gain_over(labels, truth, noise, who, seed=3, draws=100)
    assert gain.is_clear
    assert gain.low < gain.auc - gain.floor < gain.high
    assert gain == gain_over(labels, truth, noise, who, seed=3, draws=100)


def test_no_gain_over_oneself() -> None:
    labels, truth, _, who = _log(20, 10, seed=2)
    gain = gain_over(labels, truth, truth, who, seed=0, draws=50)
    assert (gain.low, gain.high, gain.is_clear) == (0.0, 0.0, False)


def test_intervals_are_wider_when_few_shoppers_made_the_rows() -> None:
    labels, truth, noise, who = _log(100, 10, seed=5)
    many = gain_over(labels, truth, noise, who, seed=0, draws=200)
    shared = np.repeat(np.arange(5), 200)
    truth = truth + np.array([3.0, -3.0, 2.0, -2.0, 0.0])[shared]  # a shopper's rows err together
    few = gain_over(labels, truth, noise, shared, seed=0, draws=200)
    assert few.high - few.low > many.high - many.low
