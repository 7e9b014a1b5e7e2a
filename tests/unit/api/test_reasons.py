"""Which of a shopper's actions made an ad, worked out by hand."""

from __future__ import annotations

from typing import Any

from service.api.reasons import MOST_OF_A_KIND, reasons_of

PROFILE = {
    "w": ["Waterproof", "wide fit", "waterproof"],
    "q": ["rain jacket", "waterproof jackets for kids"],
    "t": ["Fjell Jacket Waterproof", "Wool Socks"],
}


def told(request: dict[str, Any], *points: str, reason: str = "personal") -> list[Any]:
    award = {"chosen": [{"text": point} for point in points], "reason": reason}
    return [
        (one.kind.value, one.text, one.selling_point) for one in reasons_of(request, award, "en")
    ]


def test_the_search_comes_first_then_what_shares_words_with_the_selling_point() -> None:
    request = {"query": "jacket", "category": "", "profile": PROFILE}
    assert told(request, "waterproof to 10,000 mm") == [
        ("search", "jacket", None),
        ("feature_word", "Waterproof", "waterproof to 10,000 mm"),
        ("feature_word", "waterproof", "waterproof to 10,000 mm"),
        ("earlier_search", "waterproof jackets for kids", "waterproof to 10,000 mm"),
        ("clicked_product", "Fjell Jacket Waterproof", "waterproof to 10,000 mm"),
    ]


def test_each_selling_point_has_its_own_reasons() -> None:
    request = {"query": "", "category": "Jackets", "profile": PROFILE}
    assert told(request, "wide fit", "wool") == [
        ("category", "Jackets", None),
        ("feature_word", "wide fit", "wide fit"),
        ("clicked_product", "Wool Socks", "wool"),
    ]


def test_a_personal_title_that_shares_no_word_came_of_all_of_it() -> None:
    request = {"query": "jacket", "profile": PROFILE}
    search = ("search", "jacket", None)
    assert told(request, "two pockets") == [search, ("recent_actions", None, None)]
    assert told(request, "two pockets", reason="prior") == [search]
    assert told(request | {"profile": None}, "waterproof", reason="prior") == [search]


def test_a_long_history_is_cut() -> None:
    request = {"query": "jacket", "profile": {"w": [f"oak {n}" for n in range(50)]}}
    assert len(told(request, "oak")) == 1 + MOST_OF_A_KIND
