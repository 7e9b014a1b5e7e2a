"""Texts to rows of ids, remembered: the part of encoding that depends on nothing but the text."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from service.contract.arrays import IntArray
    from service.contract.encoding import Encoding
    from service.contract.tokenizer import Tokenizer
    from service.contract.vocabulary import Vocabulary

_REMEMBERED: Final = 32_768
_LONGEST_REMEMBERED: Final = 512

RowBytes = bytes
"""A row of ids as the bytes of an int32 array: rows of a history are joined, not stacked."""


def remembered(make: Callable[[str], RowBytes]) -> Callable[[str], RowBytes]:
    """Return `make` with a memory for texts of usual length."""
    known = lru_cache(maxsize=_REMEMBERED)(make)
    return lambda text: known(text) if len(text) <= _LONGEST_REMEMBERED else make(text)


class TextIds:
    """Encodes titles, phrases and queries by one tokenizer and vocabulary, a row a text."""

    def __init__(self, encoding: Encoding, tokenizer: Tokenizer, vocabulary: Vocabulary) -> None:
        self._tokenizer = tokenizer
        self._vocabulary = vocabulary
        self._widths = encoding
        self.title = remembered(self._title)
        self.phrase = remembered(self._phrase)
        self.query = remembered(self._query)
        self.title_words = self._title_words

    def _title(self, text: str) -> RowBytes:
        return self._content(text, self._widths.title_content)

    def _phrase(self, text: str) -> RowBytes:
        return self._content(text, self._widths.phrase_content)

    def _content(self, text: str, width: int) -> RowBytes:
        words = self._tokenizer.content(text)
        return self._row([*dict.fromkeys(words), *self._known_pairs(text)], width)

    def _query(self, text: str) -> RowBytes:
        words = self._tokenizer.words(text)
        terms = [*dict.fromkeys(words), *self._known_pairs(text)]
        return self._row(terms, self._widths.query_words)

    def _title_words(self, text: str) -> RowBytes:
        return self._row(self._tokenizer.words(text), self._widths.title_words)

    def _known_pairs(self, text: str) -> Iterable[str]:
        pairs = (" ".join(pair) for pair in self._tokenizer.pairs(text))
        return dict.fromkeys(pair for pair in pairs if self._vocabulary.knows(pair))

    def _row(self, terms: Iterable[str], width: int) -> RowBytes:
        ids = list(map(self._vocabulary.id_of, list(terms)[:width]))
        return np.array(ids + [0] * (width - len(ids)), dtype=np.int32).tobytes()


def rows(texts: Iterable[str], encode: Callable[[str], RowBytes], width: int) -> IntArray:
    """Return (N, width): one row of ids for each of `texts`."""
    return joined(map(encode, texts), width)


def joined(encoded: Iterable[RowBytes], width: int) -> IntArray:
    """Return (N, width): rows that are encoded already."""
    return np.frombuffer(b"".join(encoded), dtype=np.int32).reshape(-1, width)
