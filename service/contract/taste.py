"""What a shopper's clicks say about a candidate: overlap with it, fading with age."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from service.contract.arrays import FloatArray, IntArray

HALF_LIFE_DAYS: Final = 10.0
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
    weights: FloatArray = np.exp2(days * np.float32(-1.0 / HALF_LIFE_DAYS))
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
    word_weights = fading(word_days) * (words[:, 0] != 0)
    title_weights = fading(title_days) * (titles[:, 0] != 0)
    by_word = np.zeros(size, dtype=np.float32)
    np.add.at(by_word, words.ravel(), np.repeat(word_weights, words.shape[1]))
    by_word[0] = 0.0
    by_click = by_word.copy()
    np.add.at(by_click, titles.ravel(), np.repeat(title_weights, titles.shape[1]))
    by_click[0] = 0.0
    return Taste(by_word, by_click, float(word_weights.sum()), float(title_weights.sum()))


def title_taste(
    ids: IntArray, clicks: FloatArray, weights: FloatArray, share: FloatArray
) -> FloatArray:
    """Return the features TITLE_TASTE (K, 4) of titles; an empty title gives zeros.

    With A_t the faded clicks on texts that hold a word t of the title, share_t its share of
    titles, and nF, nT the weights of all clicks on feature words and titles:
        lift_t = log((A_t + 1) / (nT share_t + 1))
        mean lift_t, max lift_t, sum softmax_t(1.5 lift_t) lift_t, log1p(nF + nT)
    ids, clicks (K, T); weights (K, 2) or (1, 2); share (size,), 0 for padding.
    """
    padding = ids == 0
    real = np.maximum(ids.shape[1] - padding.sum(axis=1), 1)
    lift = np.log((clicks + 1) / (weights[:, 1:] * share[ids] + 1))
    features = np.empty((len(ids), len(TITLE_TASTE)), dtype=np.float32)
    features[:, 0] = lift.sum(axis=1) / real
    visible = lift - _FAR * padding
    features[:, 1] = visible.max(axis=1)
    attention = np.exp(_SHARPNESS * (visible - features[:, 1:2]))
    features[:, 2] = (attention * lift).sum(axis=1) / attention.sum(axis=1)
    features[:, 3:] = np.log1p(weights.sum(axis=1, keepdims=True))
    features[padding[:, 0]] = 0.0
    return features


def phrase_taste(
    ids: IntArray, words: FloatArray, clicks: FloatArray, weights: FloatArray, share: FloatArray
) -> FloatArray:
    """Return the features PHRASE_TASTE (K, 5) of phrases; an empty phrase gives zeros.

    With F_p and T_p the faded clicks on feature words and on titles that hold an id p:
        log1p(min F_p), log1p(max F_p), min log((T_p + 1) / (nT share_p + 1)), log1p(nF), log1p(nT)
    ids, words, clicks (K, P); weights (K, 2) or (1, 2); share (size,).
    """
    far = _FAR * (ids == 0)
    lift = np.log((clicks - words + 1) / (weights[:, 1:] * share[ids] + 1))
    features = np.empty((len(ids), len(PHRASE_TASTE)), dtype=np.float32)
    features[:, 0] = np.log1p((words + far).min(axis=1))
    features[:, 1] = np.log1p(words.max(axis=1))
    features[:, 2] = (lift + far).min(axis=1)
    features[:, 3:] = np.log1p(weights)
    features[ids[:, 0] == 0] = 0.0
    return features
