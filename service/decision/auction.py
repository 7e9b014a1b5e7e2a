"""Sells the slots: generalised second price with quality, in integers."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from service.decision.terms import Award, Micros

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.decision.tables import Ints, Longs
    from service.decision.terms import ScoredAd


def run_auction(ads: Sequence[ScoredAd], *, slots: int, reserve: Micros, seed: int) -> list[Award]:
    """Sell `slots` by generalised second price, best expected value first, a product once.

    Ads that bid under the reserve stay out. The rest stand in order of
        value_i = bid_i * quality_i                     [micros x parts per million, integers]
    and of `tie_break` where values are equal. From the top each ad wins a slot unless its product
    has one already, and pays the least that keeps its place over the next in line that could take
    it, j: an ad of a product not sold above.
        price_i = max(reserve, ceil(value_j / quality_i)) <= bid_i     [micros per click]
    """
    line = _line([ad for ad in ads if ad.bid >= reserve], seed)
    awards: list[Award] = []
    sold: set[str] = set()
    for place, ad in enumerate(line):
        if len(awards) == slots:
            break
        if ad.product_id not in sold:
            after = next((one for one in line[place + 1 :] if one.product_id not in sold), None)
            awards.append(Award(len(awards), ad, _price(ad, after, reserve)))
            sold.add(ad.product_id)
    return awards


def front_of_line(bids: Longs, quality_ppm: Longs, *, slots: int, rivals: int) -> Ints:
    """The candidates (k,) that can win one of `slots` or set a price, ties included.

    When at most `rivals` ads share a product, the winners and the first loser stand among the
    first slots * rivals + 1 of the line.
    """
    values = bids * quality_ppm
    needed = slots * rivals + 1
    if len(values) <= needed:
        return np.arange(len(values), dtype=np.int32)
    least = np.partition(values, -needed)[-needed]
    return np.flatnonzero(values >= least).astype(np.int32)


def tie_break(seed: int, ad_id: str) -> bytes:
    """The lot that decides between equal values: lowest first, fair over seeds."""
    return blake2b(f"{seed}:{ad_id}".encode(), digest_size=8).digest()


def _line(ads: Sequence[ScoredAd], seed: int) -> list[ScoredAd]:
    if len(set(map(_value, ads))) == len(ads):  # no lots to draw, the usual case
        return sorted(ads, key=_value, reverse=True)
    return sorted(ads, key=lambda ad: (-_value(ad), tie_break(seed, ad.ad_id)))


def _value(ad: ScoredAd) -> int:
    return ad.bid * ad.quality_ppm


def _price(ad: ScoredAd, after: ScoredAd | None, reserve: Micros) -> Micros:
    if after is None:
        return reserve
    return max(reserve, Micros(-(-_value(after) // ad.quality_ppm)))
