from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from service.decision.index import category_rows
from service.decision.retrieve import DEEPEST, retrieve
from service.decision.terms import CampaignStatus, MatchType, Micros, Placement
from tests.unit.decision.shop import ads, ask, campaign, keyword, product, snapshot

if TYPE_CHECKING:
    from service.decision.retrieve import Found
    from service.decision.snapshot import Snapshot

RED = product("1", "Red Wool Socks", category="Clothing > Socks")
BLUE = product("2", "Blue Wool Socks", category="Clothing > Socks")
HAT = product("3", "Red Hat", category="Clothing")
CAP = product("4", "Grey Cap", category="Clothing accessories")


def found_ids(found: Found, shop: Snapshot) -> list[str]:
    return [shop.ads.ids[row] for row in found.rows]


def test_the_best_match_comes_first_with_its_share_of_the_query() -> None:
    # P = 2: idf red = ln(1 + 2/2), socks on both = ln(1 + 2/3)
    red, socks = np.log(2), np.log(5 / 3)
    one = campaign("one", "socks")
    shop = snapshot([BLUE, RED], [one])
    found = retrieve(ask("red socks"), shop)
    assert found_ids(found, shop) == ["ad_one_1"]  # the blue ones cover .42, under half of 1
    assert found.lexical.tolist() == [1.0]
    assert found.filtered == {"off_topic": 1}
    found = retrieve(ask("wool red socks"), shop)
    assert found_ids(found, shop) == ["ad_one_1", "ad_one_2"]
    assert found.lexical[1] == pytest.approx(2 * socks / (2 * socks + red))
    assert found.words == {shop.words.texts.find(word) for word in ("wool", "red", "sock")}
    assert found.nothing == ""


def test_an_unknown_word_weighs_the_most() -> None:
    shop = snapshot([RED, BLUE], [campaign("one", "socks")])
    socks, unknown = np.log(5 / 3), np.log(3)  # ln(1 + 2)
    found = retrieve(ask("sequined socks"), shop)
    assert found.lexical == pytest.approx([socks / (socks + unknown)] * 2)


def test_who_names_the_query_is_held_against_its_own_best_only() -> None:
    # "headwear" is in no title: the exact keyword stands for it, the broad one does not
    exact = campaign("exact", keyword("red headwear", MatchType.EXACT))
    broad = campaign("broad", keyword("red"))
    shop = snapshot([RED, CAP], [exact, broad], [*ads(exact, CAP), *ads(broad, RED, CAP)])
    found = retrieve(ask("red headwear"), shop)
    assert found_ids(found, shop) == ["ad_broad_1", "ad_exact_4"]
    assert found.filtered == {"off_topic": 1}
    assert found.lexical[1] == pytest.approx(0.2)


def test_products_that_nobody_advertises_set_no_standard() -> None:
    # the plaid hat covers all of the query, the ads at most a third of it
    plaid = product("5", "Plaid Felt Hat")
    one = campaign("one", "hat")
    shop = snapshot([plaid, RED, HAT, CAP], [one], ads(one, RED, HAT, CAP))
    found = retrieve(ask("plaid felt hat"), shop)
    assert found_ids(found, shop) == ["ad_one_3"]
    assert found.filtered == {"off_topic": 2}


def test_nothing_is_found_without_a_reason() -> None:
    shop = snapshot([RED], [campaign("one", "socks")])
    assert retrieve(ask("!?"), shop).nothing == "empty_query"
    assert retrieve(ask("umbrella"), shop).nothing == "no_keyword_match"
    assert retrieve(ask("", category="Garden"), shop).nothing == "no_ads_in_category"
    assert retrieve(ask("", category=""), shop).nothing == "empty_query"
    empty = snapshot([], [])
    assert retrieve(ask("socks"), empty).nothing == "no_keyword_match"
    assert retrieve(ask("", category="Clothing"), empty).nothing == "no_ads_in_category"


def test_what_may_not_run_is_counted_by_its_first_reason() -> None:
    gone = product("5", "Wool Socks", in_stock=False)
    shop = snapshot(
        [RED, gone],
        [
            campaign("fine", "socks"),
            campaign("negative", "socks", keyword("cheap", negative=True)),
            campaign("paused", "socks", status=CampaignStatus.PAUSED),
            campaign("spent", "socks", budget=Micros(9), spent=Micros(9)),
            campaign("app", "socks", platforms=("app",)),
        ],
    )
    found = retrieve(ask("cheap socks"), shop)
    assert found_ids(found, shop) == ["ad_fine_1"]
    assert found.filtered == {
        "negative_keyword": 2,
        "out_of_stock": 4,
        "campaign_paused": 1,
        "spent_out": 1,
        "wrong_platform": 1,
    }
    found = retrieve(ask("", category="Clothing"), shop)
    assert found_ids(found, shop) == ["ad_fine_1", "ad_negative_1"]
    assert found.filtered == {"campaign_paused": 1, "spent_out": 1, "wrong_platform": 1}


def test_one_reason_that_removed_all_is_the_reason() -> None:
    paused = campaign("one", "socks", status=CampaignStatus.PAUSED)
    shop = snapshot([RED, BLUE], [paused])
    assert retrieve(ask("socks"), shop).nothing == "campaign_paused"
    app = campaign("two", "socks", platforms=("app",))
    assert retrieve(ask("socks"), snapshot([RED], [paused, app])).nothing == "all_filtered"


def test_a_platform_that_no_one_names_runs_the_campaigns_for_all() -> None:
    shop = snapshot(
        [RED], [campaign("all", "socks"), campaign("web", "socks", platforms=("web",))]
    )
    kiosk = Placement("kiosk", "kiosk", 4, Micros(1))
    assert found_ids(retrieve(ask("socks", placement=kiosk), shop), shop) == ["ad_all_1"]
    assert len(retrieve(ask("socks"), shop).rows) == 2


def test_a_category_holds_what_lies_under_it() -> None:
    shop = snapshot([RED, BLUE, HAT, CAP], [campaign("one")])
    assert len(retrieve(ask("", category="clothing"), shop).rows) == 3
    found = retrieve(ask("", category="Clothing>Socks"), shop)
    assert found_ids(found, shop) == ["ad_one_1", "ad_one_2"]
    assert found.lexical.tolist() == [1.0, 1.0]
    only_under = snapshot([RED], [campaign("one")])
    assert len(retrieve(ask("", category="Clothing"), only_under).rows) == 1


def test_ads_of_one_product_stand_together_highest_bid_first() -> None:
    low, high = campaign("low", "socks"), campaign("high", "socks", bid=Micros(200_000))
    named = campaign("named", keyword("wool socks", MatchType.EXACT), bid=Micros(50_000))
    listed = [*ads(low, RED, BLUE), *ads(high, RED), *ads(named, BLUE)]
    shop = snapshot([RED, BLUE], [low, high, named], listed)
    found = retrieve(ask("wool socks"), shop)
    # the blue ones match best by the exact keyword; with them goes their other ad
    assert found_ids(found, shop) == ["ad_low_2", "ad_named_2", "ad_high_1", "ad_low_1"]
    assert found.group.tolist() == [0, 0, 1, 1]
    assert found.bid.tolist() == [100_000, 50_000, 200_000, 100_000]
    assert found.repeats


def test_no_more_than_a_thousand_are_kept_those_of_the_highest_bids() -> None:
    many = [product(f"{n:05}", "Wool Socks") for n in range(DEEPEST + 50)]
    one = campaign("one", "socks")
    listed = [ad for n, each in enumerate(many) for ad in ads(one, each, bid=1_000 + n)]
    found = retrieve(ask("socks"), snapshot(many, [one], listed))
    assert len(found.rows) == DEEPEST
    assert found.bid.tolist() == list(range(1_049 + DEEPEST, 1_049, -1))
    assert not found.repeats


def test_a_query_is_worked_out_once() -> None:
    shop = snapshot([RED], [campaign("one", "socks")])
    assert retrieve(ask("socks"), shop) is retrieve(ask("socks", slots=1), shop)


def test_no_category_holds_nothing() -> None:
    shop = snapshot([product("1", "Saw", category="Tools > Saws")], [])
    assert category_rows("tools", shop.categories).size == 1
    assert category_rows("", shop.categories).size == 0
