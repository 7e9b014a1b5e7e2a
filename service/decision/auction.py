"""Sells the slots: generalised second price with quality, in integers."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from service.decision.terms import Award, Micros

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from service.decision.tables import Longs
    from service.decision.terms import ScoredAd

    Lots = NDArray[np.uint64]
    Places = NDArray[np.intp]

_ALL_BITS = (1 << 64) - 1


def run_auction(ads: Sequence[ScoredAd], *, slots: int, reserve: Micros) -> list[Award]:
    """Sell `slots` by generalised second price, best expected value first, a product once.

    Ads that bid under the reserve stay out. The rest stand in order of
        value_i = bid_i * quality_i                     [micros x parts per million, integers]
    and of their lots where values are equal. From the top each ad wins a slot unless its product
    has one already, and pays the least that keeps its place over the next in line that could take
    it, j: an ad of a product not sold above.
        price_i = max(reserve, ceil(value_j / quality_i)) <= bid_i     [micros per click]
    """
    line = sorted((ad for ad in ads if ad.bid >= reserve), key=_standing)
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


def front_of_line(
    values: Longs, names: Lots, *, seed: int, slots: int, rivals: int
) -> tuple[Places, Sequence[int]]:
    """The candidates (k,) that can win one of `slots` or set a price, and their lots.

    When at most `rivals` ads share a product, the winners and the first loser are among the
    first slots * rivals + 1 of the line. Lots are drawn only where values are equal.
    """
    needed = slots * rivals + 1
    order = (-values).argsort(kind="stable")
    front = values[order[: needed + 1]]
    if not np.count_nonzero(front[1:] == front[:-1]):
        return order[:needed], [0] * min(needed, len(order))
    lots = draw_lots(names, seed)
    order = np.lexsort((lots, -values))[:needed]
    return order, lots[order].tolist()


def lot_name(ad_id: str) -> int:
    """The number under which an ad draws lots: 64 bits of BLAKE2b."""
    return int.from_bytes(blake2b(ad_id.encode(), digest_size=8).digest(), "little")


def draw_lots(names: Lots, seed: int) -> Lots:
    """A lot for each of `names` (n,), fair over seeds and the same for the same seed.

    lot = mix(name xor mix(seed)), where mix is the finisher of SplitMix64 (Steele et al. 2014).
    """
    drawn = names ^ np.uint64(_mix(seed & _ALL_BITS))
    drawn = (drawn ^ (drawn >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    drawn = (drawn ^ (drawn >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    lots: Lots = drawn ^ (drawn >> np.uint64(31))
    return lots


def _mix(seed: int) -> int:
    mixed = (seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9 & _ALL_BITS
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB & _ALL_BITS
    return mixed ^ (mixed >> 31)


def _standing(ad: ScoredAd) -> tuple[int, int]:
    return -_value(ad), ad.lot


def _value(ad: ScoredAd) -> int:
    return ad.bid * ad.quality_ppm


def _price(ad: ScoredAd, after: ScoredAd | None, reserve: Micros) -> Micros:
    if after is None:
        return reserve
    return max(reserve, Micros(-(-_value(after) // ad.quality_ppm)))
