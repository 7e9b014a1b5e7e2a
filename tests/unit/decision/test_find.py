from __future__ import annotations

import pytest

from service.contract.tokenizer import Tokenizer
from service.decision.find import find_phrase

words = Tokenizer("en").words


@pytest.mark.parametrize(
    ("phrase", "title", "shown"),
    [
        ("stainless steel", "GE 24 in. Sink in Stainless Steel", "Stainless Steel"),
        ("stainless steel", "GE Stainless-Steel Sink", "Stainless-Steel"),
        ("washers", "Front Load Washer", "Washer"),
        ("battery charger", "Drill with Battery and Charger", "Battery and Charger"),
        ("widespread handle", "Widespread 2-Handle Faucet", "Widespread 2-Handle"),
        ("closet maid", "ClosetMaid Shelf", "ClosetMaid"),
        ("bite", "SharkBite Valve", "Bite"),
        ("羊毛", "女士羊毛大衣", "羊毛"),
        ("1/2 in", "Pipe 1/2 in. Brass", "1/2 in"),
        ("C++", "Learn C++ Fast", "C++"),
        ("led", "Sealed LED Lamp", "LED"),
    ],
)
def test_a_phrase_is_found_as_the_title_says_it(phrase: str, title: str, shown: str) -> None:
    span = find_phrase(phrase, title, words)
    assert span is not None
    assert title[slice(*span)] == shown


@pytest.mark.parametrize(
    ("phrase", "title"),
    [
        ("led", "Sealed Lamp"),
        ("steel sink", "Steel Kitchen Sink"),
        ("chrome valve", "Trim in Chrome (Valve)"),
        ("blue wool", "Blue, Wool"),
        ("soft", ""),
        ("!!", "Mat"),
        ("battery charger case", "Battery and Charger"),
        ("mat", "the"),
    ],
)
def test_a_phrase_that_the_title_does_not_say(phrase: str, title: str) -> None:
    assert find_phrase(phrase, title, words) is None


def test_two_fillers_in_a_row_are_one_too_many() -> None:
    assert find_phrase("wool silk", "Wool and Silk", words) == (0, 13)
    assert find_phrase("wool silk", "Wool and the Silk", words) is None
