from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from service.worker.model_rows import BATCH, compute_in_batches, content_keys, reuse_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROW = np.dtype([("vector", np.float32, (2,)), ("length", np.int32)])


def rows_of(contents: list[str]) -> NDArray[np.void]:
    """A stand-in for a model: a row is a function of its content alone."""
    rows = np.zeros(len(contents), ROW)
    rows["length"] = [len(text) for text in contents]
    rows["vector"] = [[len(text) / 2, sum(map(ord, text))] for text in contents] or np.zeros(
        (0, 2)
    )
    return rows


CONTENTS = st.lists(st.text(max_size=3), max_size=12)


@given(CONTENTS, CONTENTS)
def test_reused_rows_are_those_that_would_be_computed(old: list[str], new: list[str]) -> None:
    computed: list[str] = []

    def compute(indices: NDArray[np.int64]) -> NDArray[np.void]:
        computed.extend(new[index] for index in indices)
        return rows_of([new[index] for index in indices])

    found = reuse_rows(content_keys(new), content_keys(old), rows_of(old), compute)
    assert np.array_equal(found, rows_of(new))
    assert not set(computed) & set(old)


def test_equal_contents_give_the_very_array_so_that_its_file_can_be_linked() -> None:
    old = rows_of(["oak", "elm"])
    keys = content_keys(["oak", "elm"])
    assert reuse_rows(keys, keys.copy(), old, lambda _: rows_of([])) is old


def test_contents_are_told_apart() -> None:
    keys = content_keys(["oak", "oak ", ""])
    assert keys.shape == (3, 2)
    assert len(np.unique(keys, axis=0)) == 3


def test_a_large_catalogue_is_computed_in_batches() -> None:
    sizes = []

    def compute(indices: NDArray[np.int64]) -> NDArray[np.int64]:
        sizes.append(len(indices))
        return indices * 2

    found = compute_in_batches(np.arange(BATCH + 1), compute)
    assert sizes == [BATCH, 1]
    assert np.array_equal(found, np.arange(BATCH + 1) * 2)


def test_nothing_to_compute_still_asks_once_for_the_dtype() -> None:
    found = compute_in_batches(np.arange(0), lambda _: rows_of([]))
    assert found.dtype == ROW
    assert len(found) == 0
