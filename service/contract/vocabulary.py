"""Words to numbers: padding, known terms, then buckets that share out all other words."""

from __future__ import annotations

import json
import math
import zlib
from collections import Counter
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from service.contract.arrays import FloatArray
    from service.contract.tokenizer import Tokenizer

PAD: Final = 0
BUCKETS: Final = 1024


class Vocabulary:
    """Ids of terms: 0 pads, 1..V are known, then CRC-32 spreads the rest over 1024 buckets.

    A term is a word, or two neighbouring content words joined by a space. `idf` holds
    log((n + 1) / (titles with the term + 1)) by id; a bucket counts as never seen.
    """

    def __init__(self, terms: Sequence[str], document_counts: Sequence[int], documents: int):
        if len(set(terms)) != len(terms) or len(terms) != len(document_counts):
            message = (
                f"{len(terms)} terms, {len(set(terms))} distinct, {len(document_counts)} counts"
            )
            raise ValueError(message)
        if any(not 0 <= count <= documents for count in document_counts):
            message = f"a term stands in fewer than 0 or more than all {documents} documents"
            raise ValueError(message)
        self.terms = tuple(terms)
        self.document_counts = tuple(document_counts)
        self.documents = documents
        self._ids = {term: number for number, term in enumerate(terms, start=1)}
        self.idf = self._idf()

    def _idf(self) -> FloatArray:
        unseen = math.log(self.documents + 1)
        known = [unseen - math.log(count + 1) for count in self.document_counts]
        return np.array([0.0, *known, *[unseen] * BUCKETS], dtype=np.float32)

    @property
    def known(self) -> int:
        """How many terms have an id of their own."""
        return len(self.terms)

    @property
    def size(self) -> int:
        """How many ids there are: the rows of an embedding table."""
        return 1 + len(self.terms) + BUCKETS

    def knows(self, term: str) -> bool:
        """Return whether `term` has an id of its own."""
        return term in self._ids

    def id_of(self, term: str) -> int:
        """Return the id of `term`; never 0."""
        known = self._ids.get(term)
        if known is not None:
            return known
        bucket = zlib.crc32(term.encode("utf-8", "surrogatepass")) % BUCKETS
        return 1 + len(self.terms) + bucket

    def to_bytes(self) -> bytes:
        """Return the vocabulary as JSON, always the same bytes for the same terms."""
        content = {
            "documents": self.documents,
            "terms": self.terms,
            "document_counts": self.document_counts,
        }
        return json.dumps(content, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Vocabulary:
        """Read what `to_bytes` wrote.

        Raises: ValueError for anything else.
        """
        content = json.loads(data)
        if not isinstance(content, dict) or set(content) != {
            "documents",
            "terms",
            "document_counts",
        }:
            message = "a vocabulary holds documents, terms and document_counts, nothing else"
            raise ValueError(message)
        documents, terms, counts = (content[k] for k in ("documents", "terms", "document_counts"))
        if not (type(documents) is int and _all(terms, str) and _all(counts, int)):
            message = "a vocabulary's terms are text and its counts whole numbers"
            raise ValueError(message)
        return cls(terms, counts, documents)


def _all(values: object, kind: type) -> bool:
    return isinstance(values, list) and all(type(value) is kind for value in values)


def learn_vocabulary(
    tokenizer: Tokenizer,
    titles: Iterable[str],
    *,
    phrases: Iterable[str] = (),
    min_count: int = 2,
    max_terms: int = 30_000,
) -> Vocabulary:
    """Count the words of `titles`, and the word pairs of `phrases`; keep the common ones.

    A term needs `min_count` titles, a pair as many titles or phrases. The rest is left to the
    buckets, which so get trained.
    """
    mentions = Counter(" ".join(pair) for text in phrases for pair in tokenizer.pairs(text))
    counts: Counter[str] = Counter(dict.fromkeys(mentions, 0))
    documents = 0
    for title in titles:
        documents += 1
        counts.update(set(tokenizer.words(title)))
        counts.update({" ".join(pair) for pair in tokenizer.pairs(title)} & mentions.keys())
    kept = [
        (term, count)
        for term, count in counts.items()
        if max(count, mentions.get(term, 0)) >= min_count
    ]
    kept = sorted(kept, key=lambda entry: (-entry[1], entry[0]))[:max_terms]
    return Vocabulary([term for term, _ in kept], [count for _, count in kept], documents)
