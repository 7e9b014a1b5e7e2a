"""What clicked texts mention: their words, and the phrases of a shop that stand in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from service.contract.relevance import phrase_key
from service.contract.text_ids import remembered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray, IntArray
    from service.contract.text_ids import RowBytes, TextIds
    from service.contract.tokenizer import Tokenizer
    from service.contract.vocabulary import Vocabulary

TITLE_PHRASES: Final = 16  # of a title that count


@dataclass(frozen=True, slots=True)
class Mentions:
    """The ids that texts hold, without padding: by text, each id once."""

    places: NDArray[np.intp]  # (2, m) ids, and which text holds each
    shares: FloatArray  # (m,) how much each counts: 1 / sqrt(n) for each of n phrases, 1 for words
    counts: FloatArray  # (n,) 0 for a text without ids, since a click on it counts for nothing

    @classmethod
    def of(cls, ids: IntArray, size: int) -> Mentions:
        """Gather the ids of texts (n, W), 0 pads; ids from `size` are phrases."""
        texts, places = np.nonzero(ids)
        held = np.stack([ids[texts, places].astype(np.intp), texts])
        shares = shares_of(ids, size)[texts, places]
        return cls(held, shares, (ids[:, 0] != 0).astype(np.float32))


def shares_of(ids: IntArray, size: int) -> FloatArray:
    """Return how much each id (n, W) counts in its text: so do many phrases tell less each."""
    phrases = ids >= size
    alike = np.maximum(phrases.sum(axis=1, keepdims=True), 1).astype(np.float32)
    shares: FloatArray = np.where(phrases, alike**-0.5, ids > 0).astype(np.float32)
    return shares


class PhraseFinder:
    """Finds known phrases in titles: one is there if all its content words do."""

    def __init__(
        self, tokenizer: Tokenizer, vocabulary: Vocabulary, phrases: Mapping[str, int]
    ) -> None:
        self._tokenizer, self._vocabulary = tokenizer, vocabulary
        self._by_rarest: dict[int, list[tuple[frozenset[int], int]]] = {}
        for phrase, code in phrases.items():
            words = self._words(phrase)
            if words:
                rarest = max(words, key=lambda word: (float(vocabulary.idf[word]), word))
                self._by_rarest.setdefault(rarest, []).append((words, code))

    def codes(self, title: str) -> list[int]:
        """Return the codes of the phrases in a title, those of most words first."""
        held = self._words(title)
        found = [
            (-len(words), code)
            for word in held
            for words, code in self._by_rarest.get(word, ())
            if words <= held
        ]
        return [code for _, code in sorted(found)[:TITLE_PHRASES]]

    def _words(self, text: str) -> frozenset[int]:
        return frozenset(map(self._vocabulary.id_of, self._tokenizer.content(text)))


class Mentioned:
    """Encodes what clicked texts mention, a row a text: ids of words, then of phrases.

    The phrase with code c has the id size + c, with `size` ids in the vocabulary.
    """

    def __init__(
        self, ids: TextIds, finder: PhraseFinder, phrases: Mapping[str, int], size: int
    ) -> None:
        self._ids, self._finder, self._phrases, self._size = ids, finder, phrases, size
        self.title = remembered(self._title)
        self.phrase = remembered(self._phrase)

    def _title(self, text: str) -> RowBytes:
        codes = [self._size + code for code in self._finder.codes(text)]
        return self._ids.title(text) + _row(codes, TITLE_PHRASES)

    def _phrase(self, text: str) -> RowBytes:
        code = self._phrases.get(phrase_key(text))
        return self._ids.phrase(text) + _row([self._size + code] if code else [], 1)


def _row(ids: list[int], width: int) -> RowBytes:
    return np.array(ids + [0] * (width - len(ids)), dtype=np.int32).tobytes()
