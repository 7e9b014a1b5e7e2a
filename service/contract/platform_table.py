"""A history of platforms from a table that somebody made: refused in clear words."""

from __future__ import annotations

import math
from datetime import date, datetime  # noqa: TID251 - days as values; nothing here asks for today's
from typing import TYPE_CHECKING, Any, Final

from service.contract.platform_days import METRICS, DayRow, PlatformDaysError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TABLE_COLUMNS: Final = ("date", "platform", *METRICS)
"""The columns of a history: spend in units of the currency, the rest whole counts."""

_MICROS: Final = 1_000_000


def day_rows(columns: Mapping[str, Sequence[object]]) -> list[DayRow]:
    """Return the rows of a table; dates may be days, times, or text like 2026-06-01.

    Spend is rounded to micros, counts to whole numbers. What is negative or too large is left for
    `platform_days` to refuse.

    Raises: PlatformDaysError naming the row and the column.
    """
    missing = [name for name in TABLE_COLUMNS if name not in columns]
    if missing:
        message = f"lacks the columns {missing}; has {sorted(columns)[:20]}"
        raise PlatformDaysError(message)
    table = zip(*(columns[name] for name in TABLE_COLUMNS), strict=True)
    return [_row(number, values) for number, values in enumerate(table, start=1)]


def _row(number: int, values: tuple[object, ...]) -> DayRow:
    day, platform, spend, *counts = values
    if not isinstance(platform, str):
        raise _wrong(number, "platform", platform, "text")
    found = [_number(number, name, value) for name, value in zip(METRICS[1:], counts, strict=True)]
    paid = _number(number, "spend", spend, _MICROS)
    return DayRow(_day(number, day), platform, paid, *found)


def _day(number: int, value: object) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return datetime.fromisoformat(str(value).strip()).date()
    except ValueError as error:
        raise _wrong(number, "date", value, "a day like 2026-06-01") from error


def _number(number: int, name: str, value: Any, unit: int = 1) -> int:
    if type(value) not in {int, float} or not math.isfinite(value):
        raise _wrong(number, name, value, "a finite number")
    whole: int = round(value * unit)
    return whole


def _wrong(number: int, name: str, found: object, expected: str) -> PlatformDaysError:
    message = f"row {number}: {name} is {str(found)[:80]!r}, expected {expected}"
    return PlatformDaysError(message)
