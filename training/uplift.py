"""Learn what selling points do to clicks, from the ads of a log whose points lots drew."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from service.contract.uplift import RANDOM_ARMS, Uplift
from service.contract.uplift_regression import ShownRows, fit_lift
from training.examples import MOST_PHRASES, Requests, facet_examples
from training.fit import compiled, predict

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from service.contract.encoder import Encoder
    from training.arms.model import SellingPointModel
    from training.examples import Examples, Shop

    Numbers = NDArray[Any]

NEWEST: Final = 0.3  # of the ads; the model looked at the older ones longer
MOST_ADS: Final = 120_000
NOBODY: Final = "\x00nobody"  # no shopper of any log, so without a history


@dataclass(frozen=True, slots=True)
class _Log:
    """The ads (N,) to learn from, newest last, and each with each phrase it could show (K,)."""

    ads: pl.DataFrame  # row, request, ts, user_id, query, click, sp_shown
    pairs: pl.DataFrame  # ad, phrase


def learn_uplift(
    shop: Shop, encoder: Encoder, model: SellingPointModel, ads: Examples
) -> Uplift | None:
    """Fit both rungs on the newest ads of `shop` that show known shoppers what a lot drew.

    `ads` are the same clicks, encoded. None where the log does not say what was drawn, or nothing
    was.
    """
    log = _random_ads(shop, encoder)
    if log is None:
        return None
    score = _scorer(shop, encoder, model)
    own = log.ads[log.pairs["ad"].to_numpy()].select("request", "ts", "user_id", "query")
    asked = own.with_columns(log.pairs["phrase"])
    personal = score(asked.select("ts", "user_id", "query", "phrase"))
    prior = score(asked.select(pl.lit(0.0).alias("ts"), pl.lit(NOBODY).alias("user_id"),
                               "query", "phrase"))  # fmt: skip
    base = _base(ads, model, log.ads["row"].to_numpy())
    return Uplift(
        fit_lift(_rows(log, personal, base)), fit_lift(_rows(log, prior, base)), len(log.ads)
    )


def _random_ads(shop: Shop, encoder: Encoder) -> _Log | None:
    if "sp_arm" not in shop.clicks.columns:
        return None
    clicks = shop.clicks.with_row_index("row")
    named = pl.col("user_id").is_not_null()
    drawn = clicks.filter(pl.col("sp_arm").is_in(RANDOM_ARMS), named)
    ads = drawn.tail(min(max(int(len(drawn) * NEWEST), 1), MOST_ADS))
    listed = shop.items["sp_candidates"].gather(ads["item"])
    every = ads.with_columns(listed.alias("listed")).with_row_index("ad")
    every = every.with_columns(pl.col("listed", "sp_shown").fill_null([]))
    pairs = (
        every.select("ad", "query", phrase=pl.col("listed").list.set_union("sp_shown"))
        .explode("phrase")
        .drop_nulls("phrase")
    )
    pairs = pairs.filter(_says_more(pairs, encoder))
    return None if pairs.is_empty() else _Log(every.drop("listed"), pairs.drop("query"))


def _says_more(pairs: pl.DataFrame, encoder: Encoder) -> pl.Series:
    """Which phrases are not made only of the query's words (K,)."""
    words = lru_cache(maxsize=None)(lambda text: frozenset(encoder.tokenizer.words(text)))
    found = [
        not words(phrase) <= words(query)
        for query, phrase in zip(pairs["query"], pairs["phrase"], strict=True)
    ]
    return pl.Series(found, dtype=pl.Boolean)


def _scorer(
    shop: Shop, encoder: Encoder, model: SellingPointModel
) -> Callable[[pl.DataFrame], Numbers]:
    """Scores ts, user_id, query, phrase (K,): logits as in the first place; equal rows once."""
    run = compiled(lambda batch: [model(batch)])

    def score(asked: pl.DataFrame) -> Numbers:
        keys = ["ts", "user_id", "query"]
        once = asked.unique(maintain_order=True).sort(keys, maintain_order=True)
        request = once.select(pl.struct(keys).rle_id().alias("request"))["request"]
        shown = once.select(
            request.alias("request"), *keys, sf_keyword="phrase", position=1, click=0.0
        )
        examples = facet_examples(shop, shown, encoder)
        logits = predict(run, examples, np.arange(len(examples.ts)))[0]
        scored = once.with_columns(pl.Series("z", logits))
        joined = asked.join(scored, on=[*keys, "phrase"], how="left", maintain_order="left")
        return joined["z"].to_numpy().astype(np.float64)

    return score


def _base(ads: Examples, model: SellingPointModel, rows: Numbers) -> Numbers:
    """The logits of clicks on the ads `rows` (N,) as far as titles, places and shoppers go."""
    requests: Requests = ads.requests
    chosen = np.unique(requests.of_rows[rows])
    logits = predict(compiled(lambda batch: [model.ad_clicks(batch)]), ads, chosen)[0]
    found = np.zeros(int(requests.rows.max()) + 1)
    found[requests.rows[chosen][requests.real[chosen]]] = logits
    return found[rows]


def _rows(log: _Log, z: Numbers, base: Numbers) -> ShownRows:
    """The rows of the regression: ads that could have shown something, with the logits `z`."""
    of_ad, size = log.pairs["ad"].to_numpy(), len(log.ads)
    count = np.bincount(of_ad, minlength=size)
    best = np.full(size, -np.inf)
    np.maximum.at(best, of_ad, z)
    shown = np.full((size, MOST_PHRASES), np.nan)
    scored = log.pairs.with_columns(pl.Series("z", z))
    listed = log.ads.select("ad", phrase="sp_shown").explode("phrase").drop_nulls("phrase")
    there = listed.join(scored, on=["ad", "phrase"], how="inner").sort(
        "ad", "z", descending=[False, True]
    )
    owners = there["ad"].to_numpy()
    places = np.arange(len(owners)) - np.searchsorted(owners, owners)
    kept = places < MOST_PHRASES
    shown[owners[kept], places[kept]] = there["z"].to_numpy()[kept]
    rows = ShownRows(
        log.ads["click"].to_numpy().astype(np.float64),
        base,
        shown,
        np.bincount(of_ad, weights=z, minlength=size) / np.maximum(count, 1),
        best,
        log.ads["user_id"].to_numpy(),
    )
    return rows.take(np.flatnonzero(count > 0))
