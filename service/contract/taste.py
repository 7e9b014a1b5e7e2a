"""What a shopper's clicks say about a candidate: overlap with it, fading with age."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray, IntArray
    from service.contract.mentions import Mentions

HALF_LIFE_DAYS: Final = 30.0
_PER_DAY: Final = np.float32(-1.0 / HALF_LIFE_DAYS)
_FAR: Final = np.float32(1e9)
_PRIOR_CLICKS: Final = np.float32(0.5)

TITLE_TASTE: Final = ("lift_mean", "lift_max", "lift_attended", "clicks_weight")
PHRASE_TASTE: Final = (
    "words_pull",
    "titles_pull",
    "pull",
    "clicked_words_weight",
    "clicked_titles_weight",
)


def fading(days: FloatArray) -> FloatArray:
    """Return the weight of clicks `days` old, 0.5 ** (days / 30)."""
    weights: FloatArray = np.exp2(days * _PER_DAY)
    return weights


@dataclass(frozen=True, slots=True)
class Clicks:
    """What shoppers (B,) clicked: feature words and titles, and how many days ago (B, n) each."""

    words: Sequence[Mentions]
    word_days: FloatArray
    titles: Sequence[Mentions]
    title_days: FloatArray


@dataclass(frozen=True, slots=True)
class Taste:
    """Faded clicks of shoppers (B,): by id, and in all.

    words (B * size,): of feature words with the id; clicks (B * size,): 1 + of feature words and
    titles, by as much as the id counts in each; the weights (B,).
    """

    words: FloatArray
    clicks: FloatArray
    words_weight: FloatArray
    titles_weight: FloatArray

    def of(self, terms: Terms, owners: NDArray[np.intp] | None = None) -> Tasted:
        """Look candidates' terms up: of the shopper `owners` (K,), or all of the only one."""
        if owners is None:
            ids, weights = terms.ids, (self.words_weight[0], self.titles_weight[0])
        else:
            ids = terms.ids + owners * (len(self.words) // len(self.words_weight))
            weights = self.words_weight.take(owners), self.titles_weight.take(owners)
        return Tasted(self.words.take(ids), self.clicks.take(ids), *weights)


def measure_taste(clicks: Clicks, size: int) -> Taste:
    """Add the clicks of each shopper up by id, of which there are `size`."""
    shoppers, mentions = len(clicks.words), [*clicks.words, *clicks.titles]
    widths = clicks.word_days.shape[1], clicks.title_days.shape[1]
    weights = fading(np.concatenate([clicks.word_days, clicks.title_days], axis=None))
    weights *= np.concatenate([one.counts for one in mentions])
    ids, texts = np.concatenate([one.places for one in mentions], axis=1)
    sizes = [one.places.shape[1] for one in mentions]
    ids += np.arange(len(mentions)).repeat(sizes) * size
    firsts = np.array(widths).repeat(shoppers).cumsum() - np.array(widths).repeat(shoppers)
    texts += firsts.repeat(sizes)
    sums = np.zeros(len(mentions) * size, dtype=np.float32)
    shares = np.concatenate([one.shares for one in mentions])
    shares *= weights.take(texts)
    np.add.at(sums, ids, shares)
    words, by_click = sums[: shoppers * size], sums[shoppers * size :]
    by_click += words
    by_click += 1
    edge = shoppers * widths[0]
    totals = [part.reshape(shoppers, -1).sum(axis=1) for part in (weights[:edge], weights[edge:])]
    return Taste(words, by_click, *totals)


@dataclass(frozen=True, slots=True)
class Terms:
    """Ids of candidates and what does not depend on the shopper, by term, then by candidate.

    So laid out, sums over the terms of a candidate run along whole rows of numbers.
    """

    ids: NDArray[np.intp]  # (T, K), 0 pads
    share: FloatArray  # (T, K) of titles that hold the id, 0 for padding
    far: FloatArray  # (T, K) 0, but huge for padding
    real: FloatArray  # (K,) how many are no padding, at least 1
    padding: FloatArray  # (K,) how many are padding
    empty: NDArray[np.intp]  # which candidates have no term

    @classmethod
    def of(cls, ids: IntArray, share: FloatArray) -> Terms:
        """Prepare candidates' ids (K, T); share (size,) by id."""
        by_term = np.ascontiguousarray(ids.T).astype(np.intp)
        pads = by_term == 0
        padding = pads.sum(axis=0, dtype=np.float32)
        return cls(
            by_term,
            share.take(by_term),
            pads * _FAR,
            np.maximum(len(by_term) - padding, np.float32(1)),
            padding,
            np.flatnonzero(pads.all(axis=0)),
        )

    @property
    def least_share(self) -> FloatArray:
        """Return the smallest share of titles that hold a term of each candidate (K,), or 0."""
        least: FloatArray = (self.share + self.far).min(axis=0)
        least[self.empty] = 0.0
        return least

    @classmethod
    def joined(cls, parts: Sequence[Terms]) -> Terms:
        """Put candidates side by side."""
        if len(parts) == 1:
            return parts[0]
        starts = accumulate((len(part.real) for part in parts), initial=0)
        return cls(
            np.concatenate([part.ids for part in parts], axis=1),
            np.concatenate([part.share for part in parts], axis=1),
            np.concatenate([part.far for part in parts], axis=1),
            np.concatenate([part.real for part in parts]),
            np.concatenate([part.padding for part in parts]),
            np.concatenate(
                [part.empty + start for part, start in zip(parts, starts, strict=False)]
            ),
        )


@dataclass(frozen=True, slots=True)
class Tasted:
    """What shoppers' tastes hold of candidates' terms, and the weights of all their clicks.

    words, clicks (T, K) as in Taste; the weights are numbers, or (K,) for a shopper each.
    """

    words: FloatArray
    clicks: FloatArray
    words_weight: FloatArray | np.float32
    titles_weight: FloatArray | np.float32


@dataclass(frozen=True, slots=True)
class Usual:
    """What clicks mention without taste, by id.

    said: the share of feature words with the id; told: how much the id counts in a title, on
    average, which is the share of phrases' terms; squares: the average square of that.
    """

    said: FloatArray
    told: FloatArray
    squares: FloatArray


def title_taste(terms: Terms, tasted: Tasted) -> FloatArray:
    """Return the features TITLE_TASTE (K, 4) of titles; an empty title gives zeros.

    With A_t the faded clicks on texts that hold a word t of the title, share_t its share of
    titles, and nF, nT the weights of all clicks on feature words and titles:
        x_t = (A_t + 1) / (nT share_t + 1),  lift_t = log x_t
        mean lift_t, max lift_t, sum softmax_t(1.5 lift_t) lift_t, log1p(nF + nT)
    where exp(1.5 lift) is x sqrt(x), and padding has x = 1 and lift 0.
    """
    ratio = _ratio(terms, tasted.clicks, tasted.titles_weight)
    by_term = np.empty((3, *ratio.shape), dtype=np.float32)
    lift, attention, attended = by_term
    np.log(ratio, out=lift)
    np.multiply(np.sqrt(ratio, out=attention), ratio, out=attention)
    np.multiply(attention, lift, out=attended)
    lift_sum, whole, attended_sum = np.add.reduce(by_term, axis=1)
    whole -= terms.padding
    lift -= terms.far
    features = np.empty((len(terms.real), len(TITLE_TASTE)), dtype=np.float32, order="F")
    np.divide(lift_sum, terms.real, out=features[:, 0])
    lift.max(axis=0, out=features[:, 1])
    np.divide(attended_sum, np.maximum(whole, 1e-6, out=whole), out=features[:, 2])
    features[:, 3] = np.log1p(tasted.words_weight + tasted.titles_weight)
    if terms.empty.size:
        features[terms.empty] = 0.0
    return features


def phrase_taste(terms: Terms, tasted: Tasted, usual: Usual) -> FloatArray:
    """Return the features PHRASE_TASTE (K, 5) of phrases; an empty phrase gives zeros.

    With F_p and T_p the faded clicks on feature words and on titles that hold an id p, what they
    would be without taste, f_p = nF said_p and t_p = nT told_p, and s_p = nT squares_p, smallest
    over p:
        (F_p - f_p) / (f_p + 0.5), (T_p - t_p) / (s_p + 0.5)
        (F_p + T_p - f_p - t_p) / (f_p + s_p + 0.5)
    and log1p(nF), log1p(nT). So shrinks a ridge regression with one coefficient for each id.
    told_p is the terms' share.
    """
    words = tasted.words_weight * usual.said.take(terms.ids)
    words_beyond = tasted.words - words
    titles = tasted.titles_weight * usual.squares.take(terms.ids)
    beyond = tasted.clicks - 1 - words - tasted.titles_weight * terms.share
    parts = (
        (words_beyond, words),
        (beyond - words_beyond, titles),
        (beyond, words + titles),
    )
    features = np.empty((len(terms.real), len(PHRASE_TASTE)), dtype=np.float32, order="F")
    for column, (clicks, held) in enumerate(parts):
        pull = clicks / (held + _PRIOR_CLICKS)
        pull += terms.far
        pull.min(axis=0, out=features[:, column])
    features[:, 3] = np.log1p(tasted.words_weight)
    features[:, 4] = np.log1p(tasted.titles_weight)
    if terms.empty.size:
        features[terms.empty] = 0.0
    return features


def _ratio(
    terms: Terms, clicks_and_one: FloatArray, titles_weight: FloatArray | np.float32
) -> FloatArray:
    """Return (clicks + 1) / (nT share + 1) (T, K), 1 for padding."""
    usual: FloatArray = terms.share * titles_weight
    usual += 1
    return np.divide(clicks_and_one, usual, out=usual)
