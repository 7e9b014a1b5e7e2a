"""Histories of platforms, read from parquet and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from service.contract.platform_days import PlatformDaysError, platform_days
from service.contract.platform_table import TABLE_COLUMNS, day_rows
from training.logs import TrainingDataError

if TYPE_CHECKING:
    from pathlib import Path

    from service.contract.platform_days import PlatformDays


def read_history(path: Path) -> PlatformDays:
    """Read what platforms cost and brought, a row for each day and platform, in any order.

    Columns: date, platform, spend (units of the currency), impressions, clicks, conversions.

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
        return platform_days(day_rows({name: table[name].to_list() for name in names}))
    except PlatformDaysError as error:
        raise TrainingDataError(f"{path}: {error}") from error
