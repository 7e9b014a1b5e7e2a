from __future__ import annotations

import pytest

from service.decision.find import find_phrase
from service.decision.language import language_of

words = language_of("en").singulars


def said(phrase: str, title: str) -> list[str]:
    """What of `title` says `phrase`."""
    return [title[start:end] for start, end in find_phrase(phrase, title, words)]


@pytest.mark.parametrize(
    ("phrase", "title", "shown"),
    [
        ("stainless steel", "GE 24 in. Sink in Stainless Steel", "Stainless Steel"),
        ("stainless steel", "GE Stainless-Steel Sink", "Stainless-Steel"),
        ("washers", "Front Load Washer", "Washer"),
        ("battery", "Drill with 2 Batteries", "Batteries"),
        ("storage boxes", "Storage Box in Oak", "Storage Box"),
        ("builder choice", "Builder's Choice Door", "Builder's Choice"),
        ("battery and charger", "Drill with Battery and Charger", "Battery and Charger"),
        ("tub shower", "Trim for Tub/Shower", "Tub/Shower"),
        ("2-handle", "Widespread 2-Handle Faucet", "2-Handle"),
        ("closet maid", "ClosetMaid Shelf", "ClosetMaid"),
        ("bite", "SharkBite Valve", "Bite"),
        ("羊毛", "女士羊毛大衣", "羊毛"),
        ("1/2 in", "Pipe 1/2 in. Brass", "1/2 in"),
        ("C++", "Learn C++ Fast", "C++"),
        ("led", "Sealed LED Lamp", "LED"),
    ],
)
def test_a_phrase_is_found_as_the_title_says_it(phrase: str, title: str, shown: str) -> None:
    assert said(phrase, title) == [shown]


@pytest.mark.parametrize(
    ("phrase", "title", "shown"),
    [
        ("battery charger", "Drill with Battery and Charger", ["Battery", "Charger"]),
        ("vanity espresso", "Double Vanity in Espresso", ["Vanity", "Espresso"]),
        ("over range", "Over the Range Microwave", ["Over", "Range"]),
        ("widespread handle", "Widespread 2-Handle Faucet", ["Widespread", "Handle"]),
        ("strong-tie gauge", "Simpson Strong-Tie 12-Gauge Angle", ["Strong-Tie", "Gauge"]),
        ("wool silk linen", "Wool and Silk and Linen", ["Wool", "Silk", "Linen"]),
        ("peel stick tile", "Peel and Stick Tile", ["Peel", "Stick Tile"]),
    ],
)
def test_a_small_word_or_number_between_the_words_is_no_part_of_the_phrase(
    phrase: str, title: str, shown: list[str]
) -> None:
    assert said(phrase, title) == shown


@pytest.mark.parametrize(
    ("phrase", "title"),
    [
        ("led", "Sealed Lamp"),
        ("steel sink", "Steel Kitchen Sink"),
        ("chrome valve", "Trim in Chrome (Valve)"),
        ("blue wool", "Blue, Wool"),
        ("oak table", "Oak… Table XL"),  # cut out between them was who knows what
        ("blue wool", "Blue، Wool"),
        ("Sony W830", "Sony W830s Camera"),  # another model
        ("soft", ""),
        ("!!", "Mat"),
        ("battery charger case", "Battery and Charger"),
        ("mat", "the"),
        ("decorative", "Home Decorators Rug"),
        ("light", "Sea Gull Lighting"),
        ("plate", "Zinc-Plated Hook"),
    ],
)
def test_a_phrase_that_the_title_does_not_say(phrase: str, title: str) -> None:
    assert said(phrase, title) == []


def test_two_fillers_in_a_row_are_one_too_many() -> None:
    assert said("wool silk", "Wool and Silk") == ["Wool", "Silk"]
    assert said("wool silk", "Wool and the Silk") == []
    assert said("wool silk", "Wool 12.5 Silk") == []


def test_other_languages_have_endings_of_their_own() -> None:
    german, finnish = language_of("de-AT").singulars, language_of("fi").singulars
    assert find_phrase("rostfrei", "Acme Rostfreier Topf", german) == ((5, 15),)
    assert find_phrase("dekorativ", "Acme Dekorateur Set", german) == ()
    assert find_phrase("lamppu", "Acme Lamput", finnish) == ((5, 11),)  # by stem
