"""Who comes when to the demo shop, and what they type: for the log and for live traffic."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from service.demo.market import NO_PHRASE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from service.demo.clicks import ClickModel
    from service.demo.market import Market
    from service.demo.shoppers import Shoppers

CONSENT_SHARE = 0.8
MOBILE_SHARE = 0.6
_TASTE_IN_QUERY = 0.5
_BLOCK = 256  # visits that are drawn at once


@dataclass(frozen=True, slots=True)
class Visit:
    """One search of one shopper, `at` seconds after the start."""

    number: int
    at: float
    shopper: int
    query: str
    mobile: bool
    consents: bool


def query_steps(market: Market, shoppers: Shoppers) -> NDArray[np.float64]:
    """P(shopper u types one of the queries up to q); one that names a liked phrase is likelier.

    (U, Q), each row rising to 1.
    """
    kinds, phrase = market.query_kind, market.query_phrase
    in_kind = np.bincount(kinds, weights=market.query_weight)[kinds]
    liking = np.where(phrase == NO_PHRASE, 0.0, shoppers.theta[:, phrase])
    weight = shoppers.interest[:, kinds] * market.query_weight / in_kind
    weight = weight * np.exp(_TASTE_IN_QUERY * liking)
    return np.asarray((weight / weight.sum(axis=1, keepdims=True)).cumsum(axis=1))


def plan_visits(model: ClickModel, *, rate: float, shoppers: int, seed: int) -> Iterator[Visit]:
    """Visits without end, as a Poisson process of `rate` a second: the same seed, the same visits.

    The first `shoppers` of the shop come, each as often as their activity says. Whether a shopper
    consents is drawn once for each.
    """
    rng = np.random.default_rng([seed, 8])
    steps = query_steps(model.market, model.shoppers)
    activity = model.shoppers.activity[:shoppers] / model.shoppers.activity[:shoppers].sum()
    consents = rng.random(shoppers) < CONSENT_SHARE
    at = 0.0
    for block in count():
        times = at + rng.exponential(1.0 / rate, _BLOCK).cumsum()
        at = float(times[-1])
        who = rng.choice(shoppers, size=_BLOCK, p=activity)
        drawn, mobile = rng.random(_BLOCK), rng.random(_BLOCK) < MOBILE_SHARE
        for place, shopper in enumerate(who.tolist()):
            query = min(int(np.searchsorted(steps[shopper], drawn[place])), steps.shape[1] - 1)
            yield Visit(
                number=block * _BLOCK + place,
                at=float(times[place]),
                shopper=shopper,
                query=model.market.queries[query].text,
                mobile=bool(mobile[place]),
                consents=bool(consents[shopper]),
            )
