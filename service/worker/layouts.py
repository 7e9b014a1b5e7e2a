"""From a raw log to the two training tables, point in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from service.worker.numbering import number_all, number_anew
from service.worker.visits import LATE_CLICK_SECONDS, date_back

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from service.worker.raw_log import RawLog

CONVERSION_WINDOW_SECONDS = 7 * 86_400.0
"""A purchase without a verdict, told before there were any or a moment ago, belongs to the last
click of the shopper on that product within this time before it."""

FACETS = pl.Schema(
    {
        "session_id": pl.Int64(),
        "ts": pl.Int64(),  # Unix seconds
        "user_id": pl.Int64(),
        "query": pl.String(),
        "sf_keyword": pl.String(),
        "position": pl.Int64(),  # 1 is the first
        "click": pl.Int64(),
    }
)
CLICKS = pl.Schema(
    {
        "request_id": pl.Int64(),
        "ts": pl.Int64(),  # Unix seconds
        "user_id": pl.Int64(),
        "query": pl.String(),
        "product_uid": pl.Int64(),
        "slot": pl.Int64(),  # 1 is the first
        "propensity": pl.Float64(),
        "sp_arm": pl.String(),
        "sp_shown": pl.List(pl.String()),
        "click": pl.Int64(),
        "conversion": pl.Int64(),
        "mobile": pl.Int64(),
    }
)
EXPERIMENTS = pl.Schema(
    {
        "request_id": pl.Int64(),  # of the clicks
        "ts": pl.Int64(),  # Unix seconds
        "user_id": pl.Int64(),
        "experiment_id": pl.String(),
        "arm": pl.String(),
        "bucket": pl.Int64(),
    }
)
_PAGES = ("ts", "shown", "request_id", "slot")
_CHIP = ["user", "session", "query", "feature_word"]


@dataclass(frozen=True, slots=True)
class TrainingRows:
    """Both tables as training reads them, and how many rows were left out, by why.

    `experiments` has a row for each arm that a request of the clicks was in.
    """

    facets: pl.DataFrame
    clicks: pl.DataFrame
    experiments: pl.DataFrame
    left_out: dict[str, int]


def training_rows(log: RawLog, *, products: Collection[str]) -> TrainingRows:
    """Join what was shown with what came of it.

    Left out: ads that nobody saw, ads with an invalid impression or click, products that the
    catalogue no longer holds, and rows clicked more than `LATE_CLICK_SECONDS` after their page.
    """
    ads, chips = _ads(log), _chips(log.events)
    seen = ads.filter(pl.col("seen"))
    valid = seen.filter(~pl.col("invalid"))
    known = valid.filter(pl.col("product_id").is_in(sorted(products)))
    rows = pl.concat([chips, known], how="diagonal")
    in_time = rows.filter(pl.col("settled") - pl.col("shown") <= LATE_CLICK_SECONDS)
    dated = date_back(in_time)
    users = number_anew(dated["user"])
    shown = dated.filter(pl.col("impression_id").is_not_null())
    return TrainingRows(
        facets=_facet_layout(dated.filter(pl.col("impression_id").is_null()), users),
        clicks=_click_layout(shown, users),
        experiments=_experiment_layout(shown, users),
        left_out={
            "not_seen": ads.height - seen.height,
            "invalid": seen.height - valid.height,
            "product_gone": valid.height - known.height,
            "late_click": rows.height - in_time.height,
        },
    )


def _ads(log: RawLog) -> pl.DataFrame:
    """A row an award: was it seen, was that invalid, its click and when that was known.

    A valid click outweighs invalid ones (a link fetched ahead, then clicked). Without one, an
    invalid click spoils the row: nobody knows what a person would have done.
    """
    is_click, valid = pl.col("type") == "click", ~pl.col("invalid")
    outcomes = (
        log.events.filter(pl.col("type").is_in(["impression", "view", "click"]))
        .group_by("impression_id")
        .agg(
            clicked=pl.col("known").filter(is_click & valid).min(),
            spoilt=(is_click & ~valid).any() | ~valid.any(),
        )
    )
    ads = log.awards.join(outcomes, on="impression_id", how="left", validate="m:1")
    ads = ads.with_columns(
        seen=pl.col("spoilt").is_not_null(),  # a click proves that it was seen, too
        invalid=pl.col("clicked").is_null() & pl.col("spoilt"),
        click=pl.col("clicked").is_not_null().cast(pl.Int64),
        settled=pl.max_horizontal("shown", "clicked"),
    )
    bought = _bought(ads, log.events)
    return ads.with_columns(
        conversion=pl.col("impression_id").is_in(bought.implode()).cast(pl.Int64)
    )


def _bought(ads: pl.DataFrame, events: pl.DataFrame) -> pl.Series:
    """The impressions whose click led to a purchase: those that one was attributed to.

    Without a verdict it is the one that the purchase names, or else the shopper's last one.
    """
    clicks = ads.filter(pl.col("clicked").is_not_null(), ~pl.col("invalid")).select(
        "impression_id", "clicked", user="user", product_id="product_id"
    )
    every = events.filter(pl.col("type") == "conversion", ~pl.col("invalid"))
    purchases = every.filter(pl.col("owed").is_null()).select(
        "user", "product_id", "happened", named="impression_id"
    )
    attributed = purchases.sort("happened").join_asof(
        clicks.sort("clicked"),
        left_on="happened",
        right_on="clicked",
        by=["user", "product_id"],
        strategy="backward",
        check_sortedness=False,
    )
    by_name = (
        purchases.filter(pl.col("named").is_not_null())
        .join(clicks, left_on="named", right_on="impression_id", how="inner")
        .rename({"named": "impression_id"})
    )
    last = attributed.filter(pl.col("named").is_null(), pl.col("impression_id").is_not_null())
    both = pl.concat([by_name, last], how="diagonal").filter(
        (pl.col("happened") - pl.col("clicked")).is_between(0, CONVERSION_WINDOW_SECONDS)
    )
    return pl.concat([both["impression_id"], every["owed"].drop_nulls()]).unique()


def _chips(events: pl.DataFrame) -> pl.DataFrame:
    """A row a feature word shown: was it clicked, and when was that known.

    A click belongs to the last time that the word was shown for this query in this session. One
    without such a moment is a row by itself.
    """
    words = events.filter(
        pl.col("type") == "feature_word",
        pl.col("feature_word").is_not_null(),
        ~pl.col("invalid"),
    )
    shown = words.filter(pl.col("action") == "shown").select(
        *_CHIP, "position", shown="happened", chip=pl.int_range(pl.len())
    )
    clicks = words.filter(pl.col("action") == "clicked").select(
        *_CHIP, "known", "happened", clicked_position="position"
    )
    paired = clicks.sort("happened").join_asof(
        shown.sort("shown"),
        left_on="happened",
        right_on="shown",
        by=_CHIP,
        strategy="backward",
        check_sortedness=False,
    )
    first = (
        paired.filter(pl.col("chip").is_not_null())
        .group_by("chip")
        .agg(clicked=pl.col("known").min())
    )
    alone = paired.filter(pl.col("chip").is_null()).select(
        *_CHIP, position="clicked_position", shown="happened", clicked="known"
    )
    rows = shown.join(first, on="chip", how="left").drop("chip")
    return pl.concat([rows, alone], how="diagonal").with_columns(
        position=pl.col("position").fill_null(1),
        click=pl.col("clicked").is_not_null().cast(pl.Int64),
        settled=pl.max_horizontal("shown", "clicked"),
        impression_id=pl.lit(None, pl.String),
    )


def _facet_layout(rows: pl.DataFrame, users: Mapping[str, int]) -> pl.DataFrame:
    page = pl.struct("ts", "shown", "user", "session", "query")
    return _layout(
        rows.sort("ts", "shown", "user", "session", "query", "position", "feature_word"),
        FACETS,
        users,
        session_id=page.rle_id(),
        sf_keyword=pl.col("feature_word"),
    )


def _click_layout(rows: pl.DataFrame, users: Mapping[str, int]) -> pl.DataFrame:
    points = pl.col("sp_shown").list.len()
    return _layout(
        rows.sort(*_PAGES).with_columns(
            product_uid=pl.col("product_id").replace_strict(
                number_all(rows["product_id"].unique()), return_dtype=pl.Int64
            )
        ),
        CLICKS,
        users,
        request_id=pl.col("request_id").rle_id(),
        slot=pl.col("slot") + 1,
        sp_arm=pl.when(pl.col("drawn").is_not_null())
        .then("drawn")
        .when(points == 0)
        .then(pl.lit("plain"))
        .otherwise(pl.format("{}_{}", "reason", points)),
    )


def _experiment_layout(rows: pl.DataFrame, users: Mapping[str, int]) -> pl.DataFrame:
    pages = rows.sort(*_PAGES).with_columns(request_id=pl.col("request_id").rle_id())
    assigned = pages.unique("request_id", keep="first", maintain_order=True).explode("experiments")
    known = assigned.filter(pl.col("experiments").is_not_null())
    return _layout(known.unnest("experiments"), EXPERIMENTS, users)


def _layout(
    rows: pl.DataFrame,
    schema: pl.Schema,
    users: Mapping[str, int],
    **columns: pl.Expr,
) -> pl.DataFrame:
    numbered = rows.with_columns(
        user_id=pl.col("user").replace_strict(users, return_dtype=pl.Int64),
        ts=pl.col("ts").floor(),
        **columns,
    )
    return numbered.select(pl.col(name).cast(kind) for name, kind in schema.items())
