from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import permutations
from random import Random
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.decision.auction import draw_lots, front_of_line, lot_name, run_auction
from service.decision.terms import PPM, AuctionRule, Micros, ScoredAd
from service.decision.vcg import exposures, vcg_price
from tests.unit.decision.auctions import Auction, oracle, random_auction

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def ad(name: str, *, bid: int, quality_ppm: int, product: str = "") -> ScoredAd:
    return ScoredAd(0, name, product or name, Micros(bid), quality_ppm)


def sell(ads: Sequence[ScoredAd], slots: int = 2, reserve: int = 10_000) -> list[tuple[str, int]]:
    awards = run_auction(ads, slots=slots, reserve=Micros(reserve))
    assert [award.slot for award in awards] == list(range(len(awards)))
    return [(award.ad.ad_id, award.price) for award in awards]


def test_winner_pays_the_least_that_keeps_its_place() -> None:
    # values: shoe 1.00 x 0.10 = 0.100, sock 0.50 x 0.12 = 0.060, hat 0.30 x 0.10 = 0.030
    shoe = ad("shoe", bid=1_000_000, quality_ppm=100_000)
    sock, hat = (
        ad("sock", bid=500_000, quality_ppm=120_000),
        ad("hat", bid=300_000, quality_ppm=100_000),
    )
    assert sell([hat, shoe, sock]) == [("shoe", 600_000), ("sock", 250_000)]


def test_the_last_winner_pays_the_reserve_when_no_one_is_left() -> None:
    shoe = ad("shoe", bid=1_000_000, quality_ppm=100_000)
    assert sell([shoe]) == [("shoe", 10_000)]
    assert sell([]) == []


def test_a_price_is_rounded_up_to_whole_micros() -> None:
    # the second is worth 100 x 7 = 700; 700 / 3 = 233.33, and 233 x 3 = 699 would lose
    first, second = ad("a", bid=1_000, quality_ppm=3), ad("b", bid=100, quality_ppm=7)
    assert sell([first, second], reserve=1) == [("a", 234), ("b", 1)]


def test_ads_under_the_reserve_stay_out_and_set_no_price() -> None:
    # "poor" is worth most, 9,999 x 1.0, but bids under the reserve
    rich, poor = ad("rich", bid=20_000, quality_ppm=1_000), ad("poor", bid=9_999, quality_ppm=PPM)
    assert sell([poor, rich]) == [("rich", 10_000)]


def test_the_reserve_is_the_least_price() -> None:
    # the next is worth 20,000 x 1,000; it would take 200 micros at quality 100,000
    first = ad("first", bid=20_000, quality_ppm=100_000)
    second = ad("second", bid=20_000, quality_ppm=1_000)
    assert sell([first, second], slots=1) == [("first", 10_000)]


def test_a_product_is_sold_once_and_its_other_ad_sets_the_price() -> None:
    # both ads show the lamp: the second cannot have a slot too, but it would have had this one
    mine = ad("mine", bid=90_000, quality_ppm=1_000, product="lamp")
    theirs = ad("theirs", bid=80_000, quality_ppm=1_000, product="lamp")
    rug = ad("rug", bid=30_000, quality_ppm=1_000)
    assert sell([rug, theirs, mine]) == [("mine", 80_000), ("rug", 10_000)]


def test_an_ad_whose_product_is_sold_above_sets_no_price_below() -> None:
    # in line: mine 90, rug 60, theirs (the lamp again) 50, mat 20. The rug is pressed by the mat
    mine = ad("mine", bid=90_000, quality_ppm=1_000, product="lamp")
    rug = ad("rug", bid=60_000, quality_ppm=1_000)
    theirs = ad("theirs", bid=50_000, quality_ppm=1_000, product="lamp")
    mat = ad("mat", bid=20_000, quality_ppm=1_000)
    assert sell([mine, rug, theirs, mat]) == [("mine", 60_000), ("rug", 20_000)]


def test_equal_values_are_decided_by_the_lot_and_pay_their_bid() -> None:
    one = replace(ad("one", bid=50_000, quality_ppm=1_000), lot=7)
    two = replace(ad("two", bid=50_000, quality_ppm=1_000), lot=3)
    assert sell([one, two], slots=1) == sell([two, one], slots=1) == [("two", 50_000)]


def test_lots_are_the_same_for_a_seed_and_fair_over_seeds() -> None:
    names = np.array([lot_name("ad_one"), lot_name("ad_two")], np.uint64)
    assert draw_lots(names, 5).tolist() == draw_lots(names, 5).tolist()
    assert draw_lots(names[::-1], 5).tolist() == draw_lots(names, 5).tolist()[::-1]
    drawn = [draw_lots(names, seed) for seed in range(2_000)]
    wins = sum(int(one < two) for one, two in drawn)
    assert wins == pytest.approx(1_000, abs=100)  # four standard deviations are 89
    low = sum(int(one < 2**63) for one, _ in drawn)
    assert low == pytest.approx(1_000, abs=100)


def test_any_whole_number_is_a_seed() -> None:
    names = np.array([1], np.uint64)
    assert draw_lots(names, -1).tolist() == draw_lots(names, 2**64 - 1).tolist()
    assert draw_lots(names, 2**70) == draw_lots(names, 0)


def test_no_slots_sell_nothing() -> None:
    assert sell([ad("a", bid=50_000, quality_ppm=1_000)], slots=0) == []


@pytest.mark.parametrize("rule", AuctionRule)
def test_twenty_thousand_auctions_equal_a_brute_force_on_fractions(rule: AuctionRule) -> None:
    draw = Random(2)  # noqa: S311 - a repeatable test
    for _ in range(20_000):
        auction = random_auction(draw)
        sold = auction.sold(rule)
        assert sold == oracle(auction, rule)
        bids = {one.ad_id: one.bid for one in auction.ads}
        assert all(auction.reserve <= price <= bids[ad_id] for ad_id, price in sold)


def test_a_slot_goes_to_whom_it_is_worth_most_of_all_ways_to_fill_them() -> None:
    draw = Random(4)  # noqa: S311 - a repeatable test
    for _ in range(300):
        auction = random_auction(draw)
        ads = [one for one in auction.ads[:5] if one.bid >= auction.reserve]
        slots = min(auction.slots, len({one.product_id for one in ads}), 3)
        seen = exposures(auction.exposure_ppm, slots)
        ways = [way for way in permutations(ads, slots) if len(products(way)) == slots]
        best = max(worth(way, seen) for way in ways)
        small = replace(auction, ads=ads, slots=slots)
        named = {one.ad_id: one for one in ads}
        assert worth([named[ad_id] for ad_id, _ in small.sold(AuctionRule.VCG)], seen) == best


def products(ads: Sequence[ScoredAd]) -> set[str]:
    return {one.product_id for one in ads}


def worth(ads: Sequence[ScoredAd], seen: Sequence[int]) -> int:
    return sum(at * one.bid * one.rate_ppm for at, one in zip(seen, ads, strict=True))


def as_in_a_decision(auction: Auction) -> Auction:
    """At most two ads a product, none under the reserve."""
    held: Counter[str] = Counter()
    ads = []
    for one in auction.ads:
        if held[one.product_id] < 2 and one.bid >= auction.reserve:
            held[one.product_id] += 1
            ads.append(one)
    return replace(auction, ads=ads)


def whole_and_front(draw: Random, seed: int) -> tuple[Auction, Auction]:
    """A random auction with the lots of `seed`, and the same held among its front alone."""
    auction = as_in_a_decision(random_auction(draw))
    values = np.array([one.bid * one.rate_ppm for one in auction.ads], np.int64)
    names = np.array([lot_name(one.ad_id) for one in auction.ads], np.uint64)
    front, lots = front_of_line(values, names, seed=seed, slots=auction.slots, rivals=2)
    drawn = draw_lots(names, seed).tolist()
    whole = [replace(one, lot=lot) for one, lot in zip(auction.ads, drawn, strict=True)]
    first = [replace(auction.ads[at], lot=lot) for at, lot in zip(front, lots, strict=True)]
    return replace(auction, ads=whole), replace(auction, ads=first)


@pytest.mark.parametrize("rule", AuctionRule)
def test_the_front_of_the_line_decides_as_the_whole_line(rule: AuctionRule) -> None:
    draw = Random(3)  # noqa: S311 - a repeatable test
    for seed in range(5_000):
        whole, front = whole_and_front(draw, seed)
        assert front.sold(rule) == whole.sold(rule)


BIDS = {"lamp": 90, "rug": 60, "mat": 50, "jug": 40}


@pytest.mark.parametrize("rule", AuctionRule)
def test_mutant_that_keeps_one_ad_less_is_caught(rule: AuctionRule) -> None:
    # the mat, first of those without a slot, presses the rug; at first price nobody presses
    ads = [ad(name, bid=bid, quality_ppm=1_000) for name, bid in BIDS.items()]
    values = np.array([one.bid * one.quality_ppm for one in ads])
    front, _ = front_of_line(values, np.arange(4, dtype=np.uint64), seed=1, slots=2, rivals=1)
    assert front.tolist() == [0, 1, 2]
    whole = Auction(ads, 2, Micros(1), (PPM, PPM // 2))
    assert replace(whole, ads=ads[:3]).sold(rule) == whole.sold(rule)
    less = replace(whole, ads=ads[:2]).sold(rule)
    assert (less == whole.sold(rule)) == (rule is AuctionRule.FIRST)


def test_mutant_that_prices_by_the_quality_before_squashing_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("service.decision.auction._rate", lambda one: one.quality_ppm)
    assert any(differs(AuctionRule.GSP)), "prices of unsquashed quality went unseen"


def test_mutant_that_raises_a_vcg_price_to_the_reserve_only_at_the_end_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def without_floor(rate: int, seen: Sequence[int], nexts: Sequence[int], floor: int) -> int:
        return max(-(-floor // rate), vcg_price(rate, seen, nexts, 0))

    monkeypatch.setattr("service.decision.auction.vcg_price", without_floor)
    assert any(differs(AuctionRule.VCG)), "a reserve that is no bid went unseen"


def differs(rule: AuctionRule) -> Iterator[bool]:
    draw = Random(2)  # noqa: S311 - a repeatable test
    for _ in range(1_000):
        auction = random_auction(draw)
        yield auction.sold(rule) != oracle(auction, rule)


def test_lots_are_drawn_only_where_they_decide() -> None:
    names = np.arange(5, dtype=np.uint64)
    values = np.array([5, 9, 5, 5, 1], np.int64)
    first, lots = front_of_line(values, names, seed=1, slots=1, rivals=1)
    assert first[0] == 1
    assert first[1] in {0, 2, 3}
    assert lots == draw_lots(names, 1)[first].tolist()
    apart, none = front_of_line(np.array([5, 9, 4, 3, 3]), names, seed=1, slots=1, rivals=1)
    assert (apart.tolist(), none) == ([1, 0], [0, 0])  # the equal ones stand too far behind
    few, none = front_of_line(np.array([5, 9]), names[:2], seed=1, slots=4, rivals=2)
    assert (few.tolist(), none) == ([1, 0], [0, 0])


@given(
    st.lists(
        st.tuples(st.integers(1, 10**12), st.integers(1, PPM), st.integers(0, 5)), max_size=15
    ),
    st.integers(0, 5),
    st.integers(0, 10**12),
)
def test_whoever_bids_one_micro_under_its_price_loses_its_place(
    drawn: list[tuple[int, int, int]], slots: int, reserve: int
) -> None:
    ads = [
        ScoredAd(row, f"ad_{row}", f"product_{of}", Micros(bid), quality)
        for row, (bid, quality, of) in enumerate(drawn)
    ]
    for award in run_auction(ads, slots=slots, reserve=Micros(reserve)):
        assert reserve <= award.price <= award.ad.bid
        lower = ScoredAd(
            award.ad.row,
            award.ad.ad_id,
            award.ad.product_id,
            Micros(award.price - 1),
            award.ad.quality_ppm,
        )
        again = run_auction(
            [lower if one == award.ad else one for one in ads],
            slots=slots,
            reserve=Micros(reserve),
        )
        slots_then = {one.ad.ad_id: one.slot for one in again}
        assert slots_then.get(lower.ad_id, slots) > award.slot
