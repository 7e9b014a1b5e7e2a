"""The history of platforms as a table."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from service.contract.platform_days import DayRow, PlatformDaysError, platform_days

MONDAY = date(2026, 6, 1)
TUESDAY, THURSDAY = MONDAY + timedelta(1), MONDAY + timedelta(3)


def test_rows_in_any_order_become_days_without_gaps_and_sums() -> None:
    rows = [
        DayRow(THURSDAY, "web", 5_000_000, 1_000, 40, 2),
        DayRow(MONDAY, "web", 1_000_000, 200, 9, 1),
        DayRow(TUESDAY, "instagram", 7, 8, 9, 10),
        DayRow(MONDAY, "web", 500_000, 100, 1, 0),
    ]
    days = platform_days(rows)
    assert days.platforms == ("instagram", "web")
    assert (days.first_day, days.last_day) == (MONDAY, THURSDAY)
    assert days.totals.shape == (2, 4, 4)
    assert days.known.tolist() == [[False, True, False, False], [True, False, False, True]]
    assert days.totals[1, 0].tolist() == [1_500_000, 300, 10, 1]
    assert days.metric("clicks").tolist() == [[0, 9, 0, 0], [10, 0, 0, 40]]


def test_a_day_on_which_nothing_was_spent_is_known() -> None:
    days = platform_days([DayRow(MONDAY, "web", 0, 0, 0, 0)])
    assert days.known.tolist() == [[True]]


def test_later_rows_are_left_out_and_later_days_are_unknown() -> None:
    rows = [DayRow(MONDAY, "web", 1, 1, 1, 1), DayRow(THURSDAY, "new", 2, 2, 2, 2)]
    assert platform_days(rows, until=TUESDAY).platforms == ("web",)
    assert platform_days(rows, until=TUESDAY).known.tolist() == [[True, False]]
    assert platform_days(rows[:1], until=THURSDAY).known.tolist() == [[True, False, False, False]]


def test_platforms_without_a_row_are_there_where_they_are_named() -> None:
    days = platform_days([], until=MONDAY, platforms=("web", "app"))
    assert days.platforms == ("app", "web")
    assert (days.first_day, days.last_day) == (MONDAY, MONDAY)
    assert not days.known.any()
    assert days.totals.shape == (2, 1, 4)


def test_a_history_is_cut_where_it_was_known() -> None:
    rows = [DayRow(MONDAY, "web", 1, 1, 1, 1), DayRow(THURSDAY, "web", 2, 2, 2, 2)]
    days = platform_days(rows).until(TUESDAY)
    assert days.last_day == TUESDAY
    assert days.totals[0, :, 0].tolist() == [1, 0]
    for wrong in (MONDAY - timedelta(1), THURSDAY):
        with pytest.raises(
            PlatformDaysError, match=rf"from 2026-06-01 to 2026-06-02, not to {wrong}"
        ):
            days.until(wrong)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (DayRow(MONDAY, "web", -1, 0, 0, 0), r"row 2 \(web, 2026-06-01\): spend is -1, expected"),
        (DayRow(MONDAY, "web", 0, 0, float("nan"), 0), "row 2 .*: clicks is nan"),  # type: ignore[arg-type]
        (DayRow(MONDAY, "web", 0, 0, 0, float("inf")), "row 2 .*: conversions is inf"),  # type: ignore[arg-type]
        (DayRow(MONDAY, "web", 2**53 + 1, 0, 0, 0), "row 2 .*: spend is 9007199254740993"),
        (DayRow(MONDAY, " ", 0, 0, 0, 0), "row 2: a platform's name has 1 to 200 .* ' '"),
        (DayRow(MONDAY, "w" * 201, 0, 0, 0, 0), "row 2: a platform's name"),
        (DayRow(date(2006, 1, 1), "web", 0, 0, 0, 0), "7457 days from 2006-01-01; give at most"),
    ],
)
def test_bad_rows_are_refused_by_number(row: DayRow, said: str) -> None:
    with pytest.raises(PlatformDaysError, match=said):
        platform_days([DayRow(MONDAY, "web", 1, 1, 1, 1), row])


def test_too_many_platforms_and_no_rows_are_refused() -> None:
    rows = [DayRow(MONDAY, f"p{number}", 1, 1, 1, 1) for number in range(65)]
    assert len(platform_days(rows[:64]).platforms) == 64
    with pytest.raises(PlatformDaysError, match="65 platforms, at most 64"):
        platform_days(rows)
    with pytest.raises(PlatformDaysError, match="no rows"):
        platform_days([])
    with pytest.raises(PlatformDaysError, match="no platform has a row up to the last day"):
        platform_days(rows, until=MONDAY - timedelta(1))


def test_sums_are_exact_to_the_micro() -> None:
    rows = [DayRow(MONDAY, "web", 10**15, 0, 0, 0), DayRow(MONDAY, "web", 1, 0, 0, 0)]
    assert platform_days(rows).totals[0, 0, 0] == np.float64(10**15 + 1)
