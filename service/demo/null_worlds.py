"""Demo shops in which selling points do nothing: how often is a lift claimed there?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from service.contract.uplift_regression import ShownRows, fit_lift
from service.demo.clicks import ClickModel
from service.demo.log import ARMS, SLOTS, draw_visits, fill_slots, treat
from service.demo.market import NO_PHRASE, make_market
from service.demo.shoppers import make_shoppers
from service.demo.worlds import WORLDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from service.demo.market import Market

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

REQUESTS = 4_000  # of a world; four ads each
_SPREAD = 0.5  # of the scores about the shopper's liking


def null_false_positives(
    worlds: int, seed: int, report: Callable[[int], None] = lambda _done: None
) -> float:
    """The share of `worlds` null worlds in which either rung of an uplift claims a lift.

    Scores are what the shopper likes, and a draw: better ones than a model's, so that what else
    they go with in clicks, the liked phrases of titles, is at its strongest. For the rung of
    strangers a phrase scores the same for all. What the click model takes off by slot is known,
    nothing else of clicks is.
    """
    market = make_market(seed)
    claimed = 0
    for world in range(worlds):
        claimed += _claims(market, seed + 1 + world)
        report(world + 1)
    return claimed / worlds


def _claims(market: Market, seed: int) -> bool:
    shoppers = make_shoppers(seed)
    model = ClickModel(WORLDS["null"], market, shoppers)
    rng = np.random.default_rng([seed, 10])
    visits = draw_visits(rng, market, shoppers, REQUESTS)
    product, _ = fill_slots(rng, market, visits.query)
    rows = visits.repeated(SLOTS)
    arm = np.repeat(rng.integers(len(ARMS), size=REQUESTS), SLOTS)
    shown, _ = treat(rng, market, rows.query, product, arm)
    slot = np.tile(np.arange(1, SLOTS + 1), REQUESTS)
    clicked = rng.random(len(slot)) < model.ad(rows.shopper, rows.query, product, slot, shown)
    theta = shoppers.theta[rows.shopper]  # (N, V)
    draws = _SPREAD * rng.standard_normal(shoppers.theta.shape)[rows.shopper]
    of_all = np.broadcast_to(rng.standard_normal(theta.shape[1]), theta.shape)
    could = market.true_phrases[product]
    said = market.in_query[rows.query[:, None], could]
    could = np.where(said, NO_PHRASE, could)
    base = np.log(0.05 * slot**-model.world.slot_decay)
    return any(
        fit_lift(_rows(clicked, base, z, shown, could, rows.shopper)).is_claimed
        for z in (theta + draws, of_all)
    )


def _rows(
    clicked: NDArray[np.bool_], base: Floats, z: Floats, shown: Ints, could: Ints, shopper: Ints
) -> ShownRows:
    """The rows whose ad could show something; z (N, V) by phrase."""
    places = np.where(could == NO_PHRASE, np.nan, np.take_along_axis(z, could, axis=1))
    own = np.where(shown == NO_PHRASE, np.nan, np.take_along_axis(z, shown, axis=1))
    kept = np.flatnonzero(~np.isnan(places).all(axis=1))
    return ShownRows(
        clicked[kept].astype(np.float64),
        base[kept],
        -np.sort(-own[kept], axis=1),
        np.nanmean(places[kept], axis=1),
        np.nanmax(places[kept], axis=1),
        shopper[kept],
    )
