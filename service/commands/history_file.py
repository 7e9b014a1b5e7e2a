"""A history of platforms from a parquet file, refused in clear words where it is none."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from service.contract.platform_days import PlatformDaysError, platform_days
from service.contract.platform_table import TABLE_COLUMNS, day_rows
from service.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from service.contract.platform_days import PlatformDays

_EPOCH: Final = date(1970, 1, 1).toordinal()
_FIRST: Final = date(2, 1, 1)  # a year to spare for zones, and for the day after
_LAST: Final = date(9998, 12, 31)
_PER_DAY: Final = {"ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}


def read_history(path: Path, named: Collection[str] = ()) -> PlatformDays:
    """Return the history in the file; platforms that are `named` are there without a row, too.

    Raises: BadInputError.
    """
    table = _table(path)
    found: list[str] = [name for name in TABLE_COLUMNS if name in table.columns]
    try:
        columns = {name: _values(table[name]) for name in found}
        days = platform_days(day_rows(columns), platforms=named)
    except PlatformDaysError as error:
        raise BadInputError(f"{path}: {error}") from error
    if days.last_day == date.max:
        raise BadInputError(f"{path}: the last day is {days.last_day}, no day comes after it")
    return days


def _table(path: Path) -> pl.DataFrame:
    if not path.is_file():
        raise BadInputError(f"{path}: {'not a file' if path.exists() else 'no such file'}")
    try:
        return pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise BadInputError(f"{path}: not a parquet file ({error})") from error


def _values(column: pl.Series) -> list[Any]:
    """The values as Python has them; numbers that databases write as decimals are numbers."""
    if column.dtype.is_decimal():
        column = column.cast(pl.Float64)
    if column.dtype.is_temporal():
        _refuse_far_days(column)
    return column.to_list()


def _refuse_far_days(column: pl.Series) -> None:
    """Refuse days that Python's calendar has not; they come of times in another unit."""
    per_day = _PER_DAY[column.dtype.time_unit] if isinstance(column.dtype, pl.Datetime) else 1
    days = column.to_physical() // per_day + _EPOCH
    far = ~days.is_between(_FIRST.toordinal(), _LAST.toordinal())
    for place in far.fill_null(value=False).arg_true().head(1):
        message = f"row {place + 1}: {column.name} lies outside the years 2 to 9998"
        raise PlatformDaysError(f"{message}: is its unit right?")
