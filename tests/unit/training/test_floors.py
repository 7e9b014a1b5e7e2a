from __future__ import annotations

import numpy as np
import pytest

from training.floors import PopularityByPosition


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
