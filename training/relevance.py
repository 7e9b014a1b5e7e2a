"""Count what a shop attests and shows: which phrases belong to the products of a query."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from scipy import sparse

from service.contract.mentions import PhraseFinder
from service.contract.relevance import UNKNOWN, Relevance, keys_of, phrase_key

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray
    from service.contract.encoder import Encoder

MOST_KEYS: Final = 20_000  # of words and pairs, and as many of whole queries: the most asked


class Shown(NamedTuple):
    """A catalogue, and the logs of ads and of feature words shown, where there are any."""

    items: pl.DataFrame
    ads: pl.DataFrame | None
    words: pl.DataFrame | None


def learn_relevance(encoder: Encoder, shown: Shown) -> Relevance:
    """Count, by word and by query, the distinct products shown; no click is looked at."""
    phrases = _phrases(shown)
    attests = _attests(shown.items, phrases)  # (I, P + 1)
    told, squares = _told(encoder, shown, phrases)
    queries = [] if shown.ads is None else shown.ads["query"].to_list()
    asked = Counter(queries)
    names, keys = _keys(encoder, asked)  # (K, Q)
    products = _products(list(asked), shown)  # (Q, I)
    by_key = sparse.csr_matrix(keys @ (products @ attests))
    by_key.sort_indices()
    asked_by = np.asarray(keys.sum(axis=1)).ravel()
    return Relevance(
        {name: row for row, name in enumerate(names)},
        phrases,
        (np.log((len(asked) + 1) / (asked_by + 1)) ** 2 + 1e-3).astype(np.float32),
        np.asarray(keys @ products.sum(axis=1)).ravel().astype(np.float32),
        by_key.indptr.astype(np.int64),
        by_key.indices.astype(np.int32),
        by_key.data.astype(np.float32),
        (np.asarray(attests.sum(axis=0)).ravel() / max(len(shown.items), 1)).astype(np.float32),
        _said(encoder, shown.words, phrases),
        told,
        squares,
    )


def _phrases(shown: Shown) -> dict[str, int]:
    """Return codes from 1 for the phrases that products attest."""
    texts = shown.items["sp_candidates"].explode().drop_nulls().unique().sort().to_list()
    keys = sorted({phrase_key(text) for text in texts} - {""})
    return {key: code for code, key in enumerate(keys, start=1)}


def _attests(items: pl.DataFrame, phrases: dict[str, int]) -> Any:
    pairs = {
        (row, phrases[key])
        for row, texts in enumerate(items["sp_candidates"].to_list())
        for key in map(phrase_key, texts or ())
        if key
    }
    return _ones(sorted(pairs), (len(items), len(phrases) + 1))


def _products(queries: list[str], shown: Shown) -> Any:
    if shown.ads is None:
        return _ones([], (0, len(shown.items)))
    numbers = {product: row for row, product in enumerate(shown.items["product_uid"].to_list())}
    rows = {query: row for row, query in enumerate(queries)}
    seen = shown.ads.select("query", "product_uid").unique(maintain_order=True)
    pairs = [(rows[query], numbers[product]) for query, product in seen.iter_rows()]
    return _ones(pairs, (len(queries), len(numbers)))


def _said(encoder: Encoder, words: pl.DataFrame | None, phrases: dict[str, int]) -> FloatArray:
    """Return the share (size + P + 1,) of the feature words shown with each id, and phrase."""
    size = encoder.vocabulary.size
    if words is None or not len(words):
        return np.zeros(size + len(phrases) + 1, np.float32)
    counts = Counter(words["sf_keyword"].to_list())
    ids = encoder.phrase_table(list(counts))["content"]
    codes = np.array([phrases.get(phrase_key(text), UNKNOWN) for text in counts])
    times = np.array(list(counts.values()), np.float64)
    held = np.bincount(ids.ravel(), np.repeat(times, ids.shape[1]), size)
    are = np.bincount(codes, times, len(phrases) + 1)
    held[0] = are[UNKNOWN] = 0.0
    said: FloatArray = (np.concatenate([held, are]) / times.sum()).astype(np.float32)
    return said


def _told(
    encoder: Encoder, shown: Shown, phrases: dict[str, int]
) -> tuple[FloatArray, FloatArray]:
    """Return how much each phrase (P + 1,) counts in a title shown, and the square of that."""
    finder = PhraseFinder(encoder.tokenizer, encoder.vocabulary, phrases)
    times = _times(shown)
    sums = np.zeros((2, len(phrases) + 1))
    for title, share in zip(shown.items["title"].to_list(), times.tolist(), strict=True):
        codes = finder.codes(title) if share else []
        sums[:, codes] += [[share * len(codes) ** -0.5], [share / len(codes)]] if codes else 0.0
    told, squares = sums.astype(np.float32)
    return told, squares


def _times(shown: Shown) -> NDArray[np.float64]:
    """Return which share of the ads shown each product was (I,); all alike where none was."""
    products = shown.items["product_uid"].to_list()
    if shown.ads is None or not len(shown.ads):
        return np.full(len(products), 1 / max(len(products), 1))
    counts = Counter(shown.ads["product_uid"].to_list())
    return np.array([counts[product] for product in products]) / len(shown.ads)


def _keys(encoder: Encoder, asked: Counter[str]) -> tuple[list[str], Any]:
    """Return the keys (K,) kept, and which queries hold each (K, Q)."""
    cut = encoder.tokenizer
    keys = [keys_of(cut.words(query), cut.content(query)) for query in asked]
    terms = Counter(key for of_query in keys for key in of_query[:-1])
    wholes: Counter[str] = Counter()
    for of_query, times in zip(keys, asked.values(), strict=True):
        wholes[of_query[-1]] += times
    kept = [*_most(terms), *_most(wholes)]
    rows = {key: row for row, key in enumerate(kept)}
    pairs = [
        (rows[key], column)
        for column, of_query in enumerate(keys)
        for key in of_query
        if key in rows
    ]
    return kept, _ones(pairs, (len(kept), len(keys)))


def _most(counts: Counter[str]) -> list[str]:
    return sorted(counts, key=lambda key: (-counts[key], key))[:MOST_KEYS]


def _ones(pairs: list[tuple[int, int]], shape: tuple[int, int]) -> Any:
    places = np.array(pairs, np.int64).reshape(-1, 2).T
    return sparse.csr_matrix((np.ones(places.shape[1]), (places[0], places[1])), shape)
