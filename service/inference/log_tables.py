"""Logs and catalogues read from parquet, with clear words where they do not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from service.contract.history_log import LoggedRows
from service.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy as np

    from service.contract.arrays import LongArray, TimeArray
    from service.contract.history_log import Codes

_SECONDS: Final = 1_000_000  # microseconds a second


def read_table(path: Path, role: str, needed: Iterable[str]) -> pl.DataFrame:
    """Read a parquet file that has at least the columns `needed`.

    Raises: BadInputError.
    """
    try:
        table = pl.read_parquet(path)
    except (Exception, pl.exceptions.PanicException) as error:  # a torn file can panic polars
        message = f"{role}: cannot read {path}: {str(error).splitlines()[0][:300]}"
        raise BadInputError(message) from error
    missing = [name for name in needed if name not in table.columns]
    if missing:
        message = f"{role}: {path} has no column {', '.join(missing)}; it has {table.columns}"
        raise BadInputError(message)
    return table


def keys(table: pl.DataFrame, name: str) -> list[str | None]:
    """Return a column of ids as text, so that 7, "7" and 7.0 are the same."""
    column = table[name]
    if column.dtype.is_float():
        column = column.cast(pl.Int64, strict=False)
    return cast(column, pl.String, name).to_list()


def texts(table: pl.DataFrame, name: str) -> list[str]:
    """Return a column of text, "" where there is none."""
    return cast(table[name], pl.String, name).fill_null("").to_list()


def numbers(table: pl.DataFrame, name: str) -> np.ndarray:
    """Return a column of numbers as float64, 0 where there is none."""
    column = cast(table[name], pl.Float64, name)
    return column.fill_null(0.0).fill_nan(0.0).to_numpy()


def times(table: pl.DataFrame, name: str, role: str) -> TimeArray:
    """Return a column of times in Unix seconds.

    Raises: BadInputError if it holds none somewhere.
    """
    column = table[name]
    if isinstance(column.dtype, pl.Datetime):
        column = column.dt.epoch("us") / _SECONDS
    column = cast(column, pl.Float64, name)
    unknown = int((~column.is_finite()).fill_null(value=True).sum())
    if unknown:
        message = f"{role}: {unknown} of {len(column)} rows have no time in {name!r}"
        raise BadInputError(message)
    return column.to_numpy()


def places(table: pl.DataFrame, name: str) -> LongArray:
    """Return a column of places from 1; where there is none, the first."""
    column = cast(table[name], pl.Int64, name)
    return column.fill_null(1).clip(1, 1000).to_numpy()


def cast(column: pl.Series, dtype: Any, name: str) -> pl.Series:
    """Return `column` as `dtype`.

    Raises: BadInputError if a value cannot be one.
    """
    try:
        return column.cast(dtype)
    except pl.exceptions.PolarsError as error:
        message = f"column {name!r} is {column.dtype}, not {dtype}"
        raise BadInputError(message) from error


def read_facets(path: Path, shoppers: Codes) -> LoggedRows:
    """Read feature words shown, in the layout of synth_s_sf."""
    needed = ("ts", "user_id", "query", "sf_keyword", "click")
    table = read_table(path, "facets", needed)
    return _logged(table, "facets", shoppers, texts(table, "sf_keyword"))


def read_clicks(path: Path, shoppers: Codes, titles: dict[str | None, str]) -> LoggedRows:
    """Read ads shown, in the layout of synth_s_c; `titles` by product."""
    needed = ("ts", "user_id", "query", "product_uid", "click")
    table = read_table(path, "clicks", needed)
    shown = [titles.get(key) for key in keys(table, "product_uid")]
    return _logged(table, "clicks", shoppers, shown)


def _logged(
    table: pl.DataFrame, role: str, shoppers: Codes, shown: list[str] | list[str | None]
) -> LoggedRows:
    return LoggedRows(
        shoppers.of(keys(table, "user_id")),
        times(table, "ts", role),
        texts(table, "query"),
        shown,
        numbers(table, "click") > 0,
    )
