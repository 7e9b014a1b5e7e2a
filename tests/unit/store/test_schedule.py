"""Hours of the week, written and in minutes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.store.schedule import DAYS, WEEK, Span, minutes_of, spans_of

WEEKDAYS = DAYS[:5]


def test_office_hours_are_five_ranges_and_read_back_as_one_line() -> None:
    # Tuesday 08:00 is minute 1440 + 480
    minutes = minutes_of([Span(WEEKDAYS, "08:00", "20:00")])
    assert minutes[:2] == ((480, 1200), (1920, 2640))
    assert len(minutes) == 5
    assert spans_of(minutes) == (Span(WEEKDAYS, "08:00", "20:00"),)


def test_an_end_before_its_start_is_on_the_next_day_also_from_sunday_to_monday() -> None:
    # Sunday 22:00 is minute 8640 + 1320 = 9960; the week ends at 10080
    assert minutes_of([Span(("sun",), "22:00", "06:00")]) == ((0, 360), (9960, WEEK))
    nights = Span(DAYS, "22:00", "06:00")
    assert spans_of(minutes_of([nights])) == (nights,)


def test_hours_that_touch_or_overlap_count_once() -> None:
    spans = [Span(("mon",), "08:00", "12:00"), Span(("mon",), "11:00", "13:30")]
    assert minutes_of(spans) == ((480, 810),)
    assert minutes_of([Span(DAYS, "00:00", "24:00")]) == ((0, WEEK),)
    assert spans_of(((0, WEEK),)) == (Span(DAYS, "00:00", "24:00"),)
    # midnight may be written either way
    assert minutes_of([Span(("sun",), "20:00", "00:00")]) == minutes_of(
        [Span(("sun",), "20:00", "24:00")]
    )


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (Span(("mon",), "08:00", "08:00"), "is no time"),
        (Span(("mon",), "24:00", "08:00"), "is no time"),
        (Span(("mon",), "8:00", "09:00"), "no time of day"),
        (Span(("mon",), "08:00", "24:30"), "no time of day"),
        (Span(("Monday",), "08:00", "09:00"), "the days are mon, tue"),
        (Span((), "08:00", "09:00"), "name a day"),
    ],
)
def test_what_is_no_span_is_refused_with_words(span: Span, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        minutes_of([span])


@given(st.lists(st.tuples(st.integers(0, WEEK - 1), st.integers(1, WEEK)), max_size=12))
def test_whatever_minutes_there_are_read_back_as_the_same(drawn: list[tuple[int, int]]) -> None:
    ranges: list[tuple[int, int]] = []
    for start, length in sorted(drawn):
        if not ranges or start > ranges[-1][1]:
            ranges.append((start, min(start + length, WEEK)))
    assert minutes_of(spans_of(ranges)) == tuple(ranges)
