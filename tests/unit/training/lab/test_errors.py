from __future__ import annotations

import numpy as np
import pytest

from training.lab.bootstrap import Redraw
from training.lab.errors import mean_absolute_error, probabilities, root_mean_square_error


def test_errors_of_three_rows_worked_by_hand() -> None:
    redraw = Redraw.of(np.arange(3), seed=0, draws=10)
    labels, p = np.array([1.0, 0.0, 0.0]), np.array([0.4, 0.2, 0.1])
    assert mean_absolute_error(redraw, labels, p).value == pytest.approx(0.3)  # .6 + .2 + .1
    # .36 + .04 + .01 = .41
    assert root_mean_square_error(redraw, labels, p).value == pytest.approx(np.sqrt(0.41 / 3))


def test_probabilities_come_from_the_other_half_of_the_shoppers() -> None:
    owners = np.repeat([0, 1], 4)
    scores = np.tile([0.0, 0.0, 9.0, 9.0], 2)
    labels = np.array([0, 0, 1, 1, 0, 1, 1, 1.0])
    # shopper 0 sees what shopper 1 did: half at score 0, all at 9; shopper 1 none and all
    assert probabilities(labels, scores, owners).tolist() == [0.5, 0.5, 1, 1, 0, 0, 1, 1]


def test_the_scale_of_scores_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    scores, owners = rng.normal(size=300), rng.integers(0, 30, 300)
    labels = (scores + rng.normal(size=300) > 0).astype(float)
    usual = probabilities(labels, scores, owners)
    assert np.allclose(probabilities(labels, 1e3 * scores - 7, owners), usual)


def test_one_shopper_has_nobody_to_learn_from() -> None:
    assert probabilities(np.array([0.0, 1.0]), np.array([1.0, 2.0]), np.zeros(2)).tolist() == [
        0.5,
        0.5,
    ]
