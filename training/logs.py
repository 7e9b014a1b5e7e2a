"""Logs of a shop, read from parquet and checked: what was shown, what was clicked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_Kinds = dict[str, "pl.DataType | type[pl.DataType]"]

_FACET_COLUMNS: Final[_Kinds] = {
    "session_id": pl.String,
    "ts": pl.Float64,
    "user_id": pl.String,
    "query": pl.String,
    "sf_keyword": pl.String,
    "position": pl.Int64,
    "click": pl.Float32,
}
_CLICK_COLUMNS: Final[_Kinds] = {
    "request_id": pl.String,
    "ts": pl.Float64,
    "user_id": pl.String,
    "query": pl.String,
    "product_uid": pl.String,
    "slot": pl.Int64,
    "sp_shown": pl.List(pl.String),
    "click": pl.Float32,
    "conversion": pl.Float32,
}
_ITEM_COLUMNS: Final[_Kinds] = {
    "product_uid": pl.String,
    "title": pl.String,
    "sp_candidates": pl.List(pl.String),
}
_MAY_BE_NULL: Final = {"user_id", "sp_arm", "sp_shown", "sp_candidates"}
_FLAGS: Final = {"click", "conversion"}


class TrainingDataError(Exception):
    """A file cannot be learnt from; the message says which one and what was found."""


def read_facets(path: Path) -> pl.DataFrame:
    """Read feature words that were shown, one row each, in order of time.

    Columns: session_id, ts, user_id, query, sf_keyword, position, click.
    """
    return _in_order(_read(path, _FACET_COLUMNS), "session_id")


def read_clicks(path: Path) -> pl.DataFrame:
    """Read ads that were shown, one row each, in order of time.

    Columns: request_id, ts, user_id, query, product_uid, slot, sp_shown, click, conversion, and
    sp_arm where the log has it.
    """
    return _in_order(_read(path, _CLICK_COLUMNS, optional={"sp_arm": pl.String}), "request_id")


def read_items(path: Path) -> pl.DataFrame:
    """Read the catalogue, one product a row: product_uid, title, sp_candidates, price_z.

    A `price_z` that is missing or unknown is 0, the middle of its kind.
    """
    items = _read(path, _ITEM_COLUMNS, optional={"price_z": pl.Float32})
    if items["product_uid"].is_duplicated().any():
        twice = items.filter(pl.col("product_uid").is_duplicated())["product_uid"][0]
        raise TrainingDataError(f"{path}: product_uid {twice!r} stands there twice")
    if "price_z" not in items.columns:
        items = items.with_columns(price_z=pl.lit(0.0, pl.Float32))
    known = pl.col("price_z").is_finite().fill_null(value=False)
    return items.with_columns(
        pl.when(known).then("price_z").otherwise(0.0).cast(pl.Float32).alias("price_z")
    )


def with_known_products(clicks: pl.DataFrame, items: pl.DataFrame, path: Path) -> pl.DataFrame:
    """Return the rows of `clicks` whose product stands in `items`.

    Raises: TrainingDataError when no row is left.
    """
    kept = clicks.join(items.select("product_uid"), on="product_uid", maintain_order="left")
    if kept.is_empty():
        raise TrainingDataError(f"{path}: no product_uid of it stands in the items")
    return kept


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class _Column:
    """A column as found, and as it has to be."""

    path: Path
    name: str
    wanted: pl.DataType | type[pl.DataType]

    def cast(self, frame: pl.DataFrame) -> pl.Series:
        try:
            values = frame[self.name].cast(self.wanted)
        except pl.exceptions.PolarsError as error:
            raise TrainingDataError(
                f"{self.path}: column {self.name} is {frame.schema[self.name]}, not {self.wanted}"
            ) from error
        self._check(values)
        return values

    def _check(self, values: pl.Series) -> None:
        if self.name not in _MAY_BE_NULL and self.name != "price_z" and values.has_nulls():
            raise TrainingDataError(f"{self.path}: column {self.name} has empty values")
        if self.name == "ts" and not values.is_finite().all():
            raise TrainingDataError(f"{self.path}: column ts has values that are no time")
        if self.name in _FLAGS and not values.is_in([0.0, 1.0]).all():
            raise TrainingDataError(f"{self.path}: column {self.name} has values besides 0 and 1")


def _read(
    path: Path,
    columns: Mapping[str, pl.DataType | type[pl.DataType]],
    optional: Mapping[str, pl.DataType | type[pl.DataType]] | None = None,
) -> pl.DataFrame:
    if not path.is_file():
        raise TrainingDataError(f"{path}: no such file")
    try:
        found = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise TrainingDataError(f"{path}: not a parquet file ({error})") from error
    missing = [name for name in columns if name not in found.columns]
    if missing:
        raise TrainingDataError(f"{path}: lacks {', '.join(missing)}; has {found.columns}")
    if found.is_empty():
        raise TrainingDataError(f"{path}: has no rows")
    extra = {name: kind for name, kind in (optional or {}).items() if name in found.columns}
    wanted = {**columns, **extra}
    return pl.DataFrame([_Column(path, name, kind).cast(found) for name, kind in wanted.items()])


def _in_order(log: pl.DataFrame, request: str) -> pl.DataFrame:
    """Sort by time, then request; rows of one request keep their order."""
    return log.rename({request: "request"}).sort("ts", "request", maintain_order=True)
