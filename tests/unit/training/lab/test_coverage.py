from __future__ import annotations

import numpy as np
import pytest

from training.lab.coverage import Spread, spread


def test_even_recommendations_spread_fully() -> None:
    even = Spread.of(np.array([5.0, 5.0, 5.0, 5.0]))
    assert (even.coverage, even.gini) == (1.0, 0.0)
    assert even.entropy == pytest.approx(1.0)


def test_one_word_for_everybody_spreads_least() -> None:
    # p = (0, 0, 0, 1): Gini (2 * 4 - 4 - 1) / 4
    one = Spread.of(np.array([9.0, 0.0, 0.0, 0.0]))
    assert (one.coverage, one.gini, one.entropy) == (0.25, 0.75, 0.0)


def test_a_case_worked_by_hand() -> None:
    # p = (0, 1/4, 3/4): Gini (0 * 1/4 + 2 * 3/4) / 3; entropy (.25 ln 4 + .75 ln 4/3) / ln 3
    found = Spread.of(np.array([3.0, 1.0, 0.0]))
    assert found.coverage == pytest.approx(2 / 3)
    assert found.gini == pytest.approx(0.5)
    assert found.entropy == pytest.approx(0.56234 / 1.09861, abs=1e-4)


def test_nothing_recommended_covers_nothing() -> None:
    assert Spread.of(np.zeros(3)).coverage == 0.0


def test_a_group_left_out_takes_its_words_along() -> None:
    # 20 shoppers, a word each, and half recommended: each left out costs 1 of 10
    words = np.arange(20)
    found = spread(words, words, np.arange(10))["coverage"]
    # values without: ten times .45, ten times .5; variance sum 20 * .025 ** 2
    error = np.sqrt(19 / 20 * 20 * 0.025**2)
    assert found.value == 0.5
    assert found.high == pytest.approx(0.5 + 1.96 * error)
