"""Which known words look like a given word: character trigrams, for spelling mistakes."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from service.contract.arrays import FloatArray, IntArray
    from service.contract.vocabulary import Vocabulary

LEAST_SIMILARITY: Final = 0.3


def trigrams(word: str) -> frozenset[str]:
    """Return the distinct runs of three characters of `<word>`."""
    framed = f"<{word}>"
    return frozenset(framed[start : start + 3] for start in range(max(1, len(framed) - 2)))


class SimilarWords:
    """For any word the known words that share trigrams with it.

    sim(w, x) = 2 |tri(w) & tri(x)| / (|tri(w)| + |tri(x)|)       below 0.3 -> left out
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._postings: dict[str, list[int]] = {}
        self.size = vocabulary.size
        self._sizes = np.ones(vocabulary.size, dtype=np.float32)
        for number, term in enumerate(vocabulary.terms, start=1):
            if " " not in term:
                shape = trigrams(term)
                self._sizes[number] = len(shape)
                for trigram in shape:
                    self._postings.setdefault(trigram, []).append(number)
        self.to = lru_cache(maxsize=16_384)(self._to)

    def _to(self, word: str) -> tuple[IntArray, FloatArray]:
        """Return (ids, similarities) of the known words like `word`, itself with 1."""
        shape = trigrams(word)
        shared = [number for found in shape for number in self._postings.get(found, ())]
        ids, counts = np.unique(np.array(shared, dtype=np.int32), return_counts=True)
        similarity = (2.0 * counts / (len(shape) + self._sizes[ids])).astype(np.float32)
        itself = self._vocabulary.id_of(word)
        kept = (similarity >= LEAST_SIMILARITY) & (ids != itself)
        return (
            np.append(ids[kept], np.int32(itself)),
            np.append(similarity[kept], np.float32(1.0)),
        )
