"""From raw texts to the tensors that the graphs take: the same code for training and serving."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from service.contract.fingerprint import fingerprint
from service.contract.groups import groups_of_one
from service.contract.matching import QueryWords, match_titles
from service.contract.similarity import SimilarWords
from service.contract.taste import Taste, Terms, measure_taste, phrase_taste, title_taste
from service.contract.text_ids import TextIds, joined, rows
from service.contract.tokenizer import Tokenizer, is_number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from service.contract.arrays import FloatArray, IntArray, Tensors, TextTable
    from service.contract.encoding import Encoding
    from service.contract.history import Aged, History
    from service.contract.text_ids import RowBytes
    from service.contract.vocabulary import Vocabulary

SECONDS_A_DAY: Final = 86_400.0
_REMEMBERED_QUERIES: Final = 8_192


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
        self._last: tuple[str, History, Tensors] | None = None
        self._last_taste: tuple[Tensors, Taste | None] | None = None
        self.fingerprint = fingerprint(self)

    def context(self, query: str, history: History) -> Tensors:
        """Encode one request. History axes are as long as the history, at least 1.

        Two models that share an encoder ask for the same context: the last one is kept.
        """
        last = self._last
        if last is not None and last[1] is history and last[0] == query:
            return last[2]
        encoding = self.encoding
        words = self._aged(history.feature_words, self.ids.phrase, encoding.phrase_content)
        titles = self._aged(history.titles, self.ids.title, encoding.title_content)
        queries = self._aged(history.queries, self.ids.query, encoding.query_words)
        query_words, head, forms = self.query(query)
        counts = (len(history.feature_words), len(history.titles), len(history.queries))
        tensors = {
            "query_words": query_words,
            "query_head": head,
            "clicked_words": words[0],
            "clicked_word_days": words[1],
            "clicked_titles": titles[0],
            "clicked_title_days": titles[1],
            "past_queries": queries[0],
            "past_query_days": queries[1],
            "groups": groups_of_one(counts, _newest_days(history), forms),
        }
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

    def taste(self, context: Tensors) -> Taste | None:
        """Return the taste of an encoded context of one; None without history."""
        last = self._last_taste
        if last is not None and last[0] is context:
            return last[1]
        words, titles = context["clicked_words"][0], context["clicked_titles"][0]
        taste = self.measure(context) if words.any() or titles.any() else None
        self._last_taste = (context, taste)
        return taste

    def measure(self, context: Tensors) -> Taste:
        """Return the taste of an encoded context of one, also where there is no history."""
        return measure_taste(
            context["clicked_words"][0],
            context["clicked_word_days"][0],
            context["clicked_titles"][0],
            context["clicked_title_days"][0],
            self.vocabulary.size,
        )

    def terms(self, table: TextTable) -> Terms:
        """Return the content of rows of a title or phrase table, ready for tastes."""
        return Terms.of(table["content"], self.share)

    @staticmethod
    def title_taste(taste: Taste, titles: Terms) -> FloatArray:
        """Return TITLE_TASTE (N, 4) of titles."""
        return title_taste(titles, taste.clicks.take(titles.ids), taste.weights)

    @staticmethod
    def phrase_taste(taste: Taste, phrases: Terms) -> FloatArray:
        """Return PHRASE_TASTE (N, 5) of phrases."""
        ids = phrases.ids
        return phrase_taste(phrases, taste.words.take(ids), taste.clicks.take(ids), taste.weights)

    def _aged(
        self, events: Aged, encode: Callable[[str], RowBytes], width: int
    ) -> tuple[IntArray, FloatArray]:
        """Return ids (1, H, width) and ages in days (1, H)."""
        if not events:
            return np.zeros((1, 1, width), np.int32), np.zeros((1, 1), np.float32)
        texts, ages = zip(*events, strict=True)
        ids = np.frombuffer(b"".join(map(encode, texts)), dtype=np.int32)
        days = np.array(ages, dtype=np.float32) / np.float32(SECONDS_A_DAY)
        return ids.reshape(1, -1, width), days[None]

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


def _newest_days(history: History) -> tuple[float, ...]:
    parts = (history.feature_words, history.titles, history.queries)
    return tuple(part[0][1] / SECONDS_A_DAY if part else np.inf for part in parts)


def _padded(tensor: np.ndarray, length: int | None) -> np.ndarray:
    if length is None:
        return tensor
    shape = [(0, 0), (0, length - tensor.shape[1]), *[(0, 0)] * (tensor.ndim - 2)]
    return np.pad(tensor, shape)
