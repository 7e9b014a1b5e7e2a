from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from service.decision.lists import RowLists


def test_lists_are_kept_in_order() -> None:
    table = RowLists.of([[3, 1], [], [2]])
    assert len(table) == 3
    assert [table[row].tolist() for row in range(3)] == [[3, 1], [], [2]]


def test_inverted_says_which_rows_hold_a_value() -> None:
    # value 0 is in row 1, value 1 in rows 0 and 1, value 2 in none
    inverted = RowLists.of([[1], [0, 1]]).inverted(3)
    assert [inverted[value].tolist() for value in range(3)] == [[1], [0, 1], []]


def test_gathered_lists_stand_one_after_the_other() -> None:
    values, begins = RowLists.of([[3, 1], [], [2]]).gather(np.array([2, 1, 0], np.int32))
    assert values.tolist() == [2, 3, 1]
    assert begins.tolist() == [0, 1, 1, 3]


@given(st.lists(st.lists(st.integers(0, 9))), st.data())
def test_gathering_is_concatenating(lists: list[list[int]], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.integers(0, max(len(lists) - 1, 0)), max_size=5)) if lists else []
    values, begins = RowLists.of(lists).gather(np.array(rows, np.int32))
    assert values.tolist() == [value for row in rows for value in lists[row]]
    assert np.diff(begins).tolist() == [len(lists[row]) for row in rows]
