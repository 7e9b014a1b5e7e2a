from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.contract.history import (
    EMPTY_HISTORY,
    HISTORY_LIMIT,
    NOBODY,
    TITLE_LIMIT,
    History,
    HistoryLog,
    Timeline,
    Trail,
)
from service.contract.history_log import Codes, LoggedRows, build_history


@dataclass(frozen=True)
class Row:
    shopper: int
    ts: float
    query: str
    text: str | None
    clicked: bool = True


def logged(*rows: Row) -> LoggedRows:
    return LoggedRows(
        np.array([row.shopper for row in rows], np.int64),
        np.array([row.ts for row in rows], np.float64),
        [row.query for row in rows],
        [row.text for row in rows],
        np.array([row.clicked for row in rows], np.bool_),
    )


def look_up(log: HistoryLog, shopper: int, ts: float) -> History:
    return log.at(np.array([shopper]), np.array([ts])).history(0)


FACETS = logged(
    Row(1, 100.0, "sink", "steel"),
    Row(1, 100.0, "sink", "oak", clicked=False),
    Row(1, 200.0, "lamp", "led"),
    Row(2, 150.0, "pipe", "pvc"),
)
CLICKS = logged(
    Row(1, 150.0, "sink", "Steel Sink"),
    Row(1, 160.0, "sink", None),
    Row(NOBODY, 10.0, "tap", "Tap"),
)


def test_a_row_sees_what_lies_strictly_before_it_newest_first() -> None:
    log = build_history(FACETS, CLICKS)
    assert look_up(log, 1, 250.0) == History(
        (("led", 50.0), ("steel", 150.0)),
        (("Steel Sink", 100.0),),
        (("lamp", 50.0), ("sink", 90.0), ("sink", 100.0), ("sink", 150.0)),
    )


def test_the_same_moment_is_not_before() -> None:
    log = build_history(FACETS, CLICKS)
    assert look_up(log, 1, 200.0).feature_words == (("steel", 100.0),)
    assert look_up(log, 1, 200.5).feature_words == (("led", 0.5), ("steel", 100.5))
    assert look_up(log, 1, 100.0) == EMPTY_HISTORY


def test_shoppers_do_not_see_each_other() -> None:
    log = build_history(FACETS, CLICKS)
    assert look_up(log, 2, 999.0) == History((("pvc", 849.0),), (), (("pipe", 849.0),))
    assert look_up(log, 3, 999.0) == EMPTY_HISTORY


def test_nobody_has_no_history() -> None:
    assert look_up(build_history(FACETS, CLICKS), NOBODY, 999.0) == EMPTY_HISTORY


def test_without_logs_there_is_no_history() -> None:
    assert look_up(build_history(None, None), 1, 999.0) == EMPTY_HISTORY


def test_each_log_may_stand_alone() -> None:
    assert look_up(build_history(None, CLICKS), 1, 200.0).titles == (("Steel Sink", 50.0),)
    assert look_up(build_history(FACETS, None), 1, 150.0).feature_words == (("steel", 50.0),)


def test_only_the_newest_are_seen() -> None:
    rows = [Row(1, float(ts), "q", f"word {ts}") for ts in range(60)]
    found = look_up(build_history(logged(*rows), None), 1, 60.0)
    assert len(found.feature_words) == HISTORY_LIMIT
    assert found.feature_words[0] == ("word 59", 1.0)
    assert found.feature_words[-1] == ("word 10", 50.0)
    assert len(found.queries) == 20
    rows = [Row(1, float(ts), "q", f"title {ts}") for ts in range(120)]
    assert len(look_up(build_history(None, logged(*rows)), 1, 120.0).titles) == TITLE_LIMIT


def test_of_one_moment_the_later_given_is_newer() -> None:
    log = build_history(logged(Row(1, 5.0, "q", "first"), Row(1, 5.0, "q", "second")), None)
    assert look_up(log, 1, 6.0).feature_words == (("second", 1.0), ("first", 1.0))
    assert look_up(log, 1, 6.0).queries == (("q", 1.0),)


def test_codes_are_shared_and_none_is_nobody() -> None:
    codes = Codes()
    assert codes.of(["a", "b", None, "a"]).tolist() == [0, 1, NOBODY, 0]
    assert codes.of(["c", "b"]).tolist() == [2, 1]


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), max_size=60),
    st.lists(st.tuples(st.integers(-1, 4), st.integers(-1, 11)), min_size=1, max_size=20),
    st.integers(1, 5),
)
def test_the_gather_agrees_with_a_plain_search(
    events: list[tuple[int, int]], asked: list[tuple[int, int]], limit: int
) -> None:
    trail = Trail(
        np.array([shopper for shopper, _ in events], np.int64),
        np.array([ts for _, ts in events], np.float64),
        np.arange(len(events), dtype=np.int32),
    )
    starts, ends = trail.before(
        np.array([s for s, _ in asked]), np.array([t for _, t in asked], np.float64), limit
    )
    for (shopper, ts), start, end in zip(asked, starts, ends, strict=True):
        seen = [n for n, (s, t) in enumerate(events) if s == shopper and t < ts]
        seen = sorted(seen, key=lambda n: events[n][1])[-limit:]
        assert trail.texts[start:end].tolist() == seen


def test_rows_know_how_many_they_are() -> None:
    rows = build_history(FACETS, CLICKS).at(np.array([1, 2, 3]), np.array([1.0, 2.0, 3.0]))
    assert len(rows) == 3
    with pytest.raises(IndexError):
        rows.history(3)


def test_a_timeline_is_pairs_of_text_and_age() -> None:
    line = Timeline(("led", "oak"), [90.0, 40.0], now=100.0)
    assert line == (("led", 10.0), ("oak", 60.0))
    assert line[0] == ("led", 10.0)
    assert line[1:] == (("oak", 60.0),)
    assert hash(line) == hash((("led", 10.0), ("oak", 60.0)))
    assert line != 7
    assert Timeline.of(line) is line
    assert Timeline.of((("led", 10.0), ("oak", 60.0))) == line
    assert Timeline.of(()) == Timeline((), [], now=1.0)
    assert line.newest(1) == (("led", 10.0),)


def test_what_a_clock_ahead_of_ours_wrote_is_new() -> None:
    assert Timeline(("led", "oak"), [105.0, 40.0], now=100.0) == (
        ("led", 0.0),
        ("oak", 60.0),
    )
