"""The files that `make real` reads, cut in time: the past is learnt from, the rest is judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from pathlib import Path

PAST_SHARE = 0.7
NOBODY = -1  # a shopper without history

_ITEMS = "synth_items_rich.parquet"
_FACETS = "synth_s_sf_rich.parquet"
_CLICKS = "synth_s_c_rich.parquet"
_JUDGED = "rel_homedepot.parquet"


class MissingDataError(Exception):
    """The folder named by `SALIENT_DATA` lacks a file."""


@dataclass(frozen=True, slots=True)
class Files:
    """Where the real files lie, and the past that is cut from them."""

    items: Path
    facets: Path
    clicks: Path
    judged: Path
    past_facets: Path
    past_clicks: Path


def cut(data: Path, work: Path) -> Files:
    """Cut the first 70 % by time of both logs into files of their own.

    Raises: MissingDataError naming the file that is not there.
    """
    for name in (_ITEMS, _FACETS, _CLICKS, _JUDGED):
        if not (data / name).is_file():
            raise MissingDataError(f"SALIENT_DATA is {data}, which holds no {name}")
    files = Files(
        items=data / _ITEMS,
        facets=data / _FACETS,
        clicks=data / _CLICKS,
        judged=data / _JUDGED,
        past_facets=work / "facets.parquet",
        past_clicks=work / "clicks.parquet",
    )
    for source, target in ((files.facets, files.past_facets), (files.clicks, files.past_clicks)):
        log = pl.read_parquet(source)
        log.filter(pl.col("ts") <= cut_moment(log)).write_parquet(target)
    return files


def cut_moment(log: pl.DataFrame) -> int:
    """When the past ends: the last second of the first 70 % of rows."""
    return int(log["ts"].sort()[int(len(log) * PAST_SHARE) - 1])


def split(path: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A log as past and rest."""
    log = pl.read_parquet(path)
    moment = cut_moment(log)
    return log.filter(pl.col("ts") <= moment), log.filter(pl.col("ts") > moment)


def judged_pairs(files: Files, queries: list[str]) -> pl.DataFrame:
    """All pairs of these queries that people judged: query, product_uid, title, relevance."""
    pairs = pl.read_parquet(files.judged).filter(pl.col("query").is_in(queries))
    titles = pl.read_parquet(files.items).select("product_uid", "title")
    return (
        pairs.join(titles, on="product_uid", how="inner")
        .select("query", "product_uid", "title", "relevance")
        .sort("query", "product_uid")
    )


def as_log_rows(pairs: pl.DataFrame, now: int) -> pl.DataFrame:
    """Pairs in the layout of the click log: nobody's, in the first slot, under the plain title."""
    return pairs.select(
        request_id=pl.int_range(pl.len(), dtype=pl.Int64),
        ts=pl.lit(now, dtype=pl.Int64),
        user_id=pl.lit(NOBODY, dtype=pl.Int64),
        query=pl.col("query"),
        product_uid=pl.col("product_uid"),
        slot=pl.lit(1, dtype=pl.Int64),
        propensity=pl.lit(1.0),
        sp_arm=pl.lit("none"),
        sp_shown=pl.lit([], dtype=pl.List(pl.String)),
        mobile=pl.lit(0, dtype=pl.Int64),
    )


def moved_to_end_at(log: pl.DataFrame, now: float) -> pl.DataFrame:
    """The same log, moved in time so that its last row is one minute old."""
    shift = int(now) - 60 - int(log["ts"].cast(pl.Int64).max() or 0)  # type: ignore[arg-type]
    return log.with_columns(ts=pl.col("ts") + shift)
