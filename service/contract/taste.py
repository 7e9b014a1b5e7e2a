"""What a shopper's clicks say about a candidate: overlap with it, fading with age."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray, IntArray

HALF_LIFE_DAYS: Final = 10.0
_PER_DAY: Final = np.float32(-1.0 / HALF_LIFE_DAYS)
_FAR: Final = np.float32(1e9)
_SHARPNESS: Final = np.float32(1.5)

TITLE_TASTE: Final = ("lift_mean", "lift_max", "lift_attended", "clicks_weight")
PHRASE_TASTE: Final = (
    "clicked_words_min",
    "clicked_words_max",
    "title_lift_min",
    "clicked_words_weight",
    "clicked_titles_weight",
)


def fading(days: FloatArray) -> FloatArray:
    """Return the weight of clicks `days` old, 0.5 ** (days / 10)."""
    weights: FloatArray = np.exp2(days * _PER_DAY)
    return weights


@dataclass(frozen=True, slots=True)
class Taste:
    """Faded clicks of one shopper: by id, and in all.

    words (size,): of feature words with the id; clicks (size,): of feature words and titles.
    """

    words: FloatArray
    clicks: FloatArray
    words_weight: float
    titles_weight: float

    @property
    def weights(self) -> FloatArray:
        """The weights of feature words and titles (1, 2)."""
        return np.array([[self.words_weight, self.titles_weight]], dtype=np.float32)


def measure_taste(
    words: IntArray, word_days: FloatArray, titles: IntArray, title_days: FloatArray, size: int
) -> Taste:
    """Add clicks up by id. words (n, P) and titles (m, T) hold each id once a text, 0 pads."""
    word_weights, title_weights = fading(word_days), fading(title_days)
    word_weights *= words[:, 0] != 0
    title_weights *= titles[:, 0] != 0
    by_word = np.zeros(size, dtype=np.float32)
    np.add.at(by_word, words.reshape(-1), word_weights.repeat(words.shape[1]))
    by_word[0] = 0.0
    by_click = by_word.copy()
    np.add.at(by_click, titles.reshape(-1), title_weights.repeat(titles.shape[1]))
    by_click[0] = 0.0
    return Taste(by_word, by_click, float(word_weights.sum()), float(title_weights.sum()))


@dataclass(frozen=True, slots=True)
class Terms:
    """Ids of candidates and what does not depend on the shopper, by term, then by candidate.

    So laid out, sums over the terms of a candidate run along whole rows of numbers.
    """

    ids: NDArray[np.intp]  # (T, K), 0 pads
    share: FloatArray  # (T, K) of titles that hold the id, 0 for padding
    far: FloatArray  # (T, K) 0, but huge for padding
    real: FloatArray  # (K,) how many are no padding, at least 1
    empty: NDArray[np.intp]  # which candidates have no term

    @classmethod
    def of(cls, ids: IntArray, share: FloatArray) -> Terms:
        """Prepare candidates' ids (K, T); share (size,) by id."""
        by_term = np.ascontiguousarray(ids.T).astype(np.intp)
        padding = by_term == 0
        return cls(
            by_term,
            share.take(by_term),
            padding * _FAR,
            np.maximum(len(by_term) - padding.sum(axis=0), 1).astype(np.float32),
            np.flatnonzero(padding.all(axis=0)),
        )


def title_taste(terms: Terms, clicks: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the features TITLE_TASTE (K, 4) of titles; an empty title gives zeros.

    With A_t the faded clicks on texts that hold a word t of the title, share_t its share of
    titles, and nF, nT the weights of all clicks on feature words and titles:
        lift_t = log((A_t + 1) / (nT share_t + 1))
        mean lift_t, max lift_t, sum softmax_t(1.5 lift_t) lift_t, log1p(nF + nT)
    clicks (T, K) at the terms; weights (K, 2) or (1, 2).
    """
    lift = _lift(terms, clicks, weights)
    features = np.empty((len(terms.real), len(TITLE_TASTE)), dtype=np.float32, order="F")
    features[:, 0] = lift.sum(axis=0) / terms.real
    visible = lift - terms.far
    largest = visible.max(axis=0)
    features[:, 1] = largest
    visible -= largest
    visible *= _SHARPNESS
    attention = np.exp(visible, out=visible)
    whole = attention.sum(axis=0)
    attention *= lift
    features[:, 2] = attention.sum(axis=0) / whole
    features[:, 3] = np.log1p(weights.sum(axis=1))
    features[terms.empty] = 0.0
    return features


def phrase_taste(
    terms: Terms, words: FloatArray, clicks: FloatArray, weights: FloatArray
) -> FloatArray:
    """Return the features PHRASE_TASTE (K, 5) of phrases; an empty phrase gives zeros.

    With F_p and T_p the faded clicks on feature words and on titles that hold an id p:
        log1p(min F_p), log1p(max F_p), min log((T_p + 1) / (nT share_p + 1)), log1p(nF), log1p(nT)
    words, clicks (T, K) at the terms; weights (K, 2) or (1, 2).
    """
    lift = _lift(terms, clicks - words, weights)
    features = np.empty((len(terms.real), len(PHRASE_TASTE)), dtype=np.float32, order="F")
    features[:, 0] = (words + terms.far).min(axis=0)
    features[:, 1] = words.max(axis=0)
    features[:, 2] = 0.0
    features[:, 3:] = weights
    features = np.log1p(features, out=features)
    features[:, 2] = (lift + terms.far).min(axis=0)
    features[terms.empty] = 0.0
    return features


def _lift(terms: Terms, clicks: FloatArray, weights: FloatArray) -> FloatArray:
    """Return log((clicks + 1) / (nT share + 1)) (T, K), 0 for padding."""
    usual = terms.share * weights[:, 1]
    usual += 1
    lift: FloatArray = clicks + np.float32(1)
    lift /= usual
    np.log(lift, out=lift)
    return lift
