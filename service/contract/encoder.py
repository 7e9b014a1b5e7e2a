"""From raw texts to the tensors that the graphs take: the same code for training and serving."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from operator import eq, is_
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from service.contract.ages import ages_of
from service.contract.fingerprint import fingerprint
from service.contract.groups import feature_groups
from service.contract.history import Timeline
from service.contract.matching import PHRASE_MATCH, QueryWords, match_titles
from service.contract.mentions import TITLE_PHRASES, Mentioned, Mentions, PhraseFinder
from service.contract.relevance import PHRASE_FIT, UNKNOWN, Fit, Relevance, keys_of
from service.contract.similarity import SimilarWords
from service.contract.taste import Clicks, Taste, Terms, Usual, measure_taste, phrase_taste
from service.contract.text_ids import TextIds, joined, rows
from service.contract.tokenizer import Tokenizer, is_number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray, IntArray, Tensors, TextTable
    from service.contract.encoding import Encoding
    from service.contract.history import Aged, History
    from service.contract.text_ids import RowBytes
    from service.contract.vocabulary import Vocabulary

_REMEMBERED_QUERIES: Final = 8_192
_REMEMBERED_HISTORIES: Final = 2_048
_REMEMBERED_FITS: Final = 2_048


class Contexts(dict[str, "NDArray[Any]"]):
    """The tensors of requests by name (B, ...), and what their shoppers clicked."""

    def __init__(self, tensors: Tensors, clicks: Clicks) -> None:
        super().__init__(tensors)
        self.clicks = clicks


@dataclass(frozen=True, slots=True)
class _Texts:
    """The texts of one kind in a history: ids (1, H, W), and which text holds which id."""

    ids: IntArray
    mentions: Mentions


class _TextsOf(NamedTuple):
    """How the texts of one kind are encoded, and how many at most."""

    encode: Callable[[tuple[str, ...]], _Texts]
    limit: int

    def lines(self, events: Sequence[Aged]) -> list[Timeline]:
        """The newest of each shopper's events."""
        return [Timeline.of(one).newest(self.limit) for one in events]

    def of(self, lines: Sequence[Timeline]) -> tuple[IntArray, list[Mentions]]:
        """The ids (B, H, W) of each shopper's texts, and what they mention."""
        texts = [self.encode(line.texts) for line in lines]
        return _joined([one.ids for one in texts]), [one.mentions for one in texts]


@dataclass(frozen=True, slots=True)
class _Last:
    """What was encoded last."""

    queries: Sequence[str]
    histories: Sequence[History]
    contexts: Contexts

    def is_for(self, queries: Sequence[str], histories: Sequence[History]) -> bool:
        return (
            len(queries) == len(self.queries)
            and all(map(is_, self.histories, histories))
            and all(map(eq, self.queries, queries))
        )


class Encoder:
    """Encodes contexts (query and history), items, phrases, and how they match.

    It remembers texts, so that a shopper's history costs a few lookups. Safe to share between
    threads: what it remembers depends on nothing but the arguments.
    """

    def __init__(
        self, encoding: Encoding, vocabulary: Vocabulary, relevance: Relevance | None = None
    ) -> None:
        self.encoding = encoding
        self.vocabulary = vocabulary
        self.relevance = relevance or Relevance.nothing(vocabulary.size)
        self.tokenizer = Tokenizer(encoding.locale, stem=encoding.stem)
        self.ids = TextIds(encoding, self.tokenizer, vocabulary)
        self.share: FloatArray = np.exp(-vocabulary.idf)  # of titles that hold each id
        self.share[0] = 0.0
        self._similar = SimilarWords(vocabulary)
        self.query = lru_cache(maxsize=_REMEMBERED_QUERIES)(self._encode_query)
        self.match_words = lru_cache(maxsize=_REMEMBERED_QUERIES)(self._look_up_query)
        self.fit = lru_cache(maxsize=_REMEMBERED_FITS)(self._fit_of)
        known = self.relevance.phrases
        finder = PhraseFinder(self.tokenizer, vocabulary, known)
        self.mentioned = Mentioned(self.ids, finder, known, vocabulary.size)
        self.usual = Usual(
            self.relevance.said,
            np.concatenate([self.share, self.relevance.told]),
            np.concatenate([self.share, self.relevance.squares]),
        )
        widths = encoding.phrase_content, encoding.title_content, encoding.query_words
        self._words = self._texts(self.mentioned.phrase, encoding.history, widths[0], 1)
        self._titles = self._texts(self.mentioned.title, encoding.titles, widths[1], TITLE_PHRASES)
        self._queries = self._texts(self.ids.query, encoding.queries, widths[2], 0)
        self._last: _Last | None = None
        self._last_taste: tuple[Contexts, Taste] | None = None
        self.fingerprint = fingerprint(self)

    def context(self, query: str, history: History) -> Contexts:
        """Encode one request. History axes are as long as the history, at least 1."""
        whole = self.contexts([query], [history])
        kinds = (
            ("clicked_words", "clicked_word_days", history.feature_words),
            ("clicked_titles", "clicked_title_days", history.titles),
            ("past_queries", "past_query_days", history.queries),
        )
        short = {
            name: whole[name][:, : max(len(events), 1)]
            for ids, days, events in kinds
            for name in (ids, days)
        }
        return Contexts({**whole, **short}, whole.clicks)

    def contexts(self, queries: Sequence[str], histories: Sequence[History]) -> Contexts:
        """Encode requests (B,) together, history axes padded to their full length.

        Two models that share an encoder ask for the same contexts: the last ones are kept.
        """
        last = self._last
        if last is not None and last.is_for(queries, histories):
            return last.contexts
        contexts = self._contexts(queries, histories)
        self._last = _Last(tuple(queries), tuple(histories), contexts)
        return contexts

    def _contexts(self, queries: Sequence[str], histories: Sequence[History]) -> Contexts:
        query_words, heads, forms = zip(*map(self.query, queries), strict=True)
        words = self._words.lines([one.feature_words for one in histories])
        titles = self._titles.lines([one.titles for one in histories])
        past = self._queries.lines([one.queries for one in histories])
        limits = self._words.limit, self._titles.limit, self._queries.limit
        ages = ages_of((words, titles, past), limits)
        word_days, title_days, query_days = ages.days
        word_ids, word_mentions = self._words.of(words)
        title_ids, title_mentions = self._titles.of(titles)
        query_ids, _ = self._queries.of(past)
        return Contexts(
            {
                "query_words": _joined(query_words),
                "query_head": _joined(heads),
                "clicked_words": word_ids,
                "clicked_word_days": word_days,
                "clicked_titles": title_ids,
                "clicked_title_days": title_days,
                "past_queries": query_ids,
                "past_query_days": query_days,
                "groups": feature_groups(ages.counts.T, ages.newest.T, np.array(forms)),
            },
            Clicks(word_mentions, word_days, title_mentions, title_days),
        )

    def items(self, titles: Sequence[str], price_z: Sequence[float] | FloatArray) -> Tensors:
        """Encode items (N,) for item.onnx; `price_z` as of `prices.price_z`."""
        width = self.encoding.title_content
        return {
            "title_words": rows(titles, self.ids.title, width),
            "price_z": np.asarray(price_z, dtype=np.float32),
        }

    def phrases(self, texts: Sequence[str]) -> Tensors:
        """Encode phrases (N,) for phrase.onnx."""
        return {"phrase_words": rows(texts, self.ids.phrase, self.encoding.phrase_content)}

    def title_table(self, titles: Sequence[str]) -> TextTable:
        """Return what matching needs of each title, one structured row a title."""
        encoding, ids = self.encoding, self.ids
        table = np.zeros(len(titles), dtype=title_fields(encoding))
        # title by title, so that each is cut into words once
        cut = [
            (ids.title_words(t), ids.title(t), len(set(self.tokenizer.words(t)))) for t in titles
        ]
        words, content, distinct = zip(*cut, strict=True) if cut else ((), (), ())
        table["words"] = joined(words, encoding.title_words)
        table["content"] = joined(content, encoding.title_content)
        table["distinct"] = distinct
        return table

    def phrase_table(self, texts: Sequence[str]) -> TextTable:
        """Return what matching needs of each phrase, one structured row a phrase.

        Its terms are its words; those of a known phrase are itself.
        """
        table = np.zeros(len(texts), dtype=phrase_fields(self.encoding))
        table["content"] = rows(texts, self.ids.phrase, self.encoding.phrase_content)
        table["code"] = list(map(self.relevance.code, texts))
        known = table["code"] != UNKNOWN
        table["terms"] = np.where(known[:, None], 0, table["content"])
        table["terms"][known, 0] = table["code"][known] + self.vocabulary.size
        return table

    def query_match(self, query: str, titles: TextTable) -> FloatArray:
        """Return QUERY_FEATURES (N, 8) of one query and rows of a title table."""
        words = self.match_words(query)
        return match_titles(words, titles["words"], titles["distinct"], self._similar)

    def taste(self, contexts: Contexts) -> Taste:
        """Return the tastes of encoded requests; those of the last ones are kept."""
        last = self._last_taste
        if last is not None and last[0] is contexts:
            return last[1]
        taste = measure_taste(contexts.clicks, len(self.usual.told))
        self._last_taste = (contexts, taste)
        return taste

    def phrase_match(
        self, queries: Sequence[str], lengths: Sequence[int], contexts: Contexts, table: TextTable
    ) -> FloatArray:
        """Return PHRASE_MATCH (K, 8) of requests (B,): so many rows of `table` for each."""
        terms, width = self.phrase_terms(table), len(PHRASE_FIT)
        owners = None if len(lengths) == 1 else np.arange(len(lengths)).repeat(lengths)
        features = np.empty((len(table), len(PHRASE_MATCH)), np.float32)
        fits, out = list(map(self.fit, queries)), features[:, :width]
        self.relevance.match(fits, lengths, table["code"], terms.least_share, out)
        tasted = self.taste(contexts).of(terms, owners)
        features[:, width:] = phrase_taste(terms, tasted, self.usual)
        return features

    def terms(self, table: TextTable) -> Terms:
        """Return the content of rows of a title table, ready for tastes."""
        return Terms.of(table["content"], self.share)

    def phrase_terms(self, table: TextTable) -> Terms:
        """Return the terms of rows of a phrase table, ready for tastes."""
        ids = table["terms"]
        if table["code"].all():  # each known phrase is one term
            ids = ids[:, :1]
        return Terms.of(ids, self.usual.told)

    def _texts(
        self, encode: Callable[[str], RowBytes], limit: int, width: int, phrases: int
    ) -> _TextsOf:
        """Return an encoder of all texts of one kind of a history: they seldom change."""
        size = self.vocabulary.size

        @lru_cache(maxsize=_REMEMBERED_HISTORIES)
        def encoded(texts: tuple[str, ...]) -> _Texts:
            ids = np.zeros((limit, width + phrases), np.int32)
            if texts:
                ids[: len(texts)] = rows(texts, encode, width + phrases)
            return _Texts(np.ascontiguousarray(ids[None, :, :width]), Mentions.of(ids, size))

        return _TextsOf(encoded, limit)

    def _encode_query(self, query: str) -> tuple[IntArray, IntArray, tuple[int, int, int]]:
        """Return ids (1, query_words), head (1, 1), and the query's form for `groups`."""
        ids = np.frombuffer(self.ids.query(query), dtype=np.int32)[None]
        words, content = self.tokenizer.words(query), self.tokenizer.content(query)
        head = self.vocabulary.id_of(content[-1]) if content else 0
        forms = (
            int(any(map(is_number, words))),
            int(not all(map(self.vocabulary.knows, words))),
            int(not query.isascii()),
        )
        return ids, np.array([[head]], np.int32), forms

    def _fit_of(self, query: str) -> Fit:
        cut = self.tokenizer
        return self.relevance.fit(keys_of(cut.words(query), cut.content(query)))

    def _look_up_query(self, query: str) -> QueryWords:
        return QueryWords.of(self.tokenizer.words(query), self.vocabulary)


def title_fields(encoding: Encoding) -> np.dtype[np.void]:
    """Return the fields of a title table's rows."""
    return np.dtype(
        [
            ("words", np.int32, (encoding.title_words,)),
            ("content", np.int32, (encoding.title_content,)),
            ("distinct", np.int32),
        ]
    )


def phrase_fields(encoding: Encoding) -> np.dtype[np.void]:
    """Return the fields of a phrase table's rows."""
    ids = (np.int32, (encoding.phrase_content,))
    return np.dtype([("content", *ids), ("code", np.int32), ("terms", *ids)])


def _joined(rows_of_each: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return rows_of_each[0] if len(rows_of_each) == 1 else np.concatenate(rows_of_each)
