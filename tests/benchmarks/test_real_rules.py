"""The rules by which `make real` judges, on cases small enough to check by eye."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.benchmarks.hot_path_floor import auction
from tests.benchmarks.real_data import cut_moment, moved_to_end_at
from tests.benchmarks.real_quality import spearman, tfidf_similarity
from tests.benchmarks.real_shop import CAMPAIGNS_PER_MERCHANT, MERCHANTS, make_campaigns
from tests.benchmarks.real_titles import denied_words, lost_names, marked, untruths
from tests.benchmarks.real_traffic import Search, click_chance


def _ad(title: str, *phrases: str, product_id: str = "1", slot: int = 0) -> dict[str, Any]:
    shown = [{"text": phrase, "selling_point": f"sp_{phrase}"} for phrase in phrases]
    rest = {"text": title, "selling_point": None}
    return {
        "product_id": product_id,
        "slot": slot,
        "title": {"text": title, "original": title, "parts": [*shown, rest]},
    }


def test_a_title_that_lost_a_number_is_seen() -> None:
    cut = {"text": "Saw… XR-200", "original": "Saw 18 V XR-200", "left_out": ["18 V"]}
    assert lost_names(cut) == []
    assert lost_names(cut | {"left_out": []}) == ["18"]
    ad = _ad("Saw 18 V")
    ad["title"] |= {"text": "Saw…", "parts": [{"text": "Saw…", "selling_point": None}]}
    assert [one.why for one in untruths([ad], {})] == ["names the product and is gone"]


@pytest.mark.parametrize(
    ("title", "denied"),
    [
        ("Delta Vero Shower Trim Kit in Chrome (Valve Not Included)", {"valve", "included"}),
        ("Hedge Trimmer - Battery and Charger Not Included", {"battery", "charger", "included"}),
        ("Pan in Black, Lid not Included (Case of 6)", {"lid", "included"}),
        ("Toilet without Toilet Seat in White", {"toilet"}),
        ("Toilet in White - No Seats", {"seat"}),
        ("DEWALT No. 2 Phillips Bit", set()),
        ("Stainless Sink with Drain", set()),
    ],
)
def test_a_title_denies_what_it_says_is_not_there(title: str, denied: set[str]) -> None:
    assert denied_words(title) == denied


def test_a_phrase_of_another_product_and_a_denied_one_are_untrue() -> None:
    ads = [
        _ad("Trim Kit (Valve Not Included)", "handle", "valve included"),
        _ad("Oak Shelf", "walnut", product_id="2"),
    ]
    candidates = {"1": ["handle", "valve included"], "2": ["oak"]}
    found = [(untruth.phrase, untruth.why.split()[0]) for untruth in untruths(ads, candidates)]
    assert found == [("valve included", "denied"), ("walnut", "not")]


def test_of_a_product_without_candidates_the_title_attests_in_its_own_words() -> None:
    def whys(phrase: str, *candidates: str) -> list[str]:
        ads = [_ad("Rust-Proof Steel Shelf", phrase)]
        return [untruth.why for untruth in untruths(ads, {"1": candidates})]

    wrong = ["not among the product's candidates"]
    assert whys("Rust-Proof") == []
    assert whys("Rust-Proof", "steel") == wrong
    assert whys("rust") == wrong
    assert whys("Proof Shelf") == wrong


def _in_place(*runs: str) -> dict[str, Any]:
    """An ad whose title is `runs`, every other one a part of the same selling point."""
    parts = [
        {"text": run, "selling_point": "sp_1" if at % 2 else None} for at, run in enumerate(runs)
    ]
    title = "".join(runs)
    return {"product_id": "1", "title": {"text": title, "original": title, "parts": parts}}


def _whys(ad: dict[str, Any], *candidates: str) -> list[str]:
    return [untruth.why for untruth in untruths([ad], {"1": candidates})]


@pytest.mark.parametrize(
    ("shown", "candidate"),
    [
        ("ClosetMaid", "closet maid"),
        ("Wet/Dry", "wet dry"),
        ("Handles", "handle"),
        ("Mailboxes", "mailbox"),
        ("Batteries", "battery"),
        ("Builder&#39;s Choice", "builder choice"),
        ("Tub and Shower", "tub and shower"),
    ],
)
def test_a_phrase_may_be_written_as_the_title_writes_it(shown: str, candidate: str) -> None:
    assert not _whys(_in_place("Acme ", shown, " Kit"), candidate)


@pytest.mark.parametrize(
    ("shown", "candidate"),
    [
        ("Tub and Shower", "tub shower"),
        ("Over the Range", "over range"),
        ("Vanity in Espresso", "vanity espresso"),
        ("Strong-Tie 12-Gauge", "strong-tie gauge"),
        ("Gauge", "strong-tie gauge"),
        ("Decorators", "decorative"),
        ("Lighting", "light"),
        ("Plated", "plate"),
    ],
)
def test_a_highlight_says_just_the_words_of_the_phrase(shown: str, candidate: str) -> None:
    assert _whys(_in_place("Acme ", shown, " Kit"), candidate) == [
        "not among the product's candidates"
    ]


def test_a_phrase_in_parts_has_one_small_word_or_number_between_them() -> None:
    assert not _whys(_in_place("", "Tub", " and ", "Shower"), "tub shower")
    assert not _whys(_in_place("", "Strong-Tie", " 12-", "Gauge"), "strong-tie gauge")
    assert not _whys(_in_place("", "Wool", " & 2 ", "Silk", " of ", "Lace"), "wool silk lace")
    apart = ["stands between the parts of one phrase"]
    for gap in (" Kitchen ", ", ", " (and ", " and the ", " - 2 ", " ", " 2 1 "):
        assert _whys(_in_place("", "Tub", gap, "Shower"), "tub shower") == apart


def test_a_title_says_no_word_but_its_own_and_its_phrases() -> None:
    ad = _in_place("", "Sturdy", " – Oak Shelf")
    ad["title"]["original"] = "Oak Shelf"
    assert not _whys(ad, "sturdy")
    assert not _whys(_in_place("In", "Sink", "Erator Switch"), "sink")
    ad["title"]["original"] = "Shelf"
    assert _whys(ad, "sturdy") == ["is neither a phrase's nor the catalogue title's"]


def test_selling_points_stand_in_brackets() -> None:
    assert marked(_ad(" Shelf", "Oak")) == "[Oak] Shelf"


def test_lower_slots_and_less_relevant_ads_are_clicked_less() -> None:
    search = Search("oak shelf", "7", {"1": 3.0, "2": 1.0}, frozenset({"oak"}))
    top = click_chance(search, _ad("Oak Shelf"))
    # 1 / (1 + e^(4.2 - 3)) = 0.2315
    assert top == pytest.approx(0.2315, abs=1e-4)
    assert click_chance(search, _ad("Oak Shelf", slot=3)) == pytest.approx(top / 2)
    assert click_chance(search, _ad("Oak Shelf", product_id="2")) < top
    assert click_chance(search, _ad("Oak Shelf", "Oak")) > top


def test_the_past_is_the_first_seventy_percent() -> None:
    log = pl.DataFrame({"ts": [50, 10, 20, 30, 40, 60, 70, 80, 90, 100]})
    assert cut_moment(log) == 70
    assert moved_to_end_at(log, 1_000)["ts"].max() == 940


def test_rank_correlation_shares_ranks_of_equals() -> None:
    assert spearman(np.array([1.0, 2, 3]), np.array([10.0, 20, 30])) == pytest.approx(1)
    # ranks 1.5 1.5 3 against 1 2 3: covariance 1.5, variances 1.5 and 2 -> 1.5 / sqrt(3)
    assert spearman(np.array([1.0, 1, 3]), np.array([1.0, 2, 3])) == pytest.approx(
        0.8660, abs=1e-4
    )


def test_tfidf_prefers_the_title_that_shares_letters() -> None:
    pairs = pl.DataFrame({"query": ["oak shelf"] * 2, "title": ["Oak Shelves", "Steel Hinge"]})
    like, unlike = tfidf_similarity(pairs, ["Oak Shelves", "Steel Hinge"])
    assert like > 0.3 > unlike


def test_every_product_is_in_one_campaign_and_the_seed_decides() -> None:
    titles = [f"Brand{n % 90} {kind} tool {n}" for n in range(400) for kind in ("saw", "drill")]
    ids = [str(n) for n in range(len(titles))]
    campaigns = make_campaigns(ids, titles, seed=3)
    assert sorted(one for each in campaigns for one in each.products) == sorted(ids)
    assert len({each.merchant for each in campaigns}) <= MERCHANTS
    assert len(campaigns) <= MERCHANTS * CAMPAIGNS_PER_MERCHANT
    assert campaigns == make_campaigns(ids, titles, seed=3)
    assert campaigns != make_campaigns(ids, titles, seed=4)


def test_the_floor_auction_prices_by_the_next_in_line() -> None:
    sold = auction(100, 4).call()
    assert isinstance(sold, list)
    assert len(sold) == 4
    assert all(price >= 50_000 for _, price in sold)
