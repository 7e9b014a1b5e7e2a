from __future__ import annotations

import pytest

from service.decision.spelling import UNKNOWN, word_rows
from tests.unit.decision.shop import campaign, product, snapshot

SHOP = snapshot(
    [
        product("1", "Hammer Drill Refrigerator", category="Walking"),
        product("2", "Hummer Hammers 5 mm", brand="Roasting"),
        product("3", "Mug Hammock", brand="Casa"),
        product("4", "Hat", brand="Casa"),
    ],
    [campaign("one", "sleeping bags", "casual")],
)


def understood(query: str) -> list[str]:
    return ["?" if row == UNKNOWN else SHOP.words.texts[row] for row in word_rows(query, SHOP)]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("hammers", "hammer"),
        ("hamer", "hammer"),  # one letter too few
        ("hammmer", "hammer"),
        ("hamemrs", "hammer"),  # swapped
        ("hommer", "hammer"),  # as near to "hummer", but two products carry "hammer"
        ("refridgerater", "refriger"),  # two slips from eight letters
        ("walkng", "walk"),  # in a category
        ("roastnig", "roast"),  # in a brand
        ("casal", "casual"),  # "casa" is on more products, but "casual" is bid on
        ("mugg", "mug"),
        ("sleeipng", "sleep"),  # in a keyword
    ],
)
def test_a_word_is_understood_with_a_slip(typed: str, meant: str) -> None:
    assert understood(typed) == [meant]
    assert understood(typed) == [meant]  # remembered


@pytest.mark.parametrize("typed", ["mgu", "jammer", "5mn", "hmmxr", "xylophone", "zzzz"])
def test_a_word_too_far_away_is_unknown(typed: str) -> None:
    assert understood(typed) == ["?"]


def test_stop_words_do_not_count_unless_there_are_no_others() -> None:
    assert understood("a hammer for the mug, a hammer") == ["hammer", "mug", "hammer"]
    assert understood("for the") == ["?", "?"]
    assert understood("?!") == []


def test_half_characters_are_no_words() -> None:
    assert understood("\ud800mug\udfff") == ["mug"]
    assert SHOP.products.ids.find("\ud800") == -1
