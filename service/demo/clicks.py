"""The click model of the demo shop: what makes its made-up shoppers click and buy.

Feature-word chips. Shopper u sees phrase v as the p-th chip (p = 1..8) beside query q:

    P(click) = p ** -chip_decay * sigmoid(chip_base + chip_taste theta[u, v]
               + chip_relevance (r[q, v] - 1/2) + chip_popularity z[v])

r[q, v] is the share of the asked-for products that have v, over the largest such share; z[v] is
the standardised log count of v in the catalogue.

Ads. Shopper u sees product i in the s-th slot (s = 1..4) under a title with phrases T_i, with
the selling points S added or highlighted:

    att(u, i)   = sum_j softmax_j(1.5 theta[u, T_ij]) theta[u, T_ij]
    point(u, S) = theta of the liked-best + point_second * theta of the second
    P(click)    = s ** -slot_decay * sigmoid(ad_base + ad_relevance rel(q, i) + ad_taste att(u, i)
                  + point_taste point(u, S) - point_cost |S| - ad_price thrift[u] pz[i]
                  + quality_spread quality[i])

rel is 1 for the asked-for type, .4 for another of its category, times .75 where a phrase named
in the query is missing; pz is the standardised log price within the type. Once clicked, all that
is true of the product counts, F_i being its phrases:

    P(conversion | click) = sigmoid(buy_base + buy_relevance rel + buy_taste mean_v theta[u, F_iv]
                            - buy_price thrift[u] pz[i])

Clicks are independent given examination; there is no fatigue, season or reformulated query. A
model that does well here has found personal taste and undone position bias; it has not shown that
real shoppers behave so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from service.demo.market import NO_PHRASE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from service.demo.market import Market
    from service.demo.shoppers import Shoppers
    from service.demo.worlds import World

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ClickModel:
    """The probabilities of one world. All arguments are index arrays of one length N."""

    world: World
    market: Market
    shoppers: Shoppers

    def chip(self, shopper: Ints | None, query: Ints, phrase: Ints, position: Ints) -> Floats:
        """P(click) of feature words at positions 1..8. No shopper: one of average taste."""
        w, m = self.world, self.market
        weight = m.chip_weight[query, phrase] / m.chip_weight.max(axis=1)[query]
        logit = w.chip_base + w.chip_relevance * (weight - 0.5)
        logit = logit + w.chip_popularity * m.popularity_z[phrase]
        logit = logit + w.chip_taste * self._theta(shopper, phrase)
        return np.asarray(position**-w.chip_decay * sigmoid(logit))

    def ad(
        self, shopper: Ints | None, query: Ints, product: Ints, slot: Ints, shown: Ints
    ) -> Floats:
        """P(click) of ads in slots 1..4 with selling points `shown` (N, S), -1 for none."""
        w, m = self.world, self.market
        logit = w.ad_base + w.ad_relevance * m.relevance(query, product)
        logit = logit + w.ad_taste * self._attraction(shopper, product)
        logit = logit + self._points(shopper, shown)
        logit = logit - w.ad_price * self._thrift(shopper) * m.price_z[product]
        logit = logit + w.quality_spread * m.quality[product]
        return np.asarray(slot**-w.slot_decay * sigmoid(logit))

    def conversion(self, shopper: Ints | None, query: Ints, product: Ints) -> Floats:
        """P(conversion) after a click."""
        w, m = self.world, self.market
        phrases = m.true_phrases[product]
        theta = self._theta(None if shopper is None else shopper[:, None], phrases)
        liking = theta.sum(axis=1) / np.maximum((phrases != NO_PHRASE).sum(axis=1), 1)
        logit = w.buy_base + w.buy_relevance * m.relevance(query, product)
        price = w.buy_price * self._thrift(shopper) * m.price_z[product]
        return sigmoid(logit + w.buy_taste * liking - price)

    def _attraction(self, shopper: Ints | None, product: Ints) -> Floats:
        phrases = self.market.title_phrases[product]
        theta = self._theta(None if shopper is None else shopper[:, None], phrases)
        weight = np.exp(1.5 * theta) * (phrases != NO_PHRASE)
        return np.asarray((weight * theta).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-12))

    def _points(self, shopper: Ints | None, shown: Ints) -> Floats:
        w = self.world
        real = shown != NO_PHRASE
        theta = self._theta(None if shopper is None else shopper[:, None], shown)
        ranked = -np.sort(np.where(real, -theta, np.inf), axis=1)[:, :2]
        ranked = np.where(np.isfinite(ranked), ranked, 0.0)
        worth = (ranked * np.array([1.0, w.point_second])[: ranked.shape[1]]).sum(axis=1)
        return np.asarray(w.point_taste * worth - w.point_cost * real.sum(axis=1))

    def _theta(self, shopper: Ints | None, phrase: Ints) -> Floats:
        if shopper is None:
            return np.zeros(phrase.shape)  # tastes are centred
        return np.where(phrase == NO_PHRASE, 0.0, self.shoppers.theta[shopper, phrase])

    def _thrift(self, shopper: Ints | None) -> Floats:
        if shopper is None:
            return np.array(self.shoppers.thrift.mean())
        return self.shoppers.thrift[shopper]


def sigmoid(x: Floats) -> Floats:
    """The logistic function."""
    return np.asarray(1.0 / (1.0 + np.exp(-x)))
