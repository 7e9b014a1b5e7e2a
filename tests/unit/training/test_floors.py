from __future__ import annotations

import numpy as np
import pytest

from training.floors import CommonLogistic, PopularityByPosition


def test_score_is_the_product_of_smoothed_rates() -> None:
    things = np.array(["a", "a", "b", "b"])
    places = np.array([1, 2, 1, 2])
    floor = PopularityByPosition.learn(things, places, np.array([1, 1, 0, 0]))
    # mean .5; a: (2 + 20 * .5) / 22, b: (0 + 10) / 22; each place: (1 + 10) / 22
    a, b, place = 12 / 22, 10 / 22, 11 / 22
    found = floor.score(np.array(["a", "b", "new"]), np.array([1, 2, 9]))
    assert found == pytest.approx([a * place, b * place, 0.5 * 0.5])


def test_an_empty_log_scores_zero() -> None:
    floor = PopularityByPosition.learn(np.array([]), np.array([]), np.array([]))
    assert floor.score(np.array([1]), np.array([1])).tolist() == [0.0]


def test_the_logistic_floor_finds_the_odds_of_a_made_log() -> None:
    rng = np.random.default_rng(0)
    places, columns = rng.integers(1, 3, 20_000), rng.normal(size=(20_000, 2))
    margin = -1 + 0.8 * columns[:, 0] - 0.5 * (places == 2)
    clicks = (rng.random(20_000) < 1 / (1 + np.exp(-margin))).astype(np.float32)
    floor = CommonLogistic.learn(places, columns, clicks)
    found = floor.margin(np.array([1, 2, 1]), np.array([[0, 0], [0, 0], [1, 1]]))
    assert found == pytest.approx([-1, -1.5, -0.2], abs=0.1)


def test_a_place_never_seen_counts_as_the_average_one() -> None:
    places, columns = np.array([1, 2] * 50), np.zeros((100, 1))
    floor = CommonLogistic.learn(places, columns, np.array([1, 0, 1, 1] * 25))
    first, second, unseen = floor.margin(np.array([1, 2, 9]), np.zeros((3, 1)))
    assert unseen == pytest.approx((first + second) / 2)


def test_a_log_without_clicks_has_low_odds_everywhere() -> None:
    floor = CommonLogistic.learn(np.ones(9), np.arange(9.0)[:, None], np.zeros(9))
    # log(.5 / 9.5)
    assert floor.margin(np.ones(1), np.array([[5.0]])) == pytest.approx([-2.944], abs=1e-3)
