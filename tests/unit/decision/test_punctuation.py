from __future__ import annotations

import pytest

from service.decision.punctuation import punctuation_of, quoted


@pytest.mark.parametrize(
    ("code", "between", "apart"),
    [
        ("en", ", ", " – "),
        ("fr", ", ", "\xa0– "),  # no line begins with the dash
        ("zh", "，", "｜"),
        ("ja", "、", "｜"),
        ("ar", "، ", " – "),
        ("fa", "، ", " – "),
        ("xx", ", ", " – "),
    ],
)
def test_phrases_are_set_as_their_language_sets_them(code: str, between: str, apart: str) -> None:
    signs = punctuation_of(code)
    assert (signs.between, signs.apart) == (between, apart)


@pytest.mark.parametrize(
    ("code", "phrase", "shown"),
    [
        ("en", 'with "soft touch" grip', "with “soft touch” grip"),
        ("de", 'Griff "Soft"', "Griff „Soft“"),
        ("fr", 'poignée "douce"', "poignée «\u202fdouce\u202f»"),
        ("ja", '"静音" モード', "「静音」 モード"),
        ("en", '24" x 36" Wide', '24" x 36" Wide'),  # inches
        ("en", 'fits 3" to 4" pipes', 'fits 3" to 4" pipes'),
        ("en", 'a " b', 'a " b'),
    ],
)
def test_quotations_have_their_languages_signs_and_inches_stay(
    code: str, phrase: str, shown: str
) -> None:
    assert quoted(phrase, punctuation_of(code)) == shown
