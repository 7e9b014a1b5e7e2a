"""Random auctions, and their rules written the other way round: by search, on fractions."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from service.decision.auction import run_auction
from service.decision.rank import squash
from service.decision.terms import PPM, AuctionRule, Micros, ScoredAd

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

Sold = list[tuple[str, int]]
Worth = tuple[Fraction, ScoredAd]


@dataclass(frozen=True)
class Auction:
    ads: Sequence[ScoredAd]
    slots: int
    reserve: Micros
    exposure_ppm: tuple[int, ...] = ()

    def sold(self, rule: AuctionRule) -> Sold:
        awards = run_auction(
            self.ads,
            slots=self.slots,
            reserve=self.reserve,
            rule=rule,
            exposure_ppm=self.exposure_ppm,
        )
        assert [award.slot for award in awards] == list(range(len(awards)))
        return [(award.ad.ad_id, award.price) for award in awards]


def random_auction(draw: Random) -> Auction:
    size = draw.randrange(0, 12)
    scale = draw.choice([5, 1_000, 10**6, 10**12])  # few values: ties; many: large numbers
    quality = [
        draw.choice([1, draw.randrange(1, 6), draw.randrange(1, PPM + 1)]) for _ in range(size)
    ]
    squash_ppm = draw.choice([PPM, PPM, 0, draw.randrange(PPM)])
    rates = squash(np.array(quality, np.int64), squash_ppm).tolist()
    ads = [
        ScoredAd(
            row,
            f"ad_{row}",
            f"product_{draw.randrange(1, 9)}",
            Micros(draw.randrange(1, scale + 1)),
            quality[row],
            lot=row * 7 % 13,
            rate_ppm=rate,
        )
        for row, rate in enumerate(rates)
    ]
    slots = draw.randrange(0, 6)
    given = sorted((draw.randrange(1, PPM + 1) for _ in range(draw.randrange(7))), reverse=True)
    return Auction(ads, slots, Micros(draw.randrange(0, scale)), tuple(given))


def oracle(auction: Auction, rule: AuctionRule) -> Sold:
    """Who wins, by repeated search for the best; what they pay, by holding it again without them.

    Under VCG an ad at the reserve stands in for the winner: so the reserve is a bid like others.
    """
    ads = sorted(
        ((_worth(one.bid, one), one) for one in auction.ads if one.bid >= auction.reserve),
        key=lambda pair: (-pair[0], pair[1].lot),
    )
    seen = _seen(auction)
    winners = _allocate(ads, auction.slots)
    sold: Sold = []
    above: set[str] = set()
    for slot, (_, ad) in enumerate(winners):
        rate = Fraction(ad.rate_ppm, PPM)
        if rule is AuctionRule.FIRST:
            price = Fraction(ad.bid)
        elif rule is AuctionRule.GSP:
            line = [pair for pair in ads if pair[1].product_id not in above]
            pressing = line[1][0] if len(line) > 1 else Fraction(0)
            price = max(Fraction(auction.reserve), pressing / rate)
        else:
            others = sum(seen[at] * pair[0] for at, pair in enumerate(winners) if at != slot)
            stand_in = (auction.reserve * rate, ad)
            without = [pair for pair in ads if pair[1] is not ad] + [stand_in]
            without.sort(key=lambda pair: -pair[0])
            then = sum(
                seen[at] * pair[0] for at, pair in enumerate(_allocate(without, auction.slots))
            )
            price = (then - others) / (seen[slot] * rate)
        above.add(ad.product_id)
        sold.append((ad.ad_id, ceil(price)))
    return sold


def _worth(bid: int, ad: ScoredAd) -> Fraction:
    return bid * Fraction(ad.rate_ppm, PPM)


def _seen(auction: Auction) -> list[Fraction]:
    given = auction.exposure_ppm or (PPM,)
    return [Fraction(given[min(at, len(given) - 1)], PPM) for at in range(auction.slots)]


def _allocate(line: Sequence[Worth], slots: int) -> list[Worth]:
    """The best of each product, as many as there are slots."""
    best: dict[str, Worth] = {}
    for pair in line:
        best.setdefault(pair[1].product_id, pair)
    return list(best.values())[:slots]
