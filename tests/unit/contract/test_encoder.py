from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.contract.arrays import FloatArray, IntArray, LongArray, TimeArray
from service.contract.context_batches import ContextBatches
from service.contract.encoder import Encoder
from service.contract.encoding import Encoding
from service.contract.groups import GROUP_FEATURES, feature_groups
from service.contract.history import EMPTY_HISTORY, History
from service.contract.history_log import LoggedRows, build_history
from service.contract.matching import PHRASE_MATCH, TITLE_MATCH
from service.contract.taste import title_taste
from service.contract.tokenizer import Tokenizer
from service.contract.vocabulary import learn_vocabulary
from tests.unit.contract.made_relevance import knowing

TITLES = ("Steel Kitchen Sink 33 in.", "Oak Kitchen Table", "LED Light Bulb (4-Pack)", "蓝牙耳机")
PHRASES = ("kitchen sink", "led", "oak")
VOCABULARY = learn_vocabulary(Tokenizer(), TITLES, phrases=("kitchen sink",), min_count=1)
ENCODER = Encoder(Encoding(), VOCABULARY, knowing(("kitchen sink", "led"), VOCABULARY.size))
HISTORY = History(
    (("kitchen sink", 86_400.0), ("led", 172_800.0)),
    ((TITLES[0], 43_200.0),),
    (("oak table", 60.0), ("", 120.0)),
)
TABLE = ENCODER.title_table(TITLES)
ARRAYS = {"int": IntArray, "long": LongArray, "float": FloatArray, "time": TimeArray}
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=30)
AGED = st.lists(st.tuples(ANY_TEXT, st.floats(0, 1e9)), max_size=50).map(tuple)


def ids(*terms: str, width: int) -> list[int]:
    found = [VOCABULARY.id_of(term) for term in terms]
    return found + [0] * (width - len(found))


def test_a_query_keeps_all_its_words_and_adds_known_pairs() -> None:
    context = ENCODER.context("the kitchen sink 33 in the", EMPTY_HISTORY)
    expected = ids("the", "kitchen", "sink", "33in", "kitchen sink", width=12)
    assert context["query_words"].tolist() == [expected]
    assert context["query_head"].tolist() == [[VOCABULARY.id_of("sink")]]


def test_titles_and_phrases_keep_distinct_content() -> None:
    items = ENCODER.items(["Steel, Steel Kitchen Sink 33 in.", ""], [0.5, -1.0])
    expected = ids("steel", "kitchen", "sink", "kitchen sink", width=16)
    assert items["title_words"].tolist() == [expected, [0] * 16]
    assert items["price_z"].tolist() == [0.5, -1.0]
    assert items["price_z"].dtype == np.float32
    phrases = ENCODER.phrases(["Kitchen Sink"])["phrase_words"]
    assert phrases.tolist() == [ids("kitchen", "sink", "kitchen sink", width=4)]


def test_a_history_is_encoded_newest_first_with_ages_in_days() -> None:
    context = ENCODER.context("x", HISTORY)
    words = [ids("kitchen", "sink", "kitchen sink", width=4), ids("led", width=4)]
    assert context["clicked_words"].tolist() == [words]
    assert context["clicked_word_days"].tolist() == [[1.0, 2.0]]
    assert context["clicked_title_days"].tolist() == [[0.5]]
    assert context["past_queries"].shape == (1, 2, 12)
    assert not context["past_queries"][0, 1].any()


def test_an_empty_history_is_one_row_of_padding() -> None:
    context = ENCODER.context("", EMPTY_HISTORY)
    assert context["clicked_words"].shape == (1, 1, 4)
    assert context["clicked_titles"].shape == (1, 1, 16)
    for name in ("query_words", "query_head", "clicked_words", "clicked_titles", "past_queries"):
        assert context[name].dtype == np.int32
        assert not context[name].any()
    terms = ENCODER.terms(TABLE)
    assert not title_taste(terms, ENCODER.taste(context).of(terms)).any()


def test_the_last_contexts_and_their_taste_are_kept() -> None:
    contexts = ENCODER.contexts(["lamp", "sink"], [HISTORY, EMPTY_HISTORY])
    assert ENCODER.contexts(["lamp", "sink"], [HISTORY, EMPTY_HISTORY]) is contexts
    assert ENCODER.taste(contexts) is ENCODER.taste(contexts)
    same_content = History(HISTORY.feature_words, HISTORY.titles, HISTORY.queries)
    for queries, histories in (
        (["lamp"], [HISTORY]),
        (["lamp", "lamp"], [HISTORY, EMPTY_HISTORY]),
        (["lamp", "sink"], [EMPTY_HISTORY, HISTORY]),
        (["lamp", "sink"], [same_content, EMPTY_HISTORY]),
    ):
        assert ENCODER.contexts(queries, histories) is not contexts
        ENCODER.contexts(["lamp", "sink"], [HISTORY, EMPTY_HISTORY])
    again = ENCODER.contexts(["lamp", "sink"], [same_content, EMPTY_HISTORY])
    for name in contexts:
        np.testing.assert_array_equal(again[name], contexts[name])


def test_contexts_pad_histories_to_their_full_length() -> None:
    contexts = ENCODER.contexts(["x", "y"], [HISTORY, EMPTY_HISTORY])
    assert contexts["clicked_words"].shape == (2, 50, 4)
    assert contexts["past_query_days"].shape == (2, 20)
    alone = ENCODER.context("x", HISTORY)
    np.testing.assert_array_equal(contexts["clicked_words"][0, :2], alone["clicked_words"][0])
    assert not contexts["clicked_words"][0, 2:].any()


@given(ANY_TEXT, AGED, AGED, st.lists(st.tuples(ANY_TEXT, st.floats(0, 1e9)), max_size=20))
def test_any_raw_input_can_be_encoded(
    query: str,
    words: tuple[tuple[str, float], ...],
    titles: tuple[tuple[str, float], ...],
    queries: list[tuple[str, float]],
) -> None:
    context = ENCODER.context(query, History(words, titles, tuple(queries)))
    for name, tensor in context.items():
        assert len(tensor) == 1
        assert np.isfinite(tensor).all(), name
        if name.endswith(("words", "titles", "queries")):
            assert 0 <= tensor.min() <= tensor.max() < VOCABULARY.size
    terms = ENCODER.terms(TABLE)
    assert np.isfinite(title_taste(terms, ENCODER.taste(context).of(terms))).all()


def test_long_text_is_not_remembered_but_encoded() -> None:
    long = "steel " * 500
    assert ENCODER.items([long], [0.0])["title_words"].tolist() == [ids("steel", width=16)]


def test_types_are_what_their_names_say() -> None:
    kinds = {name: get_args(get_args(kind)[1])[0] for name, kind in ARRAYS.items()}
    assert kinds == {"int": np.int32, "long": np.int64, "float": np.float32, "time": np.float64}


DRAW = np.random.default_rng(5)
COUNT = 60
WORDS = ("led", "oak", "kitchen sink", "steel", "!!!")
QUERIES = ("oak table", "steel sink", "", "蓝牙", "33 in. sink", "zyx")


def made_log(texts: tuple[str, ...]) -> LoggedRows:
    return LoggedRows(
        DRAW.integers(0, 4, COUNT),
        DRAW.integers(0, 2_000_000, COUNT).astype(np.float64),
        [QUERIES[n] for n in DRAW.integers(0, len(QUERIES), COUNT)],
        [texts[n] for n in DRAW.integers(0, len(texts), COUNT)],
        DRAW.random(COUNT) < 0.7,
    )


def batches_of(log: tuple[LoggedRows | None, LoggedRows | None]) -> ContextBatches:
    shoppers = DRAW.integers(-1, 5, 40)
    ts = DRAW.integers(0, 2_500_000, 40).astype(np.float64)
    queries = [QUERIES[n] for n in DRAW.integers(0, len(QUERIES), 40)]
    return ContextBatches(ENCODER, queries, build_history(*log).at(shoppers, ts))


def histories_of(batches: ContextBatches) -> tuple[list[str], list[History]]:
    rows = range(len(batches))
    return (
        [batches.queries[batches.query_codes[row]] for row in rows],
        [batches.histories.history(row) for row in rows],
    )


@pytest.mark.parametrize("empty", [False, True])
def test_a_batch_is_what_serving_would_encode(empty: bool) -> None:
    log = (None, None) if empty else (made_log(WORDS), made_log(TITLES))
    batches = batches_of(log)
    chosen = DRAW.permutation(len(batches))
    queries, histories = histories_of(batches)
    expected = ENCODER.contexts([queries[n] for n in chosen], [histories[n] for n in chosen])
    found = batches.take(chosen)
    assert found.keys() == expected.keys()
    for name in expected:
        assert found[name].dtype == expected[name].dtype, name
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-6, err_msg=name)


@pytest.mark.parametrize("empty", [False, True])
def test_matches_of_a_batch_are_what_serving_would_compute(empty: bool) -> None:
    log = (None, None) if empty else (made_log(WORDS), made_log(TITLES))
    batches = batches_of(log)
    phrases = ENCODER.phrase_table(PHRASES)
    contexts = DRAW.integers(0, len(batches), 200)
    titles, points = DRAW.integers(0, len(TITLES), 200), DRAW.integers(0, len(PHRASES), 200)
    of_titles = batches.match_titles(contexts, TABLE, titles)
    of_phrases = batches.match_phrases(contexts, phrases, points)
    assert of_titles.shape == (200, len(TITLE_MATCH))
    assert of_phrases.shape == (200, len(PHRASE_MATCH))
    queries, histories = histories_of(batches)
    for row in range(200):
        query, history = queries[contexts[row]], histories[contexts[row]]
        title, phrase = TABLE[titles[row]][None], phrases[points[row]][None]
        context = ENCODER.context(query, history)
        taste = ENCODER.taste(context)
        np.testing.assert_allclose(
            of_titles[row, :8], ENCODER.query_match(query, title)[0], rtol=1e-6
        )
        terms = ENCODER.terms(title)
        expected = title_taste(terms, taste.of(terms))[0]
        np.testing.assert_allclose(of_titles[row, 8:], expected, rtol=1e-4, atol=1e-6)
        expected = ENCODER.phrase_match([query], [1], context, phrase)[0]
        np.testing.assert_allclose(of_phrases[row], expected, rtol=1e-4, atol=1e-6)


def test_batches_of_nothing_are_empty() -> None:
    nothing = np.empty(0, np.int64)
    rows = build_history(None, None).at(nothing, np.empty(0))
    batches = ContextBatches(ENCODER, [], rows)
    assert len(batches) == 0
    assert batches.take(nothing)["query_words"].shape == (0, 12)
    assert batches.match_titles(nothing, TABLE, nothing).shape == (0, 12)
    assert batches.match_phrases(nothing, ENCODER.phrase_table(()), nothing).shape == (0, 8)


def test_each_row_needs_a_query() -> None:
    rows = build_history(None, None).at(np.array([1]), np.array([1.0]))
    with pytest.raises(ValueError, match="0 queries for 1 histories"):
        ContextBatches(ENCODER, [], rows)


def test_every_group_feature_has_its_own_id() -> None:
    # {none, 1-2, 3-6, 7-21, more} x 3 + {6 ages} x 3 + {no, yes} x 3, and padding
    assert GROUP_FEATURES == 1 + 15 + 18 + 6
    low = feature_groups(np.array([[0, 0, 0]]), np.zeros((1, 3)), np.zeros((1, 3), int))
    high = feature_groups(np.array([[50] * 3]), np.full((1, 3), np.inf), np.ones((1, 3), int))
    assert low.tolist() == [[[1, 6, 11], [16, 22, 28], [34, 36, 38]]]
    assert high.tolist() == [[[5, 10, 15], [21, 27, 33], [35, 37, 39]]]


def test_of_a_long_history_the_newest_are_encoded() -> None:
    words = tuple((f"word {number}", 60.0 * number) for number in range(300))
    kept = ENCODER.context("x", History(words, (), ()))
    most = kept["clicked_words"].shape[1]
    assert 1 < most < len(words)
    short = ENCODER.context("x", History(words[:most], (), ()))
    assert all(np.array_equal(kept[name], short[name]) for name in kept)
