from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from service.decision.language import correctable, language_of

ENGLISH = language_of("en-GB")


@given(st.text())
def test_spellings_stand_beside_their_stemmed_words(text: str) -> None:
    assert len(ENGLISH.words(text)) == len(ENGLISH.spellings(text))


def test_words_are_stemmed_and_spellings_are_not() -> None:
    assert ENGLISH.words("Walking Boots") == ("walk", "boot")
    assert ENGLISH.spellings("Walking Boots") == ("walking", "boots")


def test_telling_words_are_no_stop_words_unless_there_are_no_others() -> None:
    assert ENGLISH.telling(ENGLISH.words("boots for the boots")) == ("boot", "boot")
    assert ENGLISH.telling(("for", "the")) == ("for", "the")
    assert language_of("fi").telling(("for", "the")) == ("for", "the")


def test_one_language_serves_all_snapshots_of_a_locale() -> None:
    assert language_of("en-GB") is ENGLISH


def test_slips_are_mended_to_words_of_three_letters() -> None:
    assert correctable("Hiking Boots, 12in, or, red, Größe") == {
        "hiking",
        "boots",
        "red",
        "grösse",
    }
