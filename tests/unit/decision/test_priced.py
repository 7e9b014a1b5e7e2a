from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.decision.bidding import HIGHEST_BID
from service.decision.decide import decide
from service.decision.scorers import RankScores, Scorers
from service.decision.terms import PPM, Micros, Pricing
from tests.unit.decision.shop import TOP, Broken, ads, ask, campaign, product, snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from service.decision.scorers import Question
    from service.decision.snapshot import Snapshot
    from service.decision.terms import Campaign, Decision

CLICK, IMPRESSION, ORDER = Pricing
COAT, HAT, BAG = (
    product(str(n), f"Acme Wool {it}") for n, it in enumerate(("Coat", "Hat", "Bag"))
)


@dataclass
class Sure:
    """Knows the probabilities of a click, and of an order after it, by product id."""

    of: Snapshot
    p: Mapping[str, tuple[float, float]]
    model: str = "ranker@1:00000000"

    def score(self, questions: Sequence[Question]) -> RankScores:
        rows = [row for one in questions for row in one.rows.tolist()]
        both = np.array([self.p[one] for one in self.of.products.ids.take(rows)], np.float32)
        return RankScores(both[:, 0], both[:, 1])


def bidding(name: str, bid: int, pricing: Pricing, advertiser: str = "") -> Campaign:
    return campaign(
        name,
        "wool",
        bid=Micros(bid),
        pricing=pricing,
        advertiser_id=advertiser or f"adv_{name}",
    )


def sell(
    listed: Mapping[Campaign, str],
    p: Mapping[str, tuple[float, float]] | None,
    *,
    reserve: int = 10_000,
    slots: int = 3,
) -> Decision:
    """What comes of campaigns with one product each."""
    products = {one.product_id: one for one in (COAT, HAT, BAG)}
    booked = [ad for one, of in listed.items() for ad in ads(one, products[of])]
    shop = snapshot(list(products.values()), list(listed), booked)
    scorers = Scorers(Broken() if p is None else Sure(shop, p))
    query = ask("wool", placement=replace(TOP, reserve=Micros(reserve)), slots=slots, explain=True)
    return decide(query, shop, scorers, now=0.0, seed=1, spent_out=frozenset())


def sold(decision: Decision) -> list[tuple[str, int]]:
    return [(one.campaign_id, one.award.price) for one in decision.awards]


def test_bids_of_all_kinds_stand_in_one_line() -> None:
    listed = {
        bidding("clicks", 100_000, CLICK): "0",
        bidding("shows", 12_000, IMPRESSION): "1",
        bidding("orders", 1_000_000, ORDER): "2",
    }
    decision = sell(listed, {"0": (0.1, 0.05), "1": (0.1, 0.05), "2": (0.1, 0.05)})
    # worth of being shown: 100,000 x .1 = 10,000; 12,000; 1,000,000 x .1 x .05 = 5,000 micros
    assert sold(decision) == [
        ("cmp_shows", 10_000),  # an impression: what the next is worth
        ("cmp_clicks", 50_000),  # a click: 5,000 / .1
        ("cmp_orders", 200_000),  # an order: the reserve of 10,000 a click / .05
    ]
    told = {one.campaign_id: one.award.ad for one in decision.awards}
    assert [(ad.pricing, ad.due_ppm) for ad in told.values()] == [
        (IMPRESSION, PPM), (CLICK, 100_000), (ORDER, 5_000),
    ]  # fmt: skip
    assert {ad.quality_ppm for ad in told.values()} == {100_000}
    assert [line.value // PPM for line in decision.trace] == [12_000, 10_000, 5_000]


def test_who_bids_on_impressions_meets_the_reserve_by_what_a_click_is_worth() -> None:
    p = {"0": (0.1, 0.05), "1": (0.1, 0.05), "2": (0.1, 0.05)}
    # 10,000 a click x .1 = 1,000 an impression
    low, enough = bidding("low", 999, IMPRESSION), bidding("enough", 1_000, IMPRESSION)
    assert sold(sell({low: "0", enough: "1"}, p)) == [("cmp_enough", 1_000)]
    nobody = sell({low: "0"}, p)
    assert (nobody.awards, nobody.no_fill_reason) == ((), "below_reserve")


def test_bids_on_clicks_under_the_reserve_stay_out_beside_others() -> None:
    p = {"0": (0.1, 0.05), "1": (0.1, 0.05), "2": (0.1, 0.05)}
    listed = {bidding("low", 9_999, CLICK): "0", bidding("shows", 5_000, IMPRESSION): "1"}
    decision = sell(listed, p)
    assert sold(decision) == [("cmp_shows", 1_000)]
    assert decision.filtered == {"below_reserve": 1}


def test_who_bids_otherwise_on_something_else_changes_nothing() -> None:
    # who bids on impressions has no ad for what is asked
    listed = {
        bidding("clicks", 100_000, CLICK): "0",
        campaign("rival", "linen", bid=Micros(90_000), pricing=IMPRESSION): "1",
    }
    decision = sell(listed, {"0": (0.1, 0.05)})
    assert sold(decision) == [("cmp_clicks", 10_000)]
    assert decision.awards[0].award.ad.reserve_ppm == 0


def test_without_a_model_two_in_a_hundred_clicks_lead_to_an_order() -> None:
    listed = {bidding("clicks", 100_000, CLICK): "0", bidding("orders", 5_000_001, ORDER): "1"}
    decision = sell(listed, None, reserve=1)
    assert decision.degraded == ("linear_rank",)
    # 5,000,001 x .02 is a little more than 100,000 a click
    assert [name for name, _ in sold(decision)] == ["cmp_orders", "cmp_clicks"]


@pytest.mark.parametrize("p_conversion", [0.0, 1e-9, float("nan")])
def test_an_order_that_never_comes_weighs_one_in_a_million(p_conversion: float) -> None:
    decision = sell({bidding("orders", HIGHEST_BID, ORDER): "0"}, {"0": (0.5, p_conversion)})
    award = decision.awards[0].award
    assert (award.ad.rate_ppm, award.ad.due_ppm) == (1, 1)
    assert award.price == 5_000_000_000  # 10,000 x .5 / .000001


def test_nobody_bids_against_themselves_in_another_kind() -> None:
    p = {"0": (0.1, 0.05), "1": (0.1, 0.05)}
    own = {
        bidding("clicks", 100_000, CLICK, "adv"): "0",
        bidding("shows", 9_000, IMPRESSION, "adv"): "0",
    }
    assert sold(sell(own, p)) == [("cmp_clicks", 10_000)]  # the reserve, not 90,000
    other = {
        bidding("clicks", 100_000, CLICK, "adv"): "0",
        bidding("shows", 9_000, IMPRESSION): "0",
    }
    assert sold(sell(other, p)) == [("cmp_clicks", 90_000)]
    # a higher number of micros for a click does not push out a higher worth
    third = {**other, bidding("cheap", 80_000, CLICK): "0"}
    assert sold(sell(third, p)) == [("cmp_clicks", 90_000)]


def test_the_highest_bids_stay_inside_64_bits() -> None:
    listed = {bidding("a", HIGHEST_BID, IMPRESSION): "0", bidding("b", HIGHEST_BID, ORDER): "1"}
    decision = sell(listed, {"0": (1.0, 1.0), "1": (1.0, 1.0)}, reserve=HIGHEST_BID)
    assert [price for _, price in sold(decision)] == [HIGHEST_BID, HIGHEST_BID]
    assert sell(listed, {"0": (1.0, 1.0), "1": (1.0, 1.0)}, reserve=10**15).awards == ()


Bid = st.tuples(st.integers(1, 10**6), st.sampled_from(Pricing), st.integers(1, PPM))


@given(st.lists(Bid, min_size=1, max_size=3), st.integers(0, 10**5), st.integers(1, 3))
def test_prices_are_those_of_a_plain_auction_on_fractions(
    drawn: list[tuple[int, Pricing, int]], reserve: int, slots: int
) -> None:
    p_conversion = Fraction(1, 4)
    listed = {bidding(str(n), bid, kind): str(n) for n, (bid, kind, _) in enumerate(drawn)}
    p = {str(n): (q / PPM, 0.25) for n, (_, _, q) in enumerate(drawn)}
    line = []
    for n, (bid, kind, quality) in enumerate(drawn):
        q = Fraction(quality, PPM)
        in_ppm = max(1, int(q * p_conversion * PPM))  # rates are whole parts per million
        rate = {CLICK: q, IMPRESSION: Fraction(1), ORDER: Fraction(in_ppm, PPM)}[kind]
        if bid * rate >= reserve * q:
            line.append((bid * rate, n, rate, reserve * q))
    line.sort(key=lambda one: -one[0])
    values = [one[0] for one in line]
    decision = sell(listed, p, reserve=reserve, slots=slots)
    if len(set(values)) < len(values):  # lots decide
        return
    expected = [
        (f"cmp_{n}", ceil(max([floor, *values[place + 1 : place + 2]]) / rate))
        for place, (_, n, rate, floor) in enumerate(line[:slots])
    ]
    assert sold(decision) == expected
    assert all(one.award.price <= one.award.ad.bid for one in decision.awards)
