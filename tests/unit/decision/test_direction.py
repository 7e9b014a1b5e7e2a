from __future__ import annotations

import pytest

from service.decision.direction import isolate, run_both_ways

LEFT_TO_RIGHT, RIGHT_TO_LEFT = "\u2066", "\u2067"


@pytest.mark.parametrize(
    ("texts", "both"),
    [
        (["Oak Table", "soft"], False),
        (["Möbel – Tisch", "羊毛"], False),
        (["מעיל גשם", "עמיד למים", "100%"], False),
        (["Oak Table", "עמיד למים"], True),
        (["מעיל USB-C"], True),
        (["سترة", "light"], True),
    ],
)
def test_text_that_runs_both_ways_is_found(texts: list[str], both: bool) -> None:
    assert run_both_ways(texts[0], texts[1:]) is both


@pytest.mark.parametrize(
    ("phrase", "title", "opening"),
    [
        ("עמיד למים", "Oak Table", RIGHT_TO_LEFT),
        ("soft", "מעיל גשם", LEFT_TO_RIGHT),
        ("مقاوم", "Oak", RIGHT_TO_LEFT),
        ("100%", "מעיל", RIGHT_TO_LEFT),  # no letters of its own: as the title
        ("100%", "12", LEFT_TO_RIGHT),
    ],
)
def test_a_phrase_runs_as_its_first_letter_does(phrase: str, title: str, opening: str) -> None:
    assert isolate(phrase, title) == opening
