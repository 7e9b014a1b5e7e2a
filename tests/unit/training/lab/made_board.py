"""A small split with known clicks, and boards on it."""

from __future__ import annotations

import numpy as np
import polars as pl

from training.lab.board import Board
from training.lab.split import Split

SHOPPERS, PAGES, WORDS = 30, 20, 4
NAMES = (
    "popularity-x-position", "position-relevance-popularity", "salient", "amtdl", "lightgbm",
    "mtdl", "bm", "usercf",
)  # fmt: skip


def made_split() -> Split:
    """30 shoppers, 20 page views of 4 words each; what is clicked depends on the word."""
    rng = np.random.default_rng(0)
    pages = SHOPPERS * PAGES
    size = pages * WORDS
    words = rng.integers(0, 12, size)
    facets = pl.DataFrame(
        {
            "request": np.repeat([f"p{page}" for page in range(pages)], WORDS),
            "ts": np.repeat(np.arange(pages, dtype=float), WORDS),
            "user_id": np.repeat([f"u{page % SHOPPERS}" for page in range(pages)], WORDS),
            "sf_keyword": [f"w{word}" for word in words],
            "click": pl.Series(rng.random(size) < 0.02 + 0.04 * words, dtype=pl.Float32),
        }
    )
    clicks = pl.DataFrame({"ts": [0.0], "user_id": ["u0"], "click": [1.0]})
    items = pl.DataFrame({"product_uid": ["1"], "title": ["A jug"], "sp_candidates": [["w1"]]})
    return Split.of(items, facets, clicks)


def made_board(*, with_truth: bool = True) -> Board:
    """Scores of the true chance and more or less noise: the later in NAMES but one, the more."""
    split = made_split()
    rng = np.random.default_rng(1)
    words = split.facets["sf_keyword"].str.slice(1).cast(pl.Int64).to_numpy()[split.tested]
    p = 0.02 + 0.04 * words
    noise = {"salient": 0.02, "amtdl": 0.1, "lightgbm": 0.12, "mtdl": 0.2, "bm": 0.4}
    scores = {
        name: [p + noise.get(name, 1.0) * rng.normal(size=len(p)) for _ in range(2)]
        for name in NAMES
    }
    scores |= {f"{arm}@0.5": scores[arm][:1] for arm in ("amtdl", "salient")}
    scores["amtdl, joint@0.5"] = [p + 0.5 * rng.normal(size=len(p))]
    truth = {"p_click": p, "p_click_without_taste": np.full(len(p), 0.5)}
    return Board(split, scores, seed=0, truth=truth if with_truth else None)
