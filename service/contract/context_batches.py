"""Contexts of a whole log, encoded by gathering: every text once, then plain numpy a batch."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from service.contract.ages import SECONDS_A_DAY
from service.contract.groups import GROUP_WIDTH, feature_groups
from service.contract.matching import PHRASE_MATCH, QUERY_FEATURES, TITLE_MATCH
from service.contract.mentions import TITLE_PHRASES, shares_of
from service.contract.relevance import PHRASE_FIT
from service.contract.taste import Tasted, Terms, fading, phrase_taste, title_taste
from service.contract.text_ids import rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from service.contract.arrays import (
        FloatArray,
        IntArray,
        LongArray,
        Tensors,
        TextTable,
        TimeArray,
    )
    from service.contract.encoder import Encoder
    from service.contract.history import HistoryRows, Window
    from service.contract.text_ids import RowBytes


_ROWS_AT_ONCE: Final = 32_768


def _distinct(texts: Sequence[str]) -> tuple[list[str], LongArray]:
    """Return the distinct texts, and for each text its number among them."""
    numbers: dict[str, int] = {}
    codes = [numbers.setdefault(text, len(numbers)) for text in texts]
    return list(numbers), np.array(codes, dtype=np.int64)


class _Events:
    """One kind of event: a window per row, and the ids of each text that occurs."""

    def __init__(
        self, window: Window, texts: Sequence[str], encode: Callable[[str], RowBytes], width: int
    ) -> None:
        self.window = window
        self.used, self.codes = np.unique(window.trail.texts, return_inverse=True)
        self.ids = rows([texts[code] for code in self.used.tolist()], encode, width)
        self.width = width

    def take(
        self, ts: TimeArray, chosen: LongArray, limit: int
    ) -> tuple[IntArray, FloatArray, TimeArray]:
        """Return ids (B, limit, width), ages in days (B, limit), the newest's age (B,)."""
        if not len(self.codes):
            return self._nothing(len(chosen), limit)
        numbers, real = self.window.places(chosen, limit)
        ids = self.ids[self.codes[numbers]] * real[:, :, None]
        days = (ts[chosen, None] - self.window.trail.ts[numbers]) / SECONDS_A_DAY
        return ids, (days * real).astype(np.float32), np.where(real[:, 0], days[:, 0], np.inf)

    def _nothing(self, count: int, limit: int) -> tuple[IntArray, FloatArray, TimeArray]:
        return (
            np.zeros((count, limit, self.width), np.int32),
            np.zeros((count, limit), np.float32),
            np.full(count, np.inf),
        )

    def counts(self, chosen: LongArray) -> LongArray:
        found: LongArray = self.window.ends[chosen] - self.window.starts[chosen]
        return found


class ContextBatches:
    """The encoded contexts of rows (N,): a query and the history as it stood, each."""

    def __init__(self, encoder: Encoder, queries: Sequence[str], histories: HistoryRows) -> None:
        if len(queries) != len(histories):
            message = f"{len(queries)} queries for {len(histories)} histories"
            raise ValueError(message)
        self._encoder = encoder
        self.histories = histories
        self._ts = histories.ts
        self.queries, self.query_codes = _distinct(queries)
        encoded = [encoder.query(query) for query in self.queries]
        widths, ids, texts = encoder.encoding, encoder.ids, histories.texts
        self._query_tensors = (
            np.array([words[0] for words, _, _ in encoded], np.int32).reshape(
                -1, widths.query_words
            ),
            np.array([head[0] for _, head, _ in encoded], np.int32).reshape(-1, 1),
            np.array([forms for _, _, forms in encoded], np.int32).reshape(-1, GROUP_WIDTH),
        )
        size, mentioned = encoder.vocabulary.size, encoder.mentioned
        self._words = _Clicks(
            histories.feature_words, texts, mentioned.phrase, (widths.phrase_content, 1), size
        )
        self._titles = _Clicks(
            histories.titles, texts, mentioned.title, (widths.title_content, TITLE_PHRASES), size
        )
        self._past = _Events(histories.queries, texts, ids.query, widths.query_words)

    def __len__(self) -> int:
        return len(self._ts)

    def take(self, chosen: LongArray) -> Tensors:
        """Return the tensors of rows `chosen` (B,), as `Encoder.contexts` would."""
        widths = self._encoder.encoding
        words = self._words.take(self._ts, chosen, widths.history)
        titles = self._titles.take(self._ts, chosen, widths.titles)
        past = self._past.take(self._ts, chosen, widths.queries)
        query_words, heads, forms = (t[self.query_codes[chosen]] for t in self._query_tensors)
        kinds = (self._words, self._titles, self._past)
        counts = np.stack([kind.counts(chosen) for kind in kinds], axis=1)
        newest = np.stack([words[2], titles[2], past[2]], axis=1)
        return {
            "query_words": query_words,
            "query_head": heads,
            "clicked_words": words[0],
            "clicked_word_days": words[1],
            "clicked_titles": titles[0],
            "clicked_title_days": titles[1],
            "past_queries": past[0],
            "past_query_days": past[1],
            "groups": feature_groups(counts, newest, forms),
        }

    def match_titles(
        self, contexts: LongArray, titles: TextTable, chosen: LongArray
    ) -> FloatArray:
        """Return TITLE_MATCH (K, 12): of contexts (K,), each with the title `chosen` (K,)."""
        features = np.empty((len(chosen), len(TITLE_MATCH)), np.float32)
        features[:, : len(QUERY_FEATURES)] = self._query_match(contexts, titles, chosen)
        for part in _parts(len(chosen)):
            ids = titles["content"][chosen[part]]
            terms = Terms.of(ids, self._encoder.share)
            tasted = self._tastes(contexts[part], ids)
            features[part, len(QUERY_FEATURES) :] = title_taste(terms, tasted)
        return features

    def match_phrases(
        self, contexts: LongArray, phrases: TextTable, chosen: LongArray
    ) -> FloatArray:
        """Return PHRASE_MATCH (K, 8): of contexts (K,), each with the phrase `chosen` (K,)."""
        encoder, width = self._encoder, len(PHRASE_FIT)
        features = np.empty((len(chosen), len(PHRASE_MATCH)), np.float32)
        features[:, :width] = self._phrase_fit(contexts, phrases, chosen)
        for part in _parts(len(chosen)):
            terms = encoder.phrase_terms(phrases[chosen[part]])
            tasted = self._tastes(contexts[part], terms.ids.T)
            features[part, width:] = phrase_taste(terms, tasted, encoder.usual)
        return features

    def _phrase_fit(
        self, contexts: LongArray, phrases: TextTable, chosen: LongArray
    ) -> FloatArray:
        """Fit each distinct pair of query and phrase once."""
        pairs, places = np.unique(
            self.query_codes[contexts] * len(phrases) + chosen, return_inverse=True
        )
        queries, texts = np.divmod(pairs, max(len(phrases), 1))
        encoder, asked = self._encoder, phrases[texts]
        usual = encoder.phrase_terms(asked).least_share
        features = np.empty((len(pairs), len(PHRASE_FIT)), np.float32)
        for group in _runs(queries):
            fit = encoder.fit(self.queries[queries[group.start]])
            codes, out = asked["code"][group], features[group]
            encoder.relevance.match([fit], [len(codes)], codes, usual[group], out)
        return features[places]

    def _query_match(
        self, contexts: LongArray, titles: TextTable, chosen: LongArray
    ) -> FloatArray:
        """Match each distinct pair of query and title once."""
        pairs, places = np.unique(
            self.query_codes[contexts] * len(titles) + chosen, return_inverse=True
        )
        queries, texts = np.divmod(pairs, max(len(titles), 1))
        features = np.zeros((len(pairs), len(QUERY_FEATURES)), dtype=np.float32)
        for group in _runs(queries):
            query = self.queries[queries[group.start]]
            features[group] = self._encoder.query_match(query, titles[texts[group]])
        return features[places]

    def _tastes(self, contexts: LongArray, ids: NDArray[Any]) -> Tasted:
        """Look ids (K, W) up in the taste of each context's shopper."""
        order = np.argsort(contexts, kind="stable")
        in_order = contexts[order]
        words, clicks = np.zeros(ids.shape, np.float32), np.zeros(ids.shape, np.float32)
        weights = np.zeros((len(ids), 2), np.float32)
        by_id = np.zeros(len(self._encoder.usual.told), np.float32)
        for group in _runs(in_order):
            row, members = int(in_order[group.start]), order[group]
            for kind, (events, sums) in enumerate(((self._words, words), (self._titles, clicks))):
                seen, left, weight = events.clicks_of(row, float(self._ts[row]))
                np.add.at(by_id, seen.ravel(), left.ravel())
                sums[members] = by_id[ids[members]]
                weights[members, kind] = weight
                by_id[seen] = 0.0
        clicks += words
        clicks += 1
        return Tasted(words.T, clicks.T, weights[:, 0], weights[:, 1])


class _Clicks(_Events):
    """Clicks of one kind: as events, and what each text mentions."""

    def __init__(
        self,
        window: Window,
        texts: Sequence[str],
        encode: Callable[[str], RowBytes],
        widths: tuple[int, int],
        size: int,
    ) -> None:
        super().__init__(window, texts, encode, sum(widths))
        self._mentioned, self._shares = self.ids, shares_of(self.ids, size)
        self.width = widths[0]
        self.ids = np.ascontiguousarray(self.ids[:, : self.width])

    def clicks_of(self, row: int, now: float) -> tuple[IntArray, FloatArray, float]:
        """Return ids (n, W) that one row sees, how much each weighs, and how much all clicks."""
        seen = slice(int(self.window.starts[row]), int(self.window.ends[row]))
        texts = self.codes[seen]
        ids = self._mentioned[texts]
        days = ((now - self.window.trail.ts[seen]) / SECONDS_A_DAY).astype(np.float32)
        left = fading(days) * (ids[:, 0] != 0)
        return ids, self._shares[texts] * left[:, None], float(left.sum())


def _parts(length: int) -> Iterator[slice]:
    return (slice(start, start + _ROWS_AT_ONCE) for start in range(0, length, _ROWS_AT_ONCE))


def _runs(values: LongArray) -> Iterator[slice]:
    """Yield the slices in which `values` stays the same."""
    edges = np.flatnonzero(np.diff(values)) + 1
    bounds = [0, *edges.tolist(), len(values)]
    yield from (slice(a, b) for a, b in pairwise(bounds) if b > a)
