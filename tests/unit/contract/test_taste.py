from __future__ import annotations

import math

import numpy as np
import pytest

from service.contract.taste import Terms, fading, measure_taste, phrase_taste, title_taste

SHARE = np.array([0.0, 0.1, 0.2, 0.5], np.float32)  # by id: padding, then three words
WORDS = np.array([[1, 2], [1, 0]], np.int32)  # two clicked feature words
WORD_DAYS = np.array([0.0, 10.0], np.float32)  # weigh 1 and 1/2
TITLES = np.array([[3, 1, 0], [0, 0, 0]], np.int32)  # a clicked title, and one without words
TITLE_DAYS = np.array([20.0, 0.0], np.float32)  # weighs 1/4
TASTE = measure_taste(WORDS, WORD_DAYS, TITLES, TITLE_DAYS, 4)


def test_a_click_loses_half_its_weight_in_ten_days() -> None:
    np.testing.assert_allclose(fading(np.array([0.0, 10.0, 20.0], np.float32)), [1, 0.5, 0.25])


def test_clicks_add_up_by_id() -> None:
    np.testing.assert_allclose(TASTE.words, [0, 1.5, 1, 0])
    np.testing.assert_allclose(TASTE.clicks, [0, 1.75, 1, 0.25])
    assert TASTE.words_weight == pytest.approx(1.5)
    assert TASTE.titles_weight == pytest.approx(0.25)  # a title of padding counts for nothing


def test_features_of_a_title() -> None:
    ids = np.array([[1, 3, 0]], np.int32)
    terms = Terms.of(ids, SHARE)
    features = title_taste(terms, TASTE.clicks.take(terms.ids), TASTE.weights)
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
    words, clicks = TASTE.words.take(terms.ids), TASTE.clicks.take(terms.ids)
    features = phrase_taste(terms, words, clicks, TASTE.weights)
    rarest = math.log((0 + 1) / (0.25 * 0.2 + 1))  # no clicked title holds word 2
    expected = [math.log1p(1.0), math.log1p(1.5), rarest, math.log1p(1.5), math.log1p(0.25)]
    np.testing.assert_allclose(features, [expected], rtol=1e-5)


def test_what_has_no_words_gives_zeros() -> None:
    terms = Terms.of(np.array([[0, 0, 0], [1, 0, 0]], np.int32), SHARE)
    at = TASTE.clicks.take(terms.ids)
    assert title_taste(terms, at, TASTE.weights).any(axis=1).tolist() == [False, True]
    assert phrase_taste(terms, at, at, TASTE.weights).any(axis=1).tolist() == [False, True]


def test_padding_is_invisible() -> None:
    narrow, wide = np.array([[2, 3]], np.int32), np.array([[2, 3, 0, 0, 0]], np.int32)
    found = []
    for ids in (narrow, wide):
        terms = Terms.of(ids, SHARE)
        words, clicks = TASTE.words.take(terms.ids), TASTE.clicks.take(terms.ids)
        found.append(
            np.concatenate(
                [
                    title_taste(terms, clicks, TASTE.weights),
                    phrase_taste(terms, words, clicks, TASTE.weights),
                ],
                axis=1,
            )
        )
    np.testing.assert_allclose(found[0], found[1], rtol=1e-6)


def test_nobody_likes_nothing() -> None:
    nothing = measure_taste(
        np.zeros((1, 2), np.int32),
        np.zeros(1, np.float32),
        np.zeros((1, 3), np.int32),
        np.zeros(1, np.float32),
        4,
    )
    terms = Terms.of(np.array([[1, 2, 3]], np.int32), SHARE)
    at = nothing.clicks.take(terms.ids)
    assert not title_taste(terms, at, nothing.weights).any()
    assert not phrase_taste(terms, at, at, nothing.weights).any()
