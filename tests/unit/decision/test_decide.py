from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from service.decision.decide import decide
from service.decision.live import Live
from service.decision.scorers import Scorers
from service.decision.terms import (
    PPM,
    AuctionRule,
    Decision,
    Micros,
    Placement,
    TitlePart,
    TraceLine,
)
from tests.unit.decision.shop import (
    KNOWN,
    TOP,
    Broken,
    KnownPhrases,
    KnownRanker,
    ads,
    ask,
    campaign,
    known,
    product,
    snapshot,
)

COAT = product("1", "Acme Wool Coat", "warm lining", "hidden pocket")
HAT = product("2", "Acme Wool Hat", "warm lining")
BAG = product("3", "Acme Wool Bag")
ONE = campaign("one", "wool")
SHOP = snapshot(
    [COAT, HAT, BAG],
    [ONE],
    [*ads(ONE, COAT, bid=100_000), *ads(ONE, HAT, bid=200_000), *ads(ONE, BAG, bid=50_000)],
)
# values: coat .100 x .10 = .0100, hat .200 x .04 = .0080, bag .050 x .02 = .0010
P_CLICK = {"1": 0.1, "2": 0.04, "3": 0.02}
SCORES = {"warm lining": 0.2, "hidden pocket": 0.6}


def answer(
    query: str = "wool", scorers: Scorers | None = None, seed: int = 1, **more: object
) -> Decision:
    scorers = scorers or known(SHOP, P_CLICK, SCORES)
    asked = ask(query, **{"history": KNOWN, **more})
    return decide(asked, SHOP, scorers, now=0.0, seed=seed, spent_out=frozenset())


def test_ads_are_ranked_priced_and_titled() -> None:
    decision = answer(slots=2)
    assert [
        (one.award.slot, one.award.ad.product_id, one.award.price) for one in decision.awards
    ] == [
        (0, "1", 80_000),  # .0080 / .10
        (1, "2", 25_000),  # .0010 / .04
    ]
    coat, hat = decision.awards
    assert coat.title.text == "hidden pocket – Acme Wool Coat"  # .6 is over the mean .4, .2 is not
    assert coat.title.original == "Acme Wool Coat"
    (chosen,) = coat.chosen
    assert (chosen.point.text, chosen.point.evidence_field) == ("hidden pocket", "highlight")
    assert chosen.score == pytest.approx(0.6)
    assert chosen.propensity == 1.0
    assert coat.title.parts[0] == TitlePart(
        "hidden pocket", chosen.point.selling_point_id, highlight=True
    )
    assert coat.reason == hat.reason == "personal"
    assert hat.title.text == "warm lining – Acme Wool Hat"
    assert (coat.campaign_id, coat.award.ad.ad_id) == ("cmp_one", "ad_one_1")
    assert (decision.no_fill_reason, decision.degraded, decision.candidates) == (None, (), 3)
    assert (dict(decision.filtered), decision.propensity, decision.trace) == ({}, 1.0, ())


@pytest.mark.parametrize(
    ("auction", "prices"),
    [
        ({"rule": AuctionRule.FIRST}, {"1": 100_000, "2": 200_000}),
        # (.0080 + .0010) / 2 / .10, and .0010 / .04
        ({"rule": AuctionRule.VCG, "exposure_ppm": (PPM, PPM // 2)}, {"1": 45_000, "2": 25_000}),
        # qualities all alike: the bids .200, .100, .050
        ({"squash_ppm": 0}, {"2": 100_000, "1": 50_000}),
    ],
)
def test_the_placement_says_how_its_slots_are_sold(
    auction: dict[str, Any], prices: dict[str, int]
) -> None:
    decision = answer(slots=2, placement=replace(TOP, **auction), explain=True)
    sold = [one.award for one in decision.awards]
    assert {one.ad.product_id: one.price for one in sold} == prices
    assert [one.ad.product_id for one in sold] == list(prices)
    for one in sold:  # what is recorded and learnt from is the model's own
        assert one.ad.quality_ppm == round(P_CLICK[one.ad.product_id] * PPM)
    assert decision.trace[0].value == sold[0].ad.bid * sold[0].ad.rate_ppm


def test_a_product_without_points_keeps_its_title() -> None:
    bag = answer().awards[2]
    assert (bag.title.text, bag.chosen, bag.reason) == ("Acme Wool Bag", (), "plain")


def test_the_same_inputs_give_the_same_decision() -> None:
    scorers = Scorers(KnownRanker(SHOP, dict.fromkeys(P_CLICK, 0.05)), KnownPhrases(SHOP, SCORES))
    for seed in range(5):
        assert answer(scorers=scorers, seed=seed) == answer(scorers=scorers, seed=seed)
    fresh = replace(SHOP)  # nothing remembered
    again = decide(
        ask("wool", history=KNOWN),
        fresh,
        known(fresh, P_CLICK, SCORES),
        now=0.0,
        seed=1,
        spent_out=set(),
    )
    assert again == answer()


def test_slots_are_the_fewer_of_asked_and_placed() -> None:
    assert len(answer(slots=50).awards) == 3
    assert len(answer(slots=1).awards) == 1
    assert len(answer(placement=replace(TOP, slots=2)).awards) == 2


def test_models_that_fail_degrade_and_never_prevent() -> None:
    broken = Scorers(Broken(), Broken())  # type: ignore[arg-type]
    for scorers in (broken, Scorers()):
        decision = answer(scorers=scorers)
        assert decision.degraded == ("linear_rank", "plain_titles")
        assert len(decision.awards) == 3
        assert {one.reason for one in decision.awards} == {"plain"}
        assert decision.awards[0].title.text == "Acme Wool Hat"  # equal quality: the highest bid


def test_points_that_do_not_fit_are_not_chosen() -> None:
    narrow = replace(TOP, title_limit=20)
    coat = answer(placement=narrow).awards[0]
    assert (coat.title.text, coat.chosen, coat.reason) == ("Acme Wool Coat", (), "plain")


def test_no_fill_says_why() -> None:
    assert answer("umbrella").no_fill_reason == "no_keyword_match"
    assert answer(" ").no_fill_reason == "empty_query"
    assert answer("", category="Boats").no_fill_reason == "no_ads_in_category"
    dear = Placement("dear", "web", 4, Micros(300_000))
    low = answer(placement=dear)
    assert (low.awards, low.no_fill_reason, low.candidates) == ((), "below_reserve", 0)
    assert dict(low.filtered) == {"below_reserve": 3}
    dear = replace(dear, reserve=Micros(150_000))
    both = answer(placement=dear, excluded_products=frozenset({"2"}))
    assert both.no_fill_reason == "all_filtered"
    assert dict(both.filtered) == {"below_reserve": 2, "excluded": 1}


def test_a_category_has_ads_without_a_query() -> None:
    sock = product("9", "Wool Socks", category="Clothing > Socks")
    shop = snapshot([sock], [ONE])
    decision = decide(
        ask("", category="Clothing"), shop, Scorers(), now=0.0, seed=1, spent_out=frozenset()
    )
    assert [one.award.price for one in decision.awards] == [10_000]


def test_the_trace_tells_how_the_candidates_stood() -> None:
    assert answer(slots=1, explain=True).trace == (
        TraceLine("ad_one_1", "1", 1.0, 100_000, Micros(100_000), 10**10),
        TraceLine("ad_one_2", "2", 1.0, 40_000, Micros(200_000), 8 * 10**9),
        TraceLine("ad_one_3", "3", 1.0, 20_000, Micros(50_000), 10**9),
    )


def test_live_holds_what_a_request_needs() -> None:
    live = Live(SHOP)
    assert (live.scorers, live.spent_out, live.models) == (Scorers(), frozenset(), ())
