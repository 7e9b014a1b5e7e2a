from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from service.decision.snapshot import AdFacts
from service.decision.terms import CampaignStatus, Micros, Placement
from service.errors import BadInputError
from tests.unit.decision.shop import TOP, ads, campaign, keyword, product, snapshot

MUG = product("2", "Red Mug", "keeps hot", category="Kitchen > Mugs", image_link="/mug.png")
CUP = product("1", "Blue Cup", "keeps hot", category="Kitchen", price=Micros(5_000_000))


def test_rows_follow_ids_and_facts_follow_rows() -> None:
    one = campaign("one", "mug", bid=Micros(70_000))
    shop = snapshot([MUG, CUP], [one], [*ads(one, MUG), *ads(one, CUP, bid=90_000)])
    assert shop.products.ids.all() == ["1", "2"]
    assert shop.ads.ids.all() == ["ad_one_1", "ad_one_2"]
    assert shop.facts(1) == AdFacts(
        ad_id="ad_one_2",
        campaign_id="cmp_one",
        advertiser_id="adv_one",
        product_id="2",
        title="Red Mug",
        link="https://shop.example/p/2",
        image_link="https://shop.example/mug.png",
        bid=Micros(70_000),
    )
    assert shop.facts(0).bid == 90_000
    assert shop.names(0) == ("ad_one_1", "1", "cmp_one", 0, "https://shop.example/p/1")
    assert shop.names(0) is shop.names(0)


def test_products_and_phrases_stand_in_row_order_for_the_models() -> None:
    shop = snapshot([MUG, CUP], [])
    cup, mug = shop.every_product()
    assert mug == replace(
        MUG,
        link="https://shop.example/p/2",
        image_link="https://shop.example/mug.png",
        highlights=(),
    )
    assert (cup.title, cup.price, cup.category) == ("Blue Cup", 5_000_000, "Kitchen")
    assert shop.every_phrase() == ["keeps hot"]  # once, though two products attest it


def test_a_product_without_a_safe_link_is_left_out_with_its_ads() -> None:
    bad = product("3", "Mug", link="//evil.example")
    one = campaign("one", "mug")
    shop = snapshot([MUG, bad], [one])
    assert shop.products.ids.all() == ["2"]
    assert shop.left_out == {"product_link_unsafe": 1, "ad_without_product_or_campaign": 1}


def test_ads_that_cannot_run_are_left_out_and_counted() -> None:
    one = campaign("one", "mug")
    good, *_ = ads(one, MUG)
    listed = [
        good,
        replace(good, ad_id="ad_off", active=False),
        replace(good, ad_id="ad_free", bid=Micros(0)),
        replace(good, ad_id="ad_dear", bid=Micros(10**12 + 1)),
        replace(good, ad_id="ad_lost", campaign_id="cmp_gone"),
    ]
    shop = snapshot([MUG], [one], listed)
    assert shop.ads.ids.all() == [good.ad_id]
    assert shop.left_out == {
        "ad_inactive": 1,
        "ad_bid_out_of_range": 2,
        "ad_without_product_or_campaign": 1,
    }


def test_campaigns_keep_status_dates_budget_and_platforms() -> None:
    plain = campaign("a", "mug")
    other = campaign(
        "b",
        "mug",
        advertiser_id="adv_a",
        status=CampaignStatus.PAUSED,
        starts_at=10.0,
        ends_at=20.0,
        budget=Micros(5),
        spent=Micros(5),
        platforms=("app",),
    )
    shop = snapshot([MUG], [other, plain])
    table = shop.campaigns
    assert table.ids.all() == ["cmp_a", "cmp_b"]
    assert table.active.tolist() == [True, False]
    assert table.spent_out.tolist() == [False, True]
    assert table.starts_at.tolist() == [-np.inf, 10.0]
    assert table.ends_at.tolist() == [np.inf, 20.0]
    assert table.advertiser.tolist() == [0, 0]
    assert shop.platforms == ("app", "web")
    assert table.platforms.tolist() == [2**64 - 1, 1]


def test_a_keyword_is_kept_once_for_all_its_campaigns() -> None:
    shop = snapshot(
        [MUG],
        [
            campaign("a", "red mugs", "Red Mug", "!!"),
            campaign("b", "red mug", keyword("cup", negative=True)),
        ],
    )
    assert len(shop.keywords.words) == 2
    assert [shop.keywords.campaigns[row].tolist() for row in range(2)] == [[0, 1], [1]]
    assert shop.keywords.negative.tolist() == [False, True]


def test_idf_is_higher_for_rarer_words() -> None:
    shop = snapshot([MUG, product("3", "Red Cup"), product("4", "Red Hat")], [])
    words = shop.words
    # ln(1 + 3 / (1 + 3)) for "red" on all three, ln(1 + 3 / (1 + 1)) for "hat" on one
    assert words.idf[words.texts.find("red")] == pytest.approx(np.log(1.75))
    assert words.idf[words.texts.find("hat")] == pytest.approx(np.log(2.5))


def test_an_empty_shop_is_a_snapshot_too() -> None:
    shop = snapshot([], [])
    assert shop.version == "7"
    assert shop.placements == {"search_top": TOP}
    assert shop.left_out == {}


def test_more_platforms_than_bits_are_refused() -> None:
    many = [Placement(f"p{n}", f"platform{n}", 1, Micros(1)) for n in range(65)]
    with pytest.raises(BadInputError, match="65 platforms"):
        snapshot([], [], placements=many)


def test_every_single_word_has_its_spellings() -> None:
    shop = snapshot([product("1", "Walking Boots Women's")], [campaign("one", "hiker")])
    spelled = shop.spellings.texts.all()
    words = shop.words.texts.take(shop.spellings.word.tolist())
    assert dict(zip(spelled, words, strict=True)) == {
        "boots": "boot",
        "hiker": "hiker",
        "walking": "walk",
        "women": "women",
    }
