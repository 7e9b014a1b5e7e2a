"""Sells the slots, weighed by quality, in integers: second price, VCG or first price."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from service.decision.terms import AuctionRule, Award, Micros
from service.decision.vcg import exposures, vcg_price

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from service.decision.tables import Longs
    from service.decision.terms import ScoredAd

    Lots = NDArray[np.uint64]
    Places = NDArray[np.intp]

_ALL_BITS = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class _Line:
    """Who stands where: the best ad of each product, one more than there are slots, best first."""

    best: Sequence[ScoredAd]
    nexts: Sequence[int]  # the value that stands below each of the best; 0 where nobody does
    floors: Sequence[int]  # the least value at which each of the best keeps its product


def run_auction(
    ads: Sequence[ScoredAd],
    *,
    slots: int,
    reserve: Micros,
    rule: AuctionRule = AuctionRule.GSP,
    exposure_ppm: Sequence[int] = (),
) -> list[Award]:
    """Sell `slots`, best expected value first, a product once, at the prices of `rule`.

    Ads that bid under the reserve stay out; who does not bid on clicks has to be worth as much as
    a click's bid at the reserve, `reserve * reserve_ppm`. The rest stand in order of
        value_i = bid_i * rate_i                        [micros x parts per million, integers]
    and of their lots where values are equal. From the top each ad wins a slot unless its product
    has one already. With j the next in line of another product that has none, a click costs
        gsp:    price_i = ceil(max(value_j, floor_i) / rate_i) <= bid_i           [micros]
        first:  price_i = bid_i
        vcg:    as `vcg_price` has it; only there do the shares `exposure_ppm` matter
    where floor_i is the value at which it would lose its product to another ad of it, or come
    under the reserve:
        floor_i = max(reserve * rate_i, the value of the best other ad of the product)
    (reserve_ppm_i in the place of rate_i where it is given).
    """
    line = _line_up(ads, slots, reserve)
    if rule is AuctionRule.FIRST:
        return [Award(slot, ad, ad.bid) for slot, ad in enumerate(line.best[:slots])]
    seen = exposures(exposure_ppm, slots) if rule is AuctionRule.VCG else ()
    awards = []
    for slot, ad in enumerate(line.best[:slots]):
        floor, rate = line.floors[slot], _rate(ad)
        if seen:
            price = vcg_price(rate, seen[slot:], line.nexts[slot:slots], floor)
        else:
            price = -(-max(line.nexts[slot], floor) // rate)
        awards.append(Award(slot, ad, Micros(price)))
    return awards


def _line_up(ads: Sequence[ScoredAd], slots: int, reserve: Micros) -> _Line:
    """The front of the line, as far as it wins or sets a price.

    Nothing behind the best ad of product number slots + 1 sets a price: each winner is pressed at
    least by that one.
    """
    line = [
        (-ad.bid * (ad.rate_ppm or ad.quality_ppm), ad.lot, row)
        for row, ad in enumerate(ads)
        if ad.bid * _rate(ad) >= reserve * (ad.reserve_ppm or _rate(ad))
    ]
    best: list[ScoredAd] = []
    values: list[int] = []
    seconds: dict[str, int] = {}
    for negative, _, row in sorted(line):
        ad = ads[row]
        if ad.product_id in seconds:
            seconds[ad.product_id] = seconds[ad.product_id] or -negative
        elif len(best) <= slots:
            seconds[ad.product_id] = 0
            best.append(ad)
            values.append(-negative)
        else:
            break
    floors = [max(reserve * (ad.reserve_ppm or _rate(ad)), seconds[ad.product_id]) for ad in best]
    return _Line(best, [*values[1:], 0], floors)


def front_of_line(
    values: Longs, names: Lots, *, seed: int, slots: int, rivals: int
) -> tuple[Places, Sequence[int]]:
    """The candidates (k,) that can win one of `slots` or set a price, and their lots.

    When at most `rivals` ads share a product, the first slots * rivals + 1 of the line are of
    slots + 1 products or more. That is all of whom any rule asks: each winner is pressed by the
    best ad of product number slots + 1, or by somebody before it. Lots are drawn only where
    values are equal.
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


def _rate(ad: ScoredAd) -> int:
    return ad.rate_ppm or ad.quality_ppm
