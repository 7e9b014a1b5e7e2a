from __future__ import annotations

import pytest

from service.decision.denial import denied_words, says_it_lacks, telling_words
from service.decision.language import language_of

ENGLISH = language_of("en")


@pytest.mark.parametrize(
    ("title", "denied"),
    [
        ("Faucet Trim Kit in Chrome (Valve Not Included)", {"valve"}),
        ("Faucet Trim Kit (Valve and Handles Not Included)", {"valve", "handle"}),
        ("String Trimmer - Battery and Charger Not Included", {"battery", "charger"}),
        ("Shower Trim in Nickel (Valve Sold Separately)", {"valve"}),
        ("Tyvek Hood with Visor, respirator not included", {"respirator"}),
        ("Dining Set (Slipcovers Excluded)", {"slipcover"}),
        ("Lamp Shade, Bulbs, (Not Included)", {"bulb"}),
        ("(Not Included)", set()),
        ("Toilet without Toilet Seat in White", {"toilet", "seat"}),
        ("Rail Kit w/o Brackets", {"bracket"}),
        ("Roman Tub Faucet, Less Personal Shower, Lever Handles", {"personal", "shower"}),
        ("Toilet in White (No Seat)", {"seat"}),
        ("Edging No Stakes Required", {"stake", "required"}),
        ("Non-Slip Rug Pad", {"slip"}),
        ("Bulb, Not Dimmable", {"dimmable"}),
        ("BPA-Free Bottle, Lead Free", {"bpa", "lead"}),
        ("Kit excluding Legs for Tables", {"leg"}),
        ("Frost Free Freezer in White", {"frost"}),
        ("Baseboard Cover (Not for Electric Baseboard)", {"electric", "baseboard"}),
        ("Hose, not suitable for use with Drinking Water", {"drinking", "water"}),
        ("Trimmer with Free Battery", set()),
        ("Pedestal Free Standing Tub", set()),
        ("Lapis No. 918 Curtain", set()),
        ("Screw No 8 in Brass", set()),
        ("Less than a Dollar", set()),
        ("Cordless Drill with Battery", set()),
        ("Get Free Shipping", set()),
        ("", set()),
    ],
)
def test_a_title_denies_the_words_of_its_own_clause(title: str, denied: set[str]) -> None:
    assert denied_words(title, ENGLISH) == denied


@pytest.mark.parametrize(
    ("phrase", "lacks"),
    [
        ("not included", True),
        ("valve sold", True),
        ("sold separately", True),
        ("batteries not included", True),
        ("seat not", True),
        ("42", True),
        ("valve included", False),
        ("no drip", False),
        ("5-year warranty", False),
    ],
)
def test_phrases_that_only_say_what_is_missing(phrase: str, lacks: bool) -> None:
    assert says_it_lacks(phrase, ENGLISH) is lacks


def test_telling_words_are_singular_lower_case_and_without_small_words() -> None:
    assert telling_words("Batteries and the Glass Handles INCLUDED", ENGLISH) == {
        "battery",
        "glass",
        "handle",
    }
