from __future__ import annotations

import math
from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np
import pytest

from service.contract.mentions import Mentions
from service.contract.taste import (
    Clicks,
    Taste,
    Tasted,
    Terms,
    Usual,
    fading,
    measure_taste,
    phrase_taste,
    title_taste,
)

if TYPE_CHECKING:
    from service.contract.arrays import FloatArray

SHARE = np.array([0.0, 0.1, 0.2, 0.5], np.float32)  # by id: padding, then three words
WORDS = np.array([[1, 2], [1, 0]], np.int32)  # two clicked feature words
WORD_DAYS = np.array([0.0, 30.0], np.float32)  # weigh 1 and 1/2
TITLES = np.array([[3, 1, 0], [0, 0, 0]], np.int32)  # a clicked title, and one without words
TITLE_DAYS = np.array([60.0, 0.0], np.float32)  # weighs 1/4
CLICKS = Clicks(
    [Mentions.of(WORDS, 4)], WORD_DAYS[None], [Mentions.of(TITLES, 4)], TITLE_DAYS[None]
)
TASTE = measure_taste(CLICKS, 4)


USUAL = Usual(  # by id: of the feature words shown, and in titles
    said=np.array([0.0, 0.4, 0.1, 0.0], np.float32),
    told=SHARE,
    squares=np.array([0.0, 0.06, 0.2, 0.5], np.float32),
)


def said_taste(terms: Terms, found: Tasted) -> FloatArray:
    return phrase_taste(terms, found, USUAL)


def tasted(terms: Terms, taste: Taste = TASTE) -> Tasted:
    return taste.of(terms)


def test_a_click_loses_half_its_weight_in_thirty_days() -> None:
    np.testing.assert_allclose(fading(np.array([0.0, 30.0, 60.0], np.float32)), [1, 0.5, 0.25])


def test_clicks_add_up_by_id() -> None:
    np.testing.assert_allclose(TASTE.words, [0, 1.5, 1, 0])
    np.testing.assert_allclose(TASTE.clicks, [1, 2.75, 2, 1.25])  # and one
    assert TASTE.words_weight == pytest.approx([1.5])
    assert TASTE.titles_weight == pytest.approx([0.25])  # a title of padding counts for nothing


def test_as_many_titles_as_there_are_and_as_many_words_as_there_are() -> None:
    words, titles = np.array([[1], [2]], np.int32), np.array([[3], [1], [1]], np.int32)
    no_days = np.zeros((2, 5), np.float32)
    clicks = Clicks(
        [Mentions.of(words, 4)], no_days[:1, :2], [Mentions.of(titles, 4)], no_days[:1, :3]
    )
    taste = measure_taste(clicks, 4)
    assert taste.words.tolist() == [0, 1, 1, 0]
    assert taste.clicks.tolist() == [1, 4, 2, 2]
    assert (taste.words_weight.tolist(), taste.titles_weight.tolist()) == ([2], [3])


def test_features_of_a_title() -> None:
    ids = np.array([[1, 3, 0]], np.int32)
    terms = Terms.of(ids, SHARE)
    features = title_taste(terms, tasted(terms))
    first = math.log((1.75 + 1) / (0.25 * 0.1 + 1))
    second = math.log((0.25 + 1) / (0.25 * 0.5 + 1))
    e1, e2 = math.exp(1.5 * first), math.exp(1.5 * second)
    expected = [
        (first + second) / 2,
        first,
        (e1 * first + e2 * second) / (e1 + e2),
        math.log1p(1.75),
    ]
    np.testing.assert_allclose(features, [expected], rtol=1e-5)


def test_features_of_a_phrase() -> None:
    ids = np.array([[1, 2, 0, 0]], np.int32)
    terms = Terms.of(ids, SHARE)
    features = said_taste(terms, tasted(terms))
    words = [(1.5 - 1.5 * 0.4) / (1.5 * 0.4 + 0.5), (1.0 - 1.5 * 0.1) / (1.5 * 0.1 + 0.5)]
    titles = [(0.25 - 0.25 * 0.1) / (0.25 * 0.06 + 0.5), (0 - 0.25 * 0.2) / (0.25 * 0.2 + 0.5)]
    both = [(1.75 - 0.625) / (0.615 + 0.5), (1.0 - 0.2) / (0.2 + 0.5)]
    weights = [math.log1p(1.5), math.log1p(0.25)]
    expected = [min(words), min(titles), min(both), *weights]
    np.testing.assert_allclose(features, [expected], rtol=1e-5)


def test_what_has_no_words_gives_zeros() -> None:
    terms = Terms.of(np.array([[0, 0, 0], [1, 0, 0]], np.int32), SHARE)
    assert title_taste(terms, tasted(terms)).any(axis=1).tolist() == [False, True]
    assert said_taste(terms, tasted(terms)).any(axis=1).tolist() == [False, True]


def test_padding_is_invisible() -> None:
    narrow, wide = np.array([[2, 3]], np.int32), np.array([[2, 3, 0, 0, 0]], np.int32)
    found = []
    for ids in (narrow, wide):
        terms = Terms.of(ids, SHARE)
        both = [title_taste(terms, tasted(terms)), said_taste(terms, tasted(terms))]
        found.append(np.concatenate(both, axis=1))
    np.testing.assert_allclose(found[0], found[1], rtol=1e-6)


def test_nobody_likes_nothing() -> None:
    no_words, no_titles = np.zeros((1, 2), np.int32), np.zeros((1, 3), np.int32)
    no_days = np.zeros((1, 1), np.float32)
    clicks = Clicks([Mentions.of(no_words, 4)], no_days, [Mentions.of(no_titles, 4)], no_days)
    nothing = measure_taste(clicks, 4)
    terms = Terms.of(np.array([[1, 2, 3]], np.int32), SHARE)
    assert not title_taste(terms, tasted(terms, nothing)).any()
    assert not said_taste(terms, tasted(terms, nothing)).any()


def test_each_candidate_may_have_a_shopper_of_its_own() -> None:
    mine, other = Mentions.of(WORDS, 4), Mentions.of(np.array([[3, 0], [0, 0]], np.int32), 4)
    titles = Mentions.of(TITLES, 4)
    other_days = np.array([0.0, 5.0], np.float32)
    both = Clicks(
        [mine, other],
        np.stack([WORD_DAYS, other_days]),
        [titles, titles],
        np.stack([TITLE_DAYS, TITLE_DAYS]),
    )
    alone = Clicks([other], other_days[None], [titles], TITLE_DAYS[None])
    theirs = measure_taste(alone, 4)
    terms = Terms.of(np.array([[1, 3], [0, 0], [1, 3]], np.int32), SHARE)
    together = measure_taste(both, 4).of(terms, np.array([0, 1, 1]))
    for feature in (title_taste, said_taste):
        found = feature(terms, together)
        np.testing.assert_array_equal(found[0], feature(terms, tasted(terms))[0])
        np.testing.assert_array_equal(found[2], feature(terms, tasted(terms, theirs))[2])
        assert found[0].tolist() != found[2].tolist()
        assert not found[1].any()


def test_terms_side_by_side_are_the_terms_of_all() -> None:
    ids = np.array([[1, 3, 0], [0, 0, 0], [2, 0, 0], [0, 0, 0]], np.int32)
    whole, joined = (
        Terms.of(ids, SHARE),
        Terms.joined([Terms.of(ids[:1], SHARE), Terms.of(ids[1:], SHARE)]),
    )
    for field in fields(Terms):
        np.testing.assert_array_equal(getattr(joined, field.name), getattr(whole, field.name))
    assert joined.empty.tolist() == [1, 3]


def test_the_terms_of_one_stay_as_they_are() -> None:
    terms = Terms.of(np.array([[1, 3, 0]], np.int32), SHARE)
    assert Terms.joined([terms]) is terms


def test_a_title_of_many_phrases_tells_less_of_each() -> None:
    # ids from 4 are phrases: four of them count 1/2 each, words count in full
    titles = Mentions.of(np.array([[1, 2, 4, 5, 6, 7], [1, 0, 5, 0, 0, 0]], np.int32), 4)
    nothing = Mentions.of(np.zeros((1, 1), np.int32), 4)
    no_days = np.zeros((1, 2), np.float32)
    taste = measure_taste(Clicks([nothing], no_days[:, :1], [titles], no_days), 8)
    assert taste.clicks.tolist() == [1, 3, 2, 1, 1.5, 2.5, 1.5, 1.5]
    assert taste.titles_weight.tolist() == [2]
