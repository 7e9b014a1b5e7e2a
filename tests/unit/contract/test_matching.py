from __future__ import annotations

import numpy as np
import pytest

from service.contract.encoder import Encoder
from service.contract.encoding import Encoding
from service.contract.matching import QUERY_FEATURES, QUERY_LIMIT
from service.contract.similarity import SimilarWords, trigrams
from service.contract.vocabulary import Vocabulary

TERMS = ["steel", "kitchen", "sink", "refriger", "light", "33in"]
COUNTS = [3, 1, 1, 0, 3, 0]
VOCABULARY = Vocabulary(TERMS, COUNTS, 3)
# idf: steel log(4/4) = 0, kitchen and sink log(4/2), refriger log(4), light 0, 33in log(4)
ENCODER = Encoder(Encoding(), VOCABULARY)
TITLE = "Steel Kitchen Sink 33 in. Steel"


def match(query: str, title: str = TITLE) -> dict[str, float]:
    features = ENCODER.query_match(query, ENCODER.title_table([title]))
    return dict(zip(QUERY_FEATURES, features[0].tolist(), strict=True))


def test_a_query_that_stands_in_the_title() -> None:
    found = match("kitchen sink")
    assert found == {
        "share_found": 1.0,
        "idf_share_found": 1.0,
        "similar": 1.0,
        "idf_similar": 1.0,
        "head_found": 1.0,
        "pairs_found": 1.0,
        "phrase_found": 1.0,
        "title_covered": 0.5,  # two of the four distinct words of the title
    }


def test_rare_words_weigh_more() -> None:
    # "light" is in every title, idf 0; "sink" is found
    found = match("light sink")
    assert found["share_found"] == 0.5
    assert found["idf_share_found"] == pytest.approx(1.0)


def test_order_and_gaps_break_the_phrase() -> None:
    assert match("sink kitchen")["phrase_found"] == 0.0
    assert match("sink kitchen")["pairs_found"] == 0.0
    assert match("steel sink")["phrase_found"] == 0.0
    assert match("steel kitchen light")["pairs_found"] == 0.5


def test_the_head_is_the_last_word_that_is_no_number() -> None:
    assert match("light sink 50 in.")["head_found"] == 1.0
    assert match("sink light")["head_found"] == 0.0
    assert match("33 in.")["head_found"] == 0.0
    assert match("33 in.")["share_found"] == 1.0


def test_a_spelling_mistake_is_similar() -> None:
    # <kitchan> and <kitchen> share <ki kit itc tch of 7 and 7: 2 * 4 / 14
    found = match("kitchan")
    assert found["share_found"] == 0.0
    assert found["similar"] == pytest.approx(8 / 14)


def test_what_is_hardly_similar_is_not() -> None:
    assert match("kindness")["similar"] == 0.0


def test_an_unknown_word_is_found_by_its_bucket() -> None:
    assert match("zyx", "A zyx thing")["similar"] == 1.0
    assert match("zyx", "A zyx thing")["share_found"] == 1.0


@pytest.mark.parametrize(("query", "title"), [("", TITLE), ("sink", ""), ("!!!", TITLE)])
def test_nothing_matches_nothing(query: str, title: str) -> None:
    assert not any(match(query, title).values())


def test_no_titles_give_no_rows() -> None:
    assert ENCODER.query_match("sink", ENCODER.title_table([])).shape == (0, 8)


def test_a_query_longer_than_a_title_is_no_phrase_of_it() -> None:
    query = " ".join(["kitchen sink"] * 100)
    assert match(query)["phrase_found"] == 0.0
    assert match(query)["share_found"] == 1.0
    narrow = Encoder(Encoding(title_words=2), VOCABULARY)
    features = narrow.query_match("steel kitchen sink", narrow.title_table([TITLE]))
    assert features[0, QUERY_FEATURES.index("phrase_found")] == 0.0


def test_the_work_for_a_long_query_is_bounded() -> None:
    query = " ".join(f"word{n}" for n in range(5_000))
    assert len(ENCODER.match_words(query).distinct) == QUERY_LIMIT


def test_rows_are_independent() -> None:
    titles = [TITLE, "Light", "", "Refrigerator, steel"]
    together = ENCODER.query_match("steel refrigerators", ENCODER.title_table(titles))
    for row, title in enumerate(titles):
        alone = ENCODER.query_match("steel refrigerators", ENCODER.title_table([title]))
        np.testing.assert_array_equal(together[row : row + 1], alone)


def test_trigrams_stand_in_a_frame() -> None:
    assert trigrams("ab") == {"<ab", "ab>"}
    assert trigrams("a") == {"<a>"}
    assert trigrams("") == {"<>"}


def test_pairs_of_words_are_not_similar_words() -> None:
    similar = SimilarWords(Vocabulary(["steel sink", "steel"], [1, 1], 1))
    ids, similarities = similar.to("steel")
    assert ids.tolist() == [2]
    assert similarities.tolist() == [1.0]
