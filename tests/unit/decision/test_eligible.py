from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.decision.decide import decide
from service.decision.eligible import MOST_CANDIDATES, pick_candidates
from service.decision.retrieve import retrieve
from service.decision.scorers import Scorers
from service.decision.terms import PPM, MatchType, Micros, Placement
from tests.unit.decision.shop import TOP, ads, ask, campaign, keyword, product, snapshot

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from service.decision.snapshot import Snapshot
    from service.decision.terms import AdQuery

SOCKS = [product(str(n), "Wool Socks") for n in range(1, 5)]
NOW = 1_000.0


def left(
    shop: Snapshot,
    query: AdQuery | None = None,
    now: float = NOW,
    spent_out: AbstractSet[str] = frozenset(),
) -> tuple[list[str], dict[str, int]]:
    query = query or ask("socks")
    picked = pick_candidates(retrieve(query, shop), query, shop, now=now, spent_out=spent_out)
    assert len(picked.rows) == len(picked.lexical) == len(picked.product) == len(picked.bid)
    return [shop.ads.ids[row] for row in picked.rows], dict(picked.filtered)


def test_without_a_reason_all_stay() -> None:
    shop = snapshot(SOCKS, [campaign("one", "socks")])
    assert left(shop) == ([f"ad_one_{n}" for n in range(1, 5)], {})


def test_the_page_and_the_shopper_rule_out() -> None:
    shop = snapshot(SOCKS, [campaign("one", "socks")])
    query = ask(
        "socks",
        excluded_products=frozenset({"1", "9"}),
        organic_products=frozenset({"2", "1"}),
        hidden=frozenset({"ad_one_3", "ad_gone"}),
    )
    assert left(shop, query) == (
        ["ad_one_4"],
        {"excluded": 1, "organic": 1, "hidden_by_shopper": 1},
    )


def test_bids_under_the_reserve_stay_out() -> None:
    one = campaign("one", "socks")
    listed = [*ads(one, SOCKS[0], bid=20_000), *ads(one, SOCKS[1], bid=19_999)]
    dear = Placement("dear", "web", 4, Micros(20_000))
    shop = snapshot(SOCKS, [one], listed)
    assert left(shop, ask("socks", placement=dear)) == (["ad_one_1"], {"below_reserve": 1})


@pytest.mark.parametrize(("floor", "stays"), [(500_000, True), (500_001, False)])
def test_an_ad_below_the_relevance_floor_stays_out_at_any_bid(*, floor: int, stays: bool) -> None:
    # socks and hats are as rare as each other: each product has half of "socks hat", a full
    # exact keyword (lexical 0.5 + 0.2) and the highest bid there is
    goods = [product("1", "Wool Socks"), product("2", "Wool Hat")]
    meant = campaign("one", keyword("socks hat", MatchType.EXACT), bid=Micros(10**12))
    shop = snapshot(goods, [meant])
    query = ask("socks hat", placement=replace(TOP, relevance_floor_ppm=floor))
    expected = (["ad_one_1", "ad_one_2"], {}) if stays else ([], {"below_relevance": 2})
    assert left(shop, query) == expected
    answer = decide(query, shop, Scorers(), now=NOW, seed=1, spent_out=frozenset())
    assert answer.no_fill_reason == (None if stays else "below_relevance")


def test_a_floor_of_all_lets_whole_matches_and_categories_through() -> None:
    goods = [
        product("1", "Red Wool Socks", category="Socks"),
        product("2", "Wool", category="Socks"),
    ]
    shop = snapshot(goods, [campaign("one", "wool")])
    strict = replace(TOP, relevance_floor_ppm=PPM)
    assert left(shop, ask("red wool socks", placement=strict)) == (
        ["ad_one_1"],
        {"below_relevance": 1},
    )
    assert left(shop, ask("", category="Socks", placement=strict)) == (
        ["ad_one_1", "ad_one_2"],
        {},
    )


def test_an_ad_counts_for_one_reason_and_a_placement_for_itself() -> None:
    goods = [product("1", "Wool Socks"), product("2", "Wool Hat")]
    one = campaign("one", keyword("socks wool hat", MatchType.EXACT), bid=Micros(5))
    shop = snapshot(goods, [one])
    strict = replace(TOP, relevance_floor_ppm=PPM)
    assert left(shop, ask("socks wool hat", placement=strict)) == ([], {"below_relevance": 2})
    assert left(shop, ask("socks wool hat")) == ([], {"below_reserve": 2})


@pytest.mark.parametrize(
    ("now", "ids", "filtered"),
    [
        (9.9, ["ad_open_1"], {"not_started": 1}),
        (10.0, ["ad_dated_1", "ad_open_1"], {}),
        (19.9, ["ad_dated_1", "ad_open_1"], {}),
        (20.0, ["ad_open_1"], {"ended": 1}),
    ],
)
def test_a_campaign_runs_from_its_start_up_to_its_end(
    now: float, ids: list[str], filtered: dict[str, int]
) -> None:
    dated = campaign("dated", "socks", starts_at=10.0, ends_at=20.0)
    shop = snapshot(SOCKS[:1], [dated, campaign("open", "socks")])
    assert left(shop, now=now) == (ids, filtered)


def test_a_budget_used_up_since_stops_its_campaign() -> None:
    early = campaign("early", "socks", budget=Micros(1), spent=Micros(1))
    shop = snapshot(SOCKS[:1], [campaign("a", "socks"), campaign("b", "socks"), early])
    for _ in range(2):  # worked out, then remembered
        assert left(shop, spent_out={"cmp_a", "cmp_gone"}) == (["ad_b_1"], {"spent_out": 2})
    assert left(shop, spent_out=frozenset({"cmp_gone"})) == (
        ["ad_a_1", "ad_b_1"],
        {"spent_out": 1},
    )


def test_of_one_product_the_best_bid_and_one_rival_stay() -> None:
    bids = {"a1": 500, "a2": 400, "b1": 300, "b2": 200, "c1": 100}
    campaigns = [
        campaign(name, "socks", advertiser_id=f"adv_{name[0]}", bid=Micros(bid * 1_000))
        for name, bid in bids.items()
    ]
    shop = snapshot(SOCKS[:1], campaigns)
    # a2 would bid against its own a1; b2 and c1 stand behind the rival b1
    assert left(shop) == (["ad_a1_1", "ad_b1_1"], {"duplicate_product": 3})
    # once a1 is out, a2 leads
    out = frozenset({"cmp_a1"})
    assert left(shop, spent_out=out) == (
        ["ad_a2_1", "ad_b1_1"],
        {"spent_out": 1, "duplicate_product": 2},
    )


def test_two_advertisers_are_no_duplicates() -> None:
    shop = snapshot(SOCKS[:2], [campaign("a", "socks"), campaign("b", "socks")])
    assert left(shop) == (["ad_a_1", "ad_b_1", "ad_a_2", "ad_b_2"], {})


def test_when_nothing_is_left_nothing_is_picked() -> None:
    shop = snapshot(SOCKS[:1], [campaign("a", "socks"), campaign("b", "socks")])
    query = ask("socks", excluded_products=frozenset({"1"}))
    assert left(shop, query) == ([], {"excluded": 2})


def test_no_more_than_a_hundred_stand() -> None:
    many = [product(f"{n:03}", "Wool Socks") for n in range(MOST_CANDIDATES + 20)]
    ids, filtered = left(snapshot(many, [campaign("one", "socks")]))
    assert len(ids) == MOST_CANDIDATES
    assert filtered == {}


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 50)), max_size=12),
    st.sets(st.integers(0, 11)),
)
def test_rivals_equal_a_plain_search(drawn: list[tuple[int, int, int]], spent: set[int]) -> None:
    campaigns, listed = [], []
    for n, (of, advertiser, bid) in enumerate(drawn):
        one = campaign(f"{n:02}", "socks", advertiser_id=f"adv_{advertiser}")
        campaigns.append(one)
        listed += ads(one, SOCKS[of], bid=bid * 1_000_000)
    ids, _ = left(snapshot(SOCKS, campaigns, listed), spent_out={f"cmp_{n:02}" for n in spent})
    expected = set()
    for of in {of for of, _, _ in drawn}:
        line = [(-bid, n) for n, (its, _, bid) in enumerate(drawn) if its == of and n not in spent]
        leaders = sorted(line)[:1]
        rivals = sorted(
            one for one in line if leaders and drawn[one[1]][1] != drawn[leaders[0][1]][1]
        )
        expected |= {n for _, n in [*leaders, *rivals[:1]]}
    assert {int(one.split("_")[1]) for one in ids} == expected
