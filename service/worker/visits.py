"""Times of rows in a training set: no row may see a click that was still to come."""

from __future__ import annotations

import polars as pl

LATE_CLICK_SECONDS = 3600.0
"""A click later than this after its page is no label: it would freeze the shopper for too long."""


def date_back(rows: pl.DataFrame) -> pl.DataFrame:
    """Give each row the time at which everything it could know was settled.

    A row stands at one time, that of its page; its click came later. A row of another page in
    between would find that click in the shopper's history although it had not happened yet. So
    the spans [shown, settled] of a shopper that overlap are joined into one visit, and each row
    takes the start of its visit:

        ts = min(shown of the visit)    with a new visit wherever shown > max(settled before it)

    A history holds rows with an earlier ts only, hence rows of visits that had ended.

    Takes: columns user (any), shown and settled (seconds, settled >= shown).
    Returns: the same rows in order of (user, shown), with a column ts (seconds).
    """
    return (
        rows.sort("user", "shown", maintain_order=True)
        .with_columns(_before=pl.col("settled").cum_max().shift(1).over("user"))
        .with_columns(
            _visit=(pl.col("_before").is_null() | (pl.col("shown") > pl.col("_before"))).cum_sum()
        )
        .with_columns(ts=pl.col("shown").min().over("_visit"))
        .drop("_before", "_visit")
    )
