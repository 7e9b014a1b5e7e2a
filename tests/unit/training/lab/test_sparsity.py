from __future__ import annotations

import polars as pl

from training.lab.sparsity import cells
from training.lab.split import Split

_ITEMS = pl.DataFrame({"product_uid": ["1"], "title": ["A jug"], "sp_candidates": [["steel"]]})


def test_shoppers_are_told_apart_by_clicks_before_the_edge() -> None:
    # before the edge: a clicked 7 words and 22 ads, b 6 words and 21 ads, c nothing
    before = ["a"] * 7 + ["b"] * 6
    tested = ["a", "b", "c", "a", "b"]
    facets = pl.DataFrame(
        {
            "request": ["r"] * 18,
            "ts": [float(place) for place in range(18)],
            "user_id": before + tested,
            "click": pl.Series([1.0] * 18, dtype=pl.Float32),
        }
    )
    ads = ["a"] * 22 + ["b"] * 21 + ["b"] * 9
    clicks = pl.DataFrame(
        {
            "ts": [0.0] * 43 + [99.0] * 9,  # what b clicks later does not count
            "user_id": ads,
            "click": pl.Series([1.0] * 52, dtype=pl.Float32),
        }
    )
    split = Split.of(_ITEMS, facets, clicks, share=13 / 18)
    assert split.tested.tolist() == [13, 14, 15, 16, 17]
    rows = {cell.name: cell.rows.nonzero()[0].tolist() for cell in cells(split)}
    assert rows == {
        "≤ 6 / > 21": [],
        "≤ 6 / ≤ 21": [1, 2, 4],
        "> 6 / > 21": [0, 3],
        "> 6 / ≤ 21": [],
    }
