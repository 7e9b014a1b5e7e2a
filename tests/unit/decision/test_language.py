from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.decision.language import correctable, language_of

ENGLISH = language_of("en-GB")


@given(st.text())
def test_spellings_stand_beside_their_stemmed_words(text: str) -> None:
    assert len(ENGLISH.words(text)) == len(ENGLISH.spellings(text))
    assert len(ENGLISH.words(text)) == len(ENGLISH.singulars(text))


def test_words_are_stemmed_and_spellings_are_not() -> None:
    assert ENGLISH.words("Walking Boots") == ("walk", "boot")
    assert ENGLISH.spellings("Walking Boots") == ("walking", "boots")


@pytest.mark.parametrize(
    ("locale", "many", "one"),
    [
        ("en", "batteries boxes glasses washers axes gas", "battery box glass washer ax gas"),
        ("de", "Batterien Griffe Kabel Adaptern Kindern", "Batterie Griff Kabels Adapter Kinder"),
        ("fr", "piles noires carreaux", "pile noir carreau"),
        ("es", "baterías tapones incluidas rojos", "batería tapón incluido roja"),
        ("it", "lampade barche incluse", "lampada barca incluso"),
        ("pt-BR", "botões lâmpadas incluídas", "botão lâmpada incluído"),
        ("nl", "lampen kabels roestvrije", "lamp kabel roestvrij"),
        ("fi", "lamput", "lamppu"),
    ],
)
def test_words_are_one_up_to_number_and_gender(locale: str, many: str, one: str) -> None:
    language = language_of(locale)
    assert language.singulars(many) == language.singulars(one)


@pytest.mark.parametrize(
    ("locale", "pair"),
    [
        ("en", "decorative decorators"),
        ("en", "light lighting"),
        ("de", "dekorativ Dekorateur"),
        ("fr", "décoratif décorateur"),
        ("en", "glass gla"),
    ],
)
def test_words_of_one_stem_are_not_one(locale: str, pair: str) -> None:
    one, other = language_of(locale).singulars(pair)
    assert one != other


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
