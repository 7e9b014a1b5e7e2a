"""A history out of a table that somebody made."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import Any

import pytest

from service.contract.platform_days import DayRow, PlatformDaysError
from service.contract.platform_table import day_rows

DAY = date(2026, 6, 1)


def table(**changed: Any) -> dict[str, list[Any]]:
    plain = {
        "date": DAY, "platform": "web", "spend": 1.5,
        "impressions": 10, "clicks": 3, "conversions": 1,
    }  # fmt: skip
    return {name: [value] for name, value in (plain | changed).items()}


@pytest.mark.parametrize(
    "day",
    [
        DAY,
        datetime(2026, 6, 1, 23, 59, tzinfo=UTC),
        "2026-06-01",
        " 2026-06-01 ",
        "2026-06-01T08:00:00Z",
    ],
)
def test_days_times_and_texts_are_days(day: object) -> None:
    assert day_rows(table(date=day)) == [DayRow(DAY, "web", 1_500_000, 10, 3, 1)]


def test_spend_becomes_micros_and_counts_whole() -> None:
    (row,) = day_rows(table(spend=0.0000014, impressions=9.6, clicks=3.0))
    assert (row.spend, row.impressions, row.clicks) == (1, 10, 3)
    assert all(type(value) is int for value in row[2:])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"spend": math.nan}, "row 1: spend is 'nan', expected a finite number"),
        ({"spend": "12"}, "row 1: spend is '12'"),
        ({"clicks": None}, "row 1: clicks is 'None'"),
        ({"clicks": True}, "row 1: clicks is 'True'"),
        ({"conversions": math.inf}, "row 1: conversions is 'inf'"),
        ({"date": "01.06.2026"}, "row 1: date is '01.06.2026', expected a day like 2026-06-01"),
        ({"date": 20260601.5}, "row 1: date is"),
        ({"platform": None}, "row 1: platform is 'None', expected text"),
    ],
)
def test_what_is_no_day_number_or_name_is_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(PlatformDaysError, match=said):
        day_rows(table(**changed))


def test_missing_columns_are_named() -> None:
    columns = table()
    del columns["clicks"], columns["date"]
    with pytest.raises(PlatformDaysError, match=r"lacks the columns \['date', 'clicks'\]"):
        day_rows(columns)
