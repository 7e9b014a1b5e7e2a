"""Histories of platforms, read from parquet and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from service.contract.platform_days import PlatformDaysError, platform_days
from service.contract.platform_table import TABLE_COLUMNS, day_rows
from training.logs import TrainingDataError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from service.contract.platform_days import DayRow, PlatformDays


def read_history(path: Path) -> list[PlatformDays]:
    """Read what platforms cost and brought, a row for each day and platform, in any order.

    Columns: date, platform, spend (units of the currency), impressions, clicks, conversions. In a
    platform's name, what stands before the last slash is the advertiser; each has a history of
    its own.

    Raises: TrainingDataError.
    """
    if not path.is_file():
        raise TrainingDataError(f"{path}: no such file")
    try:
        table = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise TrainingDataError(f"{path}: not a parquet file ({error})") from error
    names = [name for name in TABLE_COLUMNS if name in table.columns]
    try:
        rows = day_rows({name: table[name].to_list() for name in names})
        return by_advertiser(rows)
    except PlatformDaysError as error:
        raise TrainingDataError(f"{path}: {error}") from error


def by_advertiser(rows: Iterable[DayRow]) -> list[PlatformDays]:
    """Return the history of each advertiser, in order of their names.

    Raises: PlatformDaysError.
    """
    of: dict[str, list[DayRow]] = {}
    for row in rows:
        of.setdefault(row.platform.rpartition("/")[0], []).append(row)
    if not of:
        raise PlatformDaysError("has no rows")
    return [platform_days(of[name]) for name in sorted(of)]
