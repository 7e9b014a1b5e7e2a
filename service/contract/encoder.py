"""From raw texts to the tensors that the graphs take: the same code for training and serving."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from service.contract.fingerprint import fingerprint
from service.contract.groups import groups_of_one
from service.contract.matching import QueryWords, match_titles
from service.contract.similarity import SimilarWords
from service.contract.taste import (
    Mentions,
    Taste,
    Tasted,
    Terms,
    measure_taste,
    phrase_taste,
    title_taste,
)
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

SECONDS_A_DAY: Final = 86_400.0
_DAYS_A_SECOND: Final = np.float32(1.0 / SECONDS_A_DAY)
_REMEMBERED_QUERIES: Final = 8_192
_REMEMBERED_HISTORIES: Final = 2_048
_NO_DAYS: Final = np.zeros((1, 1), np.float32)


class Context(dict[str, "NDArray[Any]"]):
    """The tensors of one request by name, and the ids that its shopper clicked."""

    words: Mentions
    titles: Mentions


@dataclass(frozen=True, slots=True)
class _Texts:
    """The texts of one kind in a history: ids (1, H, W), and which text holds which id."""

    ids: IntArray
    mentions: Mentions


class Encoder:
    """Encodes contexts (query and history), items, phrases, and how they match.

    It remembers texts, so that a shopper's history costs a few lookups. Safe to share between
    threads: what it remembers depends on nothing but the arguments.
    """

    def __init__(self, encoding: Encoding, vocabulary: Vocabulary) -> None:
        self.encoding = encoding
        self.vocabulary = vocabulary
        self.tokenizer = Tokenizer(encoding.locale, stem=encoding.stem)
        self.ids = TextIds(encoding, self.tokenizer, vocabulary)
        self.share: FloatArray = np.exp(-vocabulary.idf)  # of titles that hold each id
        self.share[0] = 0.0
        self._similar = SimilarWords(vocabulary)
        self.query = lru_cache(maxsize=_REMEMBERED_QUERIES)(self._encode_query)
        self.match_words = lru_cache(maxsize=_REMEMBERED_QUERIES)(self._look_up_query)
        self._words = self._texts(self.ids.phrase, encoding.phrase_content)
        self._titles = self._texts(self.ids.title, encoding.title_content)
        self._queries = self._texts(self.ids.query, encoding.query_words)
        self._last: tuple[str, History, Context] | None = None
        self._last_taste: tuple[Context, Taste | None] | None = None
        self.fingerprint = fingerprint(self)

    def context(self, query: str, history: History) -> Context:
        """Encode one request. History axes are as long as the history, at least 1.

        Two models that share an encoder ask for the same context: the last one is kept.
        """
        last = self._last
        if last is not None and last[1] is history and last[0] == query:
            return last[2]
        words, word_ages = _apart(history.feature_words)
        titles, title_ages = _apart(history.titles)
        queries, query_ages = _apart(history.queries)
        days = np.array(word_ages + title_ages + query_ages, dtype=np.float32)
        days *= _DAYS_A_SECOND
        last_word, last_title = len(words), len(words) + len(titles)
        clicked_words, clicked_titles = self._words(words), self._titles(titles)
        query_words, head, forms = self.query(query)
        tensors = Context(
            {
                "query_words": query_words,
                "query_head": head,
                "clicked_words": clicked_words.ids,
                "clicked_word_days": days[None, :last_word] if words else _NO_DAYS,
                "clicked_titles": clicked_titles.ids,
                "clicked_title_days": days[None, last_word:last_title] if titles else _NO_DAYS,
                "past_queries": self._queries(queries).ids,
                "past_query_days": days[None, last_title:] if queries else _NO_DAYS,
                "groups": groups_of_one(
                    (len(words), len(titles), len(queries)), _newest_days(history), forms
                ),
            }
        )
        tensors.words, tensors.titles = clicked_words.mentions, clicked_titles.mentions
        self._last = (query, history, tensors)
        return tensors

    def contexts(self, queries: Sequence[str], histories: Sequence[History]) -> Tensors:
        """Encode requests (B,) one by one, history axes padded to their full length."""
        encoded = [self.context(q, h) for q, h in zip(queries, histories, strict=True)]
        lengths = dict.fromkeys(("clicked_words", "clicked_word_days"), self.encoding.history)
        lengths |= dict.fromkeys(("clicked_titles", "clicked_title_days"), self.encoding.history)
        lengths |= dict.fromkeys(("past_queries", "past_query_days"), self.encoding.queries)
        return {
            name: np.concatenate([_padded(one[name], lengths.get(name)) for one in encoded])
            for name in encoded[0]
        }

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
        """Return what matching needs of each phrase, one structured row a phrase."""
        table = np.zeros(len(texts), dtype=phrase_fields(self.encoding))
        table["content"] = rows(texts, self.ids.phrase, self.encoding.phrase_content)
        return table

    def query_match(self, query: str, titles: TextTable) -> FloatArray:
        """Return QUERY_FEATURES (N, 8) of one query and rows of a title table."""
        words = self.match_words(query)
        return match_titles(words, titles["words"], titles["distinct"], self._similar)

    def taste(self, context: Context) -> Taste | None:
        """Return the taste of an encoded context; None if its history says nothing."""
        last = self._last_taste
        if last is not None and last[0] is context:
            return last[1]
        known = context.words.ids.size or context.titles.ids.size
        taste = self.measure(context) if known else None
        self._last_taste = (context, taste)
        return taste

    def measure(self, context: Context) -> Taste:
        """Return the taste of an encoded context, also where its history says nothing."""
        word_days, title_days = context["clicked_word_days"][0], context["clicked_title_days"][0]
        size = self.vocabulary.size
        return measure_taste(context.words, word_days, context.titles, title_days, size)

    def terms(self, table: TextTable) -> Terms:
        """Return the content of rows of a title or phrase table, ready for tastes."""
        return Terms.of(table["content"], self.share)

    @staticmethod
    def title_taste(taste: Taste, titles: Terms) -> FloatArray:
        """Return TITLE_TASTE (N, 4) of titles."""
        return title_taste(titles, _tasted(taste, titles))

    @staticmethod
    def phrase_taste(taste: Taste, phrases: Terms) -> FloatArray:
        """Return PHRASE_TASTE (N, 5) of phrases."""
        return phrase_taste(phrases, _tasted(taste, phrases))

    def _texts(
        self, encode: Callable[[str], RowBytes], width: int
    ) -> Callable[[tuple[str, ...]], _Texts]:
        """Return an encoder of all texts of one kind of a history: they seldom change."""

        @lru_cache(maxsize=_REMEMBERED_HISTORIES)
        def encoded(texts: tuple[str, ...]) -> _Texts:
            ids = rows(texts, encode, width) if texts else np.zeros((1, width), np.int32)
            return _Texts(ids[None], Mentions.of(ids))

        return encoded

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
    return np.dtype([("content", np.int32, (encoding.phrase_content,))])


def _tasted(taste: Taste, terms: Terms) -> Tasted:
    words, clicks = taste.words.take(terms.ids), taste.clicks.take(terms.ids)
    return Tasted(words, clicks, taste.words_weight, taste.titles_weight)


def _apart(events: Aged) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Return the texts of events, and their ages."""
    if not events:
        return (), ()
    texts, ages = zip(*events, strict=True)
    return texts, ages


def _newest_days(history: History) -> tuple[float, ...]:
    parts = (history.feature_words, history.titles, history.queries)
    return tuple(part[0][1] / SECONDS_A_DAY if part else np.inf for part in parts)


def _padded(tensor: np.ndarray, length: int | None) -> np.ndarray:
    if length is None:
        return tensor
    shape = [(0, 0), (0, length - tensor.shape[1]), *[(0, 0)] * (tensor.ndim - 2)]
    return np.pad(tensor, shape)
