from __future__ import annotations

import numpy as np
import pytest

from service.contract.encoder import Encoder
from service.contract.encoding import Encoding
from service.contract.history import History
from service.contract.mentions import TITLE_PHRASES, PhraseFinder, shares_of
from service.contract.tokenizer import Tokenizer
from service.contract.vocabulary import learn_vocabulary
from tests.unit.contract.made_relevance import knowing

TITLES = ("Soft Close Oak Drawer", "Oak Table", "Steel Sink 12 in.", "Soft Steel")
PHRASES = {"soft close": 1, "oak": 2, "steel": 3, "12 in.": 4}
TOKENIZER = Tokenizer("en", stem=True)
VOCABULARY = learn_vocabulary(TOKENIZER, TITLES, phrases=PHRASES, min_count=1)
FINDER = PhraseFinder(TOKENIZER, VOCABULARY, PHRASES)


ENCODER = Encoder(Encoding(), VOCABULARY, knowing(tuple(PHRASES), VOCABULARY.size))


@pytest.mark.parametrize(
    ("title", "codes"),
    [
        ("Oak drawer, closes soft", [1, 2]),  # of most words first; the order in a title is free
        ("Soft Steel", [3]),  # one word of a phrase is not the phrase
        ("Sink 12 in.", []),  # "12 in." says nothing without its numbers
        ("", []),
    ],
)
def test_phrases_are_found_by_all_their_words(title: str, codes: list[int]) -> None:
    assert FINDER.codes(title) == codes


def test_only_so_many_phrases_of_a_title_count() -> None:
    words = [f"word{letter}" for letter in "abcdefghijklmnopqrst"]
    phrases = {word: code for code, word in enumerate(words, start=1)}
    finder = PhraseFinder(TOKENIZER, VOCABULARY, phrases)
    assert finder.codes(" ".join(reversed(words))) == list(range(1, TITLE_PHRASES + 1))


def test_phrases_share_a_title_and_words_do_not() -> None:
    found = shares_of(np.array([[1, 2, 9, 8], [3, 0, 9, 0], [0, 0, 0, 0]], np.int32), 8)
    half = 2**-0.5
    assert found == pytest.approx(np.array([[1, 1, half, half], [1, 0, 1, 0], [0, 0, 0, 0]]))


def test_a_known_phrase_is_pulled_by_itself_and_not_by_its_words() -> None:
    table = ENCODER.phrase_table(["Soft Close", "soft steel"])
    assert table["terms"][0].tolist()[:2] == [VOCABULARY.size + 1, 0]
    assert table["terms"][1].tolist() == table["content"][1].tolist()
    pulls = {}
    for clicked in ("Soft Close Oak Drawer", "Soft Steel"):
        contexts = ENCODER.contexts([""], [History(titles=((clicked, 60.0),))])
        pulls[clicked] = ENCODER.phrase_match([""], [2], contexts, table)[:, 4]  # titles_pull
    assert pulls["Soft Close Oak Drawer"][0] == pytest.approx((2**-0.5 - 0.2) / 0.6, rel=1e-3)
    assert pulls["Soft Steel"][0] == pytest.approx(-0.2 / 0.6, rel=1e-3)
    assert pulls["Soft Steel"][1] > 0 > pulls["Soft Close Oak Drawer"][1]


def test_a_clicked_feature_word_pulls_its_phrase_wherever_it_is_known() -> None:
    table = ENCODER.phrase_table(["soft close"])
    for clicked, pull in (("Soft  CLOSE", (1 - 0.1) / 0.6), ("soft", -0.1 / 0.6)):
        contexts = ENCODER.contexts([""], [History(feature_words=((clicked, 60.0),))])
        found = ENCODER.phrase_match([""], [1], contexts, table)[0, 3]  # words_pull
        assert found == pytest.approx(pull, rel=1e-3)
