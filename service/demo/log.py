"""Write a demo log: what the made-up shoppers saw, clicked and bought, and the truth apart.

The files have the layouts that training, export and import share:

    facets.parquet  session_id, ts, user_id, query, sf_keyword, position (1..8), click
    clicks.parquet  request_id, ts, user_id, query, product_uid, slot (1..4), propensity, sp_arm,
                    sp_shown, click, conversion, mobile
    items.parquet   product_uid, title, sp_candidates, price_z (the service's own scale)
    truth/          facets and clicks: the true probabilities, row by row; tastes: theta

`propensity` is the exact chance of the product in its slot given the slots above; the chance of
the selling points shown, given the arm, is `sp_propensity` in truth/clicks.parquet. The four arms
(none, popular_1, random_1, random_2) are drawn once a request, each with probability 1/4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from service.contract.prices import price_z
from service.demo.clicks import ClickModel
from service.demo.market import CANDIDATES, CHIPS, NO_PHRASE, make_market
from service.demo.shoppers import SHOPPERS, make_shoppers
from service.demo.visits import MOBILE_SHARE, query_steps
from service.demo.worlds import world_named

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from service.demo.market import Market
    from service.demo.shoppers import Shoppers

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

SLOTS = 4
SESSIONS = 40_000
REQUESTS_PER_SESSION = 4  # ad requests for every session with feature words
FIRST_TS = 1_700_000_000
DAYS = 28
ARMS = ("none", "popular_1", "random_1", "random_2")
_SOFTMAX_SHARE = 0.85  # of the slot policy; the rest is uniform


@dataclass(frozen=True, slots=True)
class Visits:
    """N page views in time order."""

    ts: Ints
    shopper: Ints
    query: Ints

    def repeated(self, times: int) -> Visits:
        """Each visit `times` over, for the rows that it shows."""
        return Visits(*(np.repeat(part, times) for part in (self.ts, self.shopper, self.query)))


def write_log(
    world: str,
    seed: int,
    out: Path,
    sessions: int = SESSIONS,
    report: Callable[[str], None] = lambda _: None,
) -> dict[str, int]:
    """Write the log of a world into folder `out`; `report` hears of each file.

    Returns: rows by file name.
    """
    market, shoppers = make_market(seed), make_shoppers(seed)
    model = ClickModel(world_named(world), market, shoppers)
    facets, facet_truth = _facets(np.random.default_rng([seed, 6]), model, sessions)
    clicks, click_truth = _clicks(
        np.random.default_rng([seed, 7]), model, sessions * REQUESTS_PER_SESSION
    )
    files = {
        "facets.parquet": facets,
        "clicks.parquet": clicks,
        "items.parquet": items_frame(market),
        "truth/facets.parquet": facet_truth,
        "truth/clicks.parquet": click_truth,
        "truth/tastes.parquet": _tastes(market, shoppers),
    }
    (out / "truth").mkdir(parents=True, exist_ok=True)
    for name, frame in files.items():
        frame.write_parquet(out / name, compression="zstd")
        report(name)
    return {name: frame.height for name, frame in files.items()}


def items_frame(market: Market) -> pl.DataFrame:
    """The advertised products, with what may truthfully be said of them."""
    rows = [place for place in range(len(market.products)) if market.advertised[place]]
    return pl.DataFrame(
        {
            "product_uid": [int(market.products[r].product.product_id) for r in rows],
            "title": [market.products[r].product.title for r in rows],
            "sp_candidates": [list(market.products[r].true_phrases) for r in rows],
            "price_z": [round(price_z(market.products[r].product.price), 4) for r in rows],
        }
    )


def _facets(
    rng: np.random.Generator, model: ClickModel, sessions: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    market = model.market
    visits = draw_visits(rng, market, model.shoppers, sessions)
    phrase = _chips(rng, market, visits.query)
    rows = visits.repeated(CHIPS)
    position = np.tile(np.arange(1, CHIPS + 1), sessions)
    chance = model.chip(rows.shopper, rows.query, phrase, position)
    log = pl.DataFrame(
        {
            "session_id": np.repeat(np.arange(sessions), CHIPS),
            "ts": rows.ts,
            "user_id": rows.shopper,
            "query": _texts(tuple(q.text for q in market.queries), rows.query),
            "sf_keyword": _texts(market.phrases, phrase),
            "position": position,
            "click": (rng.random(chance.size) < chance).astype(np.int64),
        }
    )
    plain = model.chip(None, rows.query, phrase, position)
    return log, pl.DataFrame({"p_click": chance, "p_click_without_taste": plain})


def _clicks(
    rng: np.random.Generator, model: ClickModel, requests: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    market = model.market
    visits = draw_visits(rng, market, model.shoppers, requests)
    product, propensity = fill_slots(rng, market, visits.query)
    rows = visits.repeated(SLOTS)
    arm = np.repeat(rng.integers(len(ARMS), size=requests), SLOTS)
    shown, shown_propensity = treat(rng, market, rows.query, product, arm)
    slot = np.tile(np.arange(1, SLOTS + 1), requests)
    chance = model.ad(rows.shopper, rows.query, product, slot, shown)
    buying = model.conversion(rows.shopper, rows.query, product)
    click = rng.random(chance.size) < chance
    bought = click & (rng.random(chance.size) < buying)
    log = pl.DataFrame(
        {
            "request_id": np.repeat(np.arange(requests), SLOTS),
            "ts": rows.ts,
            "user_id": rows.shopper,
            "query": _texts(tuple(q.text for q in market.queries), rows.query),
            "product_uid": _product_ids(market)[product],
            "slot": slot,
            "propensity": np.round(propensity, 6),
            "sp_arm": _texts(ARMS, arm),
            "sp_shown": _phrase_lists(market, shown),
            "click": click.astype(np.int64),
            "conversion": bought.astype(np.int64),
            "mobile": np.repeat((rng.random(requests) < MOBILE_SHARE).astype(np.int64), SLOTS),
        }
    )
    truth = {
        "p_click": chance,
        "p_conversion": buying,
        "p_click_without_taste": model.ad(None, rows.query, product, slot, shown),
        "sp_propensity": shown_propensity,
    }
    return log, pl.DataFrame(truth)


def draw_visits(rng: np.random.Generator, market: Market, shoppers: Shoppers, size: int) -> Visits:
    """Draw who comes when and asks what."""
    kinds = market.query_kind
    steps = query_steps(market, shoppers)
    shopper = rng.choice(SHOPPERS, size=size, p=shoppers.activity)
    ladder = (steps + np.arange(SHOPPERS)[:, None]).ravel()  # shopper u's steps lie in (u, u + 1]
    found = np.searchsorted(ladder, shopper + rng.random(size)) - shopper * len(kinds)
    seconds = np.sort(rng.integers(0, DAYS * 86_400, size))
    return Visits(FIRST_TS + seconds, shopper, np.clip(found, 0, len(kinds) - 1))


def _chips(rng: np.random.Generator, market: Market, query: Ints) -> Ints:
    """Draw eight feature words a visit without replacement, by weight (Gumbel top-k)."""
    with np.errstate(divide="ignore"):
        log_weight = np.log(market.chip_weight)  # (Q, V)
    keys = log_weight[query] + rng.gumbel(size=(query.size, log_weight.shape[1]))
    top = np.argpartition(-keys, CHIPS, axis=1)[:, :CHIPS]
    order = np.argsort(-np.take_along_axis(keys, top, axis=1), axis=1)
    return np.asarray(np.take_along_axis(top, order, axis=1).ravel())


def candidate_ads(rng: np.random.Generator, market: Market) -> tuple[Ints, Floats]:
    """Pick the ads that compete for each query, and the weights of the slot policy.  (Q, C)."""
    size = market.query_kind.size
    advertised = np.flatnonzero(market.advertised)
    relevance = market.relevance(np.arange(size)[:, None], advertised[None, :])
    near = relevance + 0.5 * rng.random(relevance.shape)
    top = np.argpartition(-near, CANDIDATES, axis=1)[:, :CANDIDATES]
    weight = 1.2 * np.take_along_axis(relevance, top, axis=1)
    return advertised[top], weight + 0.6 * rng.standard_normal(top.shape)


def fill_slots(rng: np.random.Generator, market: Market, query: Ints) -> tuple[Ints, Floats]:
    """Fill the slots one by one: 85 % softmax of the weights, 15 % uniform, over those left."""
    product, weight = candidate_ads(rng, market)
    pull = np.exp(weight)[query]  # (R, C), set to 0 once taken
    places, chances = [], []
    rows = np.arange(query.size)
    for taken in range(SLOTS):
        share = pull / pull.sum(axis=1, keepdims=True)
        chance = _SOFTMAX_SHARE * share
        chance = chance + (1 - _SOFTMAX_SHARE) * (pull > 0) / (CANDIDATES - taken)
        steps = chance.cumsum(axis=1)
        place = (steps < rng.random(query.size)[:, None] * steps[:, -1:]).sum(axis=1)
        places.append(product[query, place])
        chances.append(chance[rows, place])
        pull[rows, place] = 0.0
    return np.stack(places, axis=1).ravel(), np.stack(chances, axis=1).ravel()


def treat(
    rng: np.random.Generator, market: Market, query: Ints, product: Ints, arm: Ints
) -> tuple[Ints, Floats]:
    """Choose the selling points that each title shows.

    Returns: phrases (N, 2), -1 for none, and the chance of the choice given the arm.
    """
    phrases = market.true_phrases[product]  # (N, M)
    usable = (phrases != NO_PHRASE) & ~market.in_query[query[:, None], phrases]
    key = rng.random(phrases.shape)
    popular = arm == ARMS.index("popular_1")
    key[popular] = market.popularity_z[phrases[popular]]
    order = np.argsort(np.where(usable, -key, np.inf), axis=1)[:, :2]
    shown = np.take_along_axis(np.where(usable, phrases, NO_PHRASE), order, axis=1)
    shown[arm == ARMS.index("none")] = NO_PHRASE
    shown[arm != ARMS.index("random_2"), 1] = NO_PHRASE
    count = np.maximum(usable.sum(axis=1), 1)
    pairs = np.maximum(count * (count - 1) // 2, 1)  # an unordered pair
    chance = np.select([arm == ARMS.index("random_1"), arm == ARMS.index("random_2")],
                       [1.0 / count, 1.0 / pairs], 1.0)  # fmt: skip
    return shown, np.asarray(chance)


def _tastes(market: Market, shoppers: Shoppers) -> pl.DataFrame:
    users, phrases = shoppers.theta.shape
    return pl.DataFrame(
        {
            "user_id": np.repeat(np.arange(users), phrases),
            "phrase": _texts(market.phrases, np.tile(np.arange(phrases), users)),
            "theta": shoppers.theta.ravel(),
        }
    )


def _product_ids(market: Market) -> Ints:
    return np.array([int(item.product.product_id) for item in market.products])


def _texts(table: tuple[str, ...], places: Ints) -> pl.Series:
    return pl.Series(table, dtype=pl.String).gather(places)


def _phrase_lists(market: Market, shown: Ints) -> pl.Series:
    table = (*market.phrases, None)  # -1 gathers the last
    first, second = (
        pl.Series(name, table, dtype=pl.String).gather(column % len(table))
        for name, column in zip("ab", shown.T, strict=True)
    )
    frame = pl.DataFrame([first, second])
    return frame.select(pl.concat_list("a", "b").list.drop_nulls()).to_series()
