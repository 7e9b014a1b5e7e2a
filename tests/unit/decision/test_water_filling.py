from __future__ import annotations

import numpy as np
import pytest

from service.decision.water_filling import Problems, water_filled


def one(
    scale: list[float], rate: list[float], floor: list[int], cap: list[int], total: int
) -> Problems:
    return Problems(
        np.array([scale]),
        np.array([rate]),
        np.array([floor], np.int64),
        np.array([cap], np.int64),
        np.array([total], np.int64),
    )


def test_inside_the_bounds_the_price_has_a_closed_form() -> None:
    # (20 + 10 + 30) / (3 + 1/1 + 1/2 + 1/1) = 60 / 5.5
    problems = one([20, 10, 30], [1, 2, 1], [0] * 3, [10] * 3, 3)
    spend, price = water_filled(problems)
    assert price[0] == pytest.approx(60 / 5.5)
    assert spend[0].tolist() == pytest.approx([20 * 5.5 / 60 - 1, 10 * 5.5 / 60 - 0.5, 1.75])


def test_what_is_at_a_bound_leaves_the_rest_to_the_others() -> None:
    # the first is full with 1; (10 + 30) / (4 + 1/2 + 1/1)
    spend, price = water_filled(one([90, 10, 30], [1, 2, 1], [0] * 3, [1, 10, 10], 5))
    assert price[0] == pytest.approx(40 / 5.5)
    assert spend[0].tolist() == pytest.approx([1, 5.5 / 4 - 0.5, 3 * 5.5 / 4 - 1])


@pytest.mark.parametrize("total", [2, 12])
def test_floors_alone_and_caps_alone_are_the_ends(total: int) -> None:
    spend, _ = water_filled(one([5, 7], [1, 1], [1, 1], [4, 8], total))
    assert spend[0].sum() == total


def test_of_two_lines_at_one_price_each_gets_its_part_of_the_room() -> None:
    # a third platform stands inside its bounds at that very price: 2 / (1 + x) = 1
    spend, price = water_filled(one([1e20, 1e20, 2], [1e-20, 1e-20, 1], [0] * 3, [10, 30, 10], 21))
    assert spend[0].tolist() == pytest.approx([5, 15, 1])
    assert price[0] == pytest.approx(1)


def test_problems_side_by_side_do_not_touch_each_other() -> None:
    scale, rate = np.array([[20.0, 10.0], [1.0, 1.0]]), np.ones((2, 2))
    floor, cap = np.zeros((2, 2), np.int64), np.full((2, 2), 9)
    spend, price = water_filled(Problems(scale, rate, floor, cap, np.array([4, 18])))
    # 30 / (4 + 2) = 5: 20 / 5 - 1 = 3, 10 / 5 - 1 = 1; and all caps
    assert spend.tolist() == [[3, 1], [9, 9]]
    assert price.tolist() == pytest.approx([5, 0.1])
