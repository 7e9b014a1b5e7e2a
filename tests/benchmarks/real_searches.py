"""Which real queries are asked, and by which shoppers of the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tests.benchmarks.real_traffic import Search

if TYPE_CHECKING:
    from tests.benchmarks.real_data import Files


def known_searches(files: Files, count: int, seed: int) -> list[Search]:
    """Draw `count` of the real queries, each asked by a shopper whose past was imported."""
    rng = np.random.default_rng([seed, 11])
    judged = pl.read_parquet(files.judged)
    queries = sorted(judged["query"].unique().to_list())
    drawn = rng.choice(len(queries), size=min(count, len(queries)), replace=False)
    chosen = [queries[int(place)] for place in drawn]
    liked = _liked(files)
    users = sorted(liked)
    asking = rng.choice(len(users), size=len(chosen))
    relevance = _relevance(judged.filter(pl.col("query").is_in(chosen)))
    return [
        Search(query, str(users[int(who)]), relevance[query], liked[users[int(who)]])
        for query, who in zip(chosen, asking, strict=True)
    ]


def _liked(files: Files) -> dict[int, frozenset[str]]:
    """By shopper, the feature words that they clicked in the past; perhaps none."""
    clicked = pl.read_parquet(files.past_facets).filter(pl.col("click") == 1)
    words = clicked.group_by("user_id").agg(pl.col("sf_keyword").unique())
    liked = {int(user): frozenset(chosen) for user, chosen in words.iter_rows()}
    everyone = pl.read_parquet(files.past_clicks, columns=["user_id"])["user_id"].unique()
    return {int(user): frozenset() for user in everyone} | liked


def _relevance(judged: pl.DataFrame) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for query, product, relevance in judged.select(
        "query", "product_uid", "relevance"
    ).iter_rows():
        found.setdefault(query, {})[str(product)] = relevance
    return found
