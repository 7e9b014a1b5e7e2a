from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from service.worker.visits import date_back

SCHEMA = {"user": pl.String, "shown": pl.Float64, "settled": pl.Float64}


def dated(rows: list[tuple[str, float, float]]) -> list[tuple[str, float, float]]:
    frame = date_back(pl.DataFrame(rows, schema=SCHEMA, orient="row"))
    return frame.select("user", "shown", "ts").rows()


def test_a_row_without_an_earlier_open_page_keeps_its_time() -> None:
    assert dated([("ann", 10.0, 10.0), ("ann", 20.0, 25.0), ("ann", 26.0, 26.0)]) == [
        ("ann", 10.0, 10.0),
        ("ann", 20.0, 20.0),
        ("ann", 26.0, 26.0),
    ]


def test_a_row_shown_before_an_earlier_click_takes_the_time_of_that_page() -> None:
    # the page of second 10 is clicked in second 60; the one of second 30 must not know of it
    assert dated([("ann", 10.0, 60.0), ("ann", 30.0, 30.0), ("ann", 61.0, 61.0)]) == [
        ("ann", 10.0, 10.0),
        ("ann", 30.0, 10.0),
        ("ann", 61.0, 61.0),
    ]


def test_open_pages_that_overlap_are_one_visit() -> None:
    # 0..10, 5..20, 15: each is open when the next is shown
    assert dated([("ann", 0.0, 10.0), ("ann", 5.0, 20.0), ("ann", 15.0, 15.0)]) == [
        ("ann", 0.0, 0.0),
        ("ann", 5.0, 0.0),
        ("ann", 15.0, 0.0),
    ]


def test_shoppers_do_not_touch_each_other() -> None:
    assert dated([("ann", 0.0, 100.0), ("bob", 50.0, 50.0)]) == [
        ("ann", 0.0, 0.0),
        ("bob", 50.0, 50.0),
    ]


MOMENTS = st.integers(0, 60).map(float)
ROWS = st.lists(
    st.tuples(st.sampled_from(["ann", "bob"]), MOMENTS, st.integers(0, 30).map(float)), max_size=30
)


@given(ROWS)
def test_no_row_can_see_a_click_that_was_still_to_come(
    pages: list[tuple[str, float, float]],
) -> None:
    rows = [(user, shown, shown + open_for) for user, shown, open_for in pages]
    frame = date_back(pl.DataFrame(rows, schema=SCHEMA, orient="row"))
    assert frame.height == len(rows)
    for row in frame.iter_rows(named=True):
        assert row["ts"] <= row["shown"]
        visible = frame.filter(pl.col("user") == row["user"], pl.col("ts") < row["ts"])
        assert all(settled < row["shown"] for settled in visible["settled"])
