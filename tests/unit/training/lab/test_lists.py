from __future__ import annotations

import numpy as np
import pytest

from training.lab.lists import Lists

# page a: order 2, 0, 1, clicked 2 and 1; page b: order 3, 4, no click
_REQUESTS = np.array(["a", "a", "a", "b", "b"])
_SCORES = np.array([0.5, 0.2, 0.9, 0.8, 0.1])
_CLICKED = np.array([0, 1, 1, 0, 0])


@pytest.fixture
def lists() -> Lists:
    return Lists.of(_REQUESTS, _SCORES, _CLICKED, seed=0)


def test_rows_stand_from_the_best(lists: Lists) -> None:
    assert lists.rows[0, :3].tolist() == [2, 0, 1]
    assert lists.rows[1, :2].tolist() == [3, 4]
    assert lists.real.sum(axis=1).tolist() == [3, 2]


def test_precision_divides_by_what_is_recommended(lists: Lists) -> None:
    assert [lists.precision(k)[0] for k in (1, 2, 3)] == [1.0, 0.5, pytest.approx(2 / 3)]
    assert lists.precision(10)[0] == pytest.approx(2 / 3)  # a page of three shows three
    assert lists.precision(10)[1] == 0.0


def test_recall_is_of_the_clicks_of_the_page(lists: Lists) -> None:
    assert [lists.recall(k)[0] for k in (1, 2, 3, 10)] == [0.5, 0.5, 1.0, 1.0]
    assert np.isnan(lists.recall(1)[1])


def test_ndcg_discounts_by_the_log_of_the_place(lists: Lists) -> None:
    # found 1 + 1/log2(4) = 1.5; the best order has 1 + 1/log2(3) = 1.6309
    assert lists.ndcg(3)[0] == pytest.approx(1.5 / 1.63093, abs=1e-5)
    assert lists.ndcg(1)[0] == 1.0
    assert lists.ndcg(2)[0] == pytest.approx(1 / 1.63093, abs=1e-5)


def test_average_precision_means_the_precision_at_each_click(lists: Lists) -> None:
    # clicks at places 1 and 3: (1/1 + 2/3) / 2
    assert lists.average_precision(3)[0] == pytest.approx(5 / 6)
    assert lists.average_precision(1)[0] == 1.0


def test_the_first_k_rows_are_recommended(lists: Lists) -> None:
    assert lists.recommended(1).tolist() == [2, 3]
    assert lists.recommended(2).tolist() == [0, 2, 3, 4]


def test_ties_do_not_follow_the_position() -> None:
    # 400 pages of two equal scores, the first clicked: half of the first places, not all
    labels = np.tile([1, 0], 400)
    pages = np.repeat(np.arange(400), 2)
    first = Lists.of(pages, np.zeros(800), labels, seed=1).precision(1).mean()
    assert first == pytest.approx(0.5, abs=0.08)


def test_a_list_ends_at_ten() -> None:
    lists = Lists.of(np.zeros(12), np.arange(12.0), np.ones(12), seed=0)
    assert lists.rows[0].tolist() == [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]
    assert lists.recall(10)[0] == pytest.approx(10 / 12)
