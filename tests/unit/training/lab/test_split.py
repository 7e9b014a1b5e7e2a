from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from training.lab.split import Split
from training.logs import TrainingDataError

_ITEMS = pl.DataFrame({"product_uid": ["1"], "title": ["A jug"], "sp_candidates": [["steel"]]})


def _facets(ts: list[float]) -> pl.DataFrame:
    size = len(ts)
    return pl.DataFrame(
        {
            "request": [f"s{at:.0f}" for at in ts],
            "ts": ts,
            "user_id": ["u" if place % 2 else None for place in range(size)],
            "sf_keyword": ["steel"] * size,
            "click": pl.Series([place % 2 for place in range(size)], dtype=pl.Float32),
        }
    )


def _clicks(ts: list[float]) -> pl.DataFrame:
    return pl.DataFrame({"ts": ts})


def test_the_first_seven_tenths_are_learnt_from() -> None:
    split = Split.of(_ITEMS, _facets([float(t) for t in range(10)]), _clicks([0.0, 6.9, 7.0, 8.0]))
    assert split.learnt.tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert split.tested.tolist() == [7, 8, 9]
    assert split.earlier.tolist() == [0, 1]  # an ad of the edge's own moment is not earlier
    assert split.clicked.tolist() == [1.0, 0.0, 1.0]


def test_rows_of_one_moment_stay_together() -> None:
    split = Split.of(_ITEMS, _facets([0, 0, 1, 1, 1, 1]), _clicks([]), share=0.7)
    assert split.edge_seconds == 1.0
    assert split.learnt.tolist() == [0, 1]
    assert split.tested.tolist() == [2, 3, 4, 5]


def test_tested_rows_know_their_shopper_and_page_view() -> None:
    split = Split.of(_ITEMS, _facets([0, 0, 1, 2, 2, 3]), _clicks([]), share=0.5)
    assert split.tested.tolist() == [3, 4, 5]
    assert split.shoppers.tolist() == [1, 0, 1]  # nobody known is 0
    assert split.requests[0] == split.requests[1] != split.requests[2]


def test_a_learning_curve_keeps_the_latest_of_both_logs_and_the_same_test() -> None:
    whole = Split.of(
        _ITEMS, _facets([float(t) for t in range(20)]), _clicks([1.0, 7.0, 12.0, 15.0])
    )
    half = whole.latest(0.5)
    assert whole.learnt.tolist() == list(range(14))
    assert half.learnt.tolist() == list(range(7, 14))
    assert half.earlier.tolist() == [1, 2]
    assert np.array_equal(half.tested, whole.tested)


def test_shoppers_can_be_hidden_in_either_log() -> None:
    clicks = pl.DataFrame({"ts": [0.0], "user_id": ["u"]})
    split = Split.of(_ITEMS, _facets([0, 1, 2]), clicks, share=0.5)
    hidden = split.anonymous(facets=False, clicks=True)
    assert hidden.clicks["user_id"].to_list() == [None]
    assert hidden.facets is split.facets
    assert split.anonymous(facets=True, clicks=False).facets["user_id"].null_count() == 3
    assert np.array_equal(hidden.tested, split.tested)


@pytest.mark.parametrize(
    ("ts", "said"), [([1.0, 1.0, 1.0], "nothing to learn from"), ([2.0, 1.0], "order of time")]
)
def test_logs_that_cannot_be_cut_are_refused(ts: list[float], said: str) -> None:
    with pytest.raises(TrainingDataError, match=said):
        Split.of(_ITEMS, _facets(ts), _clicks([]))
