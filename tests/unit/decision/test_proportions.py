from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from service.decision.proportions import split, split_above

weights = st.lists(st.integers(0, 10**12), min_size=1, max_size=20)


def test_the_largest_remainders_are_rounded_up() -> None:
    # 2.5, 3.75, 3.75
    assert split(10, [2, 3, 3]) == [2, 4, 4]
    assert split(10, [1, 1, 1]) == [4, 3, 3]


def test_nobody_gets_anything_where_nobody_has_a_weight() -> None:
    assert split(10, [0, 0]) == [0, 0]


@given(st.integers(0, 10**16), weights)
def test_the_sum_is_exact_and_no_part_is_off_by_one(total: int, of: list[int]) -> None:
    parts = split(total, of)
    assert sum(parts) == (total if any(of) else 0)
    assert all(
        abs(part * sum(of) - total * one) < max(1, sum(of))
        for part, one in zip(parts, of, strict=True)
    )


def test_who_has_more_already_keeps_it_and_the_others_share_the_rest() -> None:
    assert split_above(100, [50, 30, 20], [70, 0, 0]) == [70, 18, 12]
    # 18 is less than the 25 that the second has, so the third gets what is left
    assert split_above(100, [50, 30, 20], [70, 25, 0]) == [70, 25, 5]
    assert split_above(100, [100, 0], [0, 40]) == [60, 40]


@given(weights, st.data())
def test_no_one_gets_less_than_the_least(of: list[int], data: st.DataObject) -> None:
    least = data.draw(st.lists(st.integers(0, 10**6), min_size=len(of), max_size=len(of)))
    of = [one + 1 for one in of]
    total = sum(least) + data.draw(st.integers(0, 10**9))
    parts = split_above(total, of, least)
    assert sum(parts) == total
    assert all(part >= low for part, low in zip(parts, least, strict=True))
