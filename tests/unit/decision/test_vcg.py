from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.decision.terms import PPM, AuctionRule, Micros, ScoredAd
from service.decision.vcg import exposures
from tests.unit.decision.auctions import Auction, Sold

HALF = (PPM, PPM // 2)


def ad(name: str, bid: int, *, rate: int = PPM, product: str = "") -> ScoredAd:
    return ScoredAd(0, name, product or name, Micros(bid), rate, rate_ppm=rate)


def vcg(*ads: ScoredAd, slots: int = 2, reserve: int = 1, seen: tuple[int, ...] = HALF) -> Sold:
    return Auction(ads, slots, Micros(reserve), seen).sold(AuctionRule.VCG)


def test_a_winner_pays_what_its_being_there_costs_the_others() -> None:
    # without "a": b moves up to see half a click more, 8 x 0.5, and c gets 5 x 0.5: 6.5 a click.
    # without "b": c gets 5 x 0.5, for which b has half a click: 5
    ads = ad("a", 10_000_000), ad("b", 8_000_000), ad("c", 5_000_000)
    assert vcg(*ads) == [("a", 6_500_000), ("b", 5_000_000)]


def test_slots_that_are_seen_alike_cost_alike() -> None:
    # whoever leaves, only c comes in: 5
    ads = ad("a", 10), ad("b", 8), ad("c", 5)
    assert vcg(*ads, seen=()) == vcg(*ads, seen=(PPM,)) == [("a", 5), ("b", 5)]


def test_a_click_is_dearer_for_whom_fewer_click() -> None:
    # b and c are worth 8 x 0.5 = 4 and 5 x 0.5 = 2.5; a, of rate 1/4, is worth 40 x 0.25 = 10:
    # (4 x 0.5 + 2.5 x 0.5) / 0.25 = 13
    ads = ad("a", 40, rate=PPM // 4), ad("b", 8, rate=PPM // 2), ad("c", 5, rate=PPM // 2)
    assert vcg(*ads) == [("a", 13), ("b", 5)]


def test_a_price_is_rounded_up_to_whole_micros() -> None:
    # (8 x 0.5 + 5 x 0.25) + 0 = 5.25, for one click
    ads = ad("a", 10), ad("b", 8), ad("c", 5)
    assert vcg(*ads, slots=2, seen=(PPM, PPM // 2))[0] == ("a", 7)  # 6.5
    assert vcg(*ads[:2], slots=2, seen=(PPM, PPM // 4))[0] == ("a", 7)  # 8 x 0.75 + 1 x 0.25


def test_the_reserve_is_a_bid_like_others() -> None:
    # b would see half a click more, 6 x 0.5; nobody takes the other half: the reserve, 5 x 0.5
    assert vcg(ad("a", 100), ad("b", 60), reserve=50) == [("a", 55), ("b", 50)]
    assert vcg(ad("a", 100), ad("b", 49), reserve=50) == [("a", 50)]
    assert vcg(reserve=50) == []


def test_another_ad_of_the_product_would_come_in_for_it() -> None:
    # without "mine" the rug stays below: theirs would have the lamp's slot, 70 a click
    mine, theirs = ad("mine", 90, product="lamp"), ad("theirs", 70, product="lamp")
    rug = ad("rug", 30)
    assert vcg(mine, theirs, rug) == [("mine", 70), ("rug", 1)]
    # were the rug worth more than theirs, it would move up: 80 x 0.5 + 70 x 0.5
    assert vcg(mine, theirs, replace(rug, bid=Micros(80)))[0] == ("mine", 75)


def test_the_last_share_given_holds_for_the_slots_below() -> None:
    assert exposures((PPM, 400_000), 4) == [PPM, 400_000, 400_000, 400_000]
    assert exposures((PPM, 400_000), 1) == [PPM]
    assert exposures((), 2) == [PPM, PPM]
    assert exposures((), 0) == []


ADS = st.lists(
    st.tuples(st.integers(1, 60), st.sampled_from([PPM, PPM // 2, PPM // 3]), st.integers(0, 4)),
    min_size=1,
    max_size=7,
)


@given(
    ADS,
    st.integers(1, 4),
    st.integers(0, 30),
    st.lists(st.integers(1, PPM), max_size=4),
    st.integers(1, 80),
)
def test_nobody_gains_by_bidding_other_than_what_a_click_is_worth(
    drawn: list[tuple[int, int, int]], slots: int, reserve: int, seen: list[int], lie: int
) -> None:
    million = 1_000_000  # so that whole micros are fine beside the bids
    ads = [
        ad(f"ad_{n}", bid * million, rate=rate, product=f"product_{of}")
        for n, (bid, rate, of) in enumerate(drawn)
    ]
    auction = Auction(ads, slots, Micros(reserve * million), tuple(sorted(seen, reverse=True)))
    shares = exposures(auction.exposure_ppm, slots)
    honest, worth = ads[0], ads[0].bid
    told = [replace(honest, bid=Micros(lie * million)), *ads[1:]]
    gain = gain_of(honest.ad_id, worth, auction, shares)
    assert gain_of(honest.ad_id, worth, replace(auction, ads=told), shares) <= gain + 1


def gain_of(ad_id: str, worth: int, auction: Auction, shares: list[int]) -> Fraction:
    """What is left of a click's worth, by how often it is seen."""
    sold = auction.sold(AuctionRule.VCG)
    return sum(
        (
            Fraction(shares[at], PPM) * (worth - price)
            for at, (of, price) in enumerate(sold)
            if of == ad_id
        ),
        Fraction(0),
    )


@pytest.mark.parametrize("rule", [AuctionRule.GSP, AuctionRule.FIRST])
def test_under_the_other_rules_a_lower_bid_may_gain(rule: AuctionRule) -> None:
    # at 10 a wins the top for 9, or its bid; at 8 it has half the clicks for 1, or 8
    ads = [ad("a", 10), ad("b", 9), ad("c", 1)]
    top = Auction(ads, 2, Micros(1), HALF).sold(rule)
    low = Auction([ad("a", 8), *ads[1:]], 2, Micros(1), HALF).sold(rule)
    price = dict(low)["a"]
    assert [one for one, _ in top] == ["a", "b"]
    assert [one for one, _ in low] == ["b", "a"]
    assert Fraction(10 - price, 2) >= 10 - top[0][1]


def test_first_price_is_the_own_bid() -> None:
    ads = [ad("a", 10, product="lamp"), ad("b", 9, product="lamp"), ad("c", 3)]
    assert Auction(ads, 2, Micros(1)).sold(AuctionRule.FIRST) == [("a", 10), ("c", 3)]
