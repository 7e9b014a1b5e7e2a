"""How well a title answers a query: one function for training and serving."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from service.contract.relevance import PHRASE_FIT
from service.contract.taste import PHRASE_TASTE, TITLE_TASTE
from service.contract.tokenizer import is_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.contract.arrays import FloatArray, IntArray
    from service.contract.similarity import SimilarWords
    from service.contract.vocabulary import Vocabulary

QUERY_FEATURES: Final = (
    "share_found",
    "idf_share_found",
    "similar",
    "idf_similar",
    "head_found",
    "pairs_found",
    "phrase_found",
    "title_covered",
)
TITLE_MATCH: Final = QUERY_FEATURES + TITLE_TASTE
PHRASE_MATCH: Final = PHRASE_FIT + PHRASE_TASTE

QUERY_LIMIT: Final = 24  # words of a query that are looked at; bounds the work of a hostile one


@dataclass(frozen=True, slots=True)
class QueryWords:
    """A query, ready to be matched: its words in order as ids, and the distinct ones."""

    sequence: tuple[int, ...]
    distinct: tuple[str, ...]
    ids: IntArray  # (Q,) of `distinct`
    weights: FloatArray  # (Q,) inverse document frequencies of `distinct`
    head: int  # the last word that is no number; 0 if none

    @classmethod
    def of(cls, words: Sequence[str], vocabulary: Vocabulary) -> QueryWords:
        """Look a query's words up."""
        words = words[:QUERY_LIMIT]
        distinct = tuple(dict.fromkeys(words))
        ids = np.array([vocabulary.id_of(word) for word in distinct], dtype=np.int32)
        names = [word for word in words if not is_number(word)]
        return cls(
            tuple(vocabulary.id_of(word) for word in words),
            distinct,
            ids,
            vocabulary.idf[ids],
            vocabulary.id_of(names[-1]) if names else 0,
        )


def match_titles(
    query: QueryWords, titles: IntArray, title_sizes: IntArray, similar: SimilarWords
) -> FloatArray:
    """Return the features QUERY_FEATURES (N, 8) of titles for one query; an empty one gives zeros.

    titles (N, T) ids of all words in order, 0 pads; title_sizes (N,) how many are distinct. With
    s_w the largest trigram similarity of a query word w to a word of the title, over distinct w:
        mean [w in title], sum idf_w [w in title] / sum idf_w, mean s_w, sum idf_w s_w / sum idf_w,
        [last word that is no number in title], share of neighbouring pairs that are neighbours in
        the title, [whole query stands in the title], found words / distinct title words
    """
    features = np.zeros((len(titles), len(QUERY_FEATURES)), dtype=np.float32)
    if not query.distinct or not len(titles):
        return features
    words = np.ascontiguousarray(titles.T)  # (T, N): what is taken over a title runs along rows
    found = np.stack([(words == number).any(axis=0) for number in query.ids.tolist()])  # (Q, N)
    likeness = _likeness(query, words, similar)
    weights = query.weights / max(float(query.weights.sum()), 1e-6)
    features[:, 0] = found.mean(axis=0)
    features[:, 1] = weights @ found
    features[:, 2] = likeness.mean(axis=0)
    features[:, 3] = weights @ likeness
    if query.head:
        features[:, 4] = (words == query.head).any(axis=0)
    features[:, 5] = _pairs_found(query.sequence, words)
    features[:, 6] = _run_found(query.sequence, words)
    features[:, 7] = found.sum(axis=0) / np.maximum(title_sizes, 1)
    return features


def _likeness(query: QueryWords, words: IntArray, similar: SimilarWords) -> FloatArray:
    """Return s_w (Q, N)."""
    likeness = np.empty((len(query.distinct), words.shape[1]), dtype=np.float32)
    by_id = np.zeros(similar.size, dtype=np.float32)
    places = words.astype(np.intp)
    for number, word in enumerate(query.distinct):
        ids, similarities = similar.to(word)
        by_id[ids] = similarities
        by_id.take(places).max(axis=0, out=likeness[number])
        by_id[ids] = 0.0
    return likeness


def _pairs_found(sequence: tuple[int, ...], words: IntArray) -> FloatArray | float:
    pairs = list(pairwise(sequence))
    if not pairs:
        return 0.0
    found = np.zeros(words.shape[1], dtype=np.float32)
    for first, second in pairs:
        found += ((words[:-1] == first) & (words[1:] == second)).any(axis=0)
    found /= len(pairs)
    return found


def _run_found(sequence: tuple[int, ...], words: IntArray) -> FloatArray | float:
    places = len(words) - len(sequence) + 1
    if places < 1:
        return 0.0
    here = words[:places] == sequence[0]
    for offset, word in enumerate(sequence[1:], start=1):
        here &= words[offset : offset + places] == word
    found: FloatArray = here.any(axis=0).astype(np.float32)
    return found
