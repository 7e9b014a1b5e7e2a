"""How well a phrase fits a query, and how common it is: what the catalogue and the shop showed."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from service.contract.tokenizer import normal_form

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray, IntArray, LongArray

PHRASE_FIT: Final = ("relevance", "relevance_to_best", "common")

UNKNOWN: Final = 0  # the code of a phrase that nothing is known of
WHOLE: Final = "="  # before a key that is a whole query
KEY_WORDS: Final = 24  # of a query; bounds the work of a hostile one
_TERM_PRIOR: Final = 10.0  # products that the usual share counts for beside those of a term
_QUERY_PRIOR: Final = 2.0
_LEAST_SHARE: Final = 1e-7
_NUMBERS: Final = {
    "weights": "<f4", "shown": "<f4", "starts": "<i8", "codes": "<i4", "counts": "<f4",
    "share": "<f4", "said": "<f4", "told": "<f4", "squares": "<f4",
}  # fmt: skip


class RelevanceError(ValueError):
    """The bytes are no relevance; the message says what was found."""


class Fit(NamedTuple):
    """How much more often products of a query attest each phrase than all products do."""

    lifts: FloatArray  # (P + 1,) logs, by code; 0 for the unknown
    best: float  # log of the largest share of the query's products that attest one phrase


def keys_of(words: Sequence[str], content: Sequence[str]) -> list[str]:
    """Return the keys of a query: its words, neighbouring content words, and itself."""
    words, content = words[:KEY_WORDS], content[:KEY_WORDS]
    pairs = [" ".join(pair) for pair in pairwise(content)]
    return [*dict.fromkeys([*words, *pairs]), WHOLE + " ".join(words)]


def phrase_key(text: str) -> str:
    """Return the spelling under which a phrase is known."""
    return " ".join(normal_form(text).split())


@dataclass(frozen=True, slots=True, eq=False)
class Relevance:
    """Products shown for queries, counted by key of the query and by phrase they attest.

    Phrases are known by codes 1..P. `said` is the share of the feature words shown that hold each
    id of the vocabulary, then that are each phrase. `told` is how much each phrase counts in the
    title of an ad shown, on average, and `squares` the average square of that.
    """

    rows: Mapping[str, int]  # of the keys (K,)
    phrases: Mapping[str, int]  # to codes
    weights: FloatArray  # (K,) how much each key tells, above 0
    shown: FloatArray  # (K,) products shown
    starts: LongArray  # (K + 1,) where the codes of each key begin
    codes: IntArray  # (E,)
    counts: FloatArray  # (E,) of those products that attest the phrase
    share: FloatArray  # (P + 1,) of all products that attest each phrase; 0 for the unknown
    said: FloatArray  # (size + P + 1,)
    told: FloatArray  # (P + 1,)
    squares: FloatArray  # (P + 1,)

    @classmethod
    def nothing(cls, size: int) -> Relevance:
        """Return what is known before anything was attested or shown."""
        none, codes = np.zeros(0, np.float32), np.zeros(0, np.int32)
        starts, zero = np.zeros(1, np.int64), np.zeros(1, np.float32)
        said = np.zeros(size + 1, np.float32)
        return cls({}, {}, none, none, starts, codes, none, zero, said, zero, zero)

    def code(self, phrase: str) -> int:
        """Return the code of a phrase, UNKNOWN if there is none."""
        return self.phrases.get(phrase_key(phrase), UNKNOWN)

    def fit(self, keys: Sequence[str]) -> Fit:
        """Return how phrases fit a query with these keys.

            l_t(v) = ln((c_tv / s_v + 10) / (n_t + 10)), l(v) their mean, weighted by key
            and ln((c_v / s_v + 2 exp(l(v))) / (n + 2)) for a query asked before

        c products that attest v of the n shown for a term t of the query, or for the query; s_v
        the share of all products.
        """
        *terms, whole = keys
        known = [row for row in map(self.rows.get, terms) if row is not None]
        lifts = np.zeros(len(self.share))
        weights = self.weights[known].astype(np.float64)
        for row, weight in zip(known, weights, strict=True):
            ratio = (self._ratios(row) + _TERM_PRIOR) / (self.shown[row] + _TERM_PRIOR)
            lifts += np.log(ratio) * (weight / weights.sum())
        itself = self.rows.get(whole)
        if itself is not None:
            seen = self._ratios(itself) + _QUERY_PRIOR * np.exp(lifts)
            lifts = np.log(seen / (self.shown[itself] + _QUERY_PRIOR))
        lifts[UNKNOWN] = 0.0
        most = float((np.exp(lifts) * self.share).max())
        return Fit(lifts.astype(np.float32), math.log(max(most, _LEAST_SHARE)))

    def match(
        self,
        fits: Sequence[Fit],
        lengths: Sequence[int],
        codes: NDArray[Any],
        usual: FloatArray,
        out: FloatArray,
    ) -> None:
        """Write the features PHRASE_FIT of phrases `codes` (K,), so many a fit, to `out` (K, 3).

        With the log lift l and share s of products: l + ln s, the share exp of it over the largest
        (1 at most), ln s. Of an unknown phrase s is `usual` (K,), the share of titles with its
        words.
        """
        parts = zip(fits, lengths, accumulate(lengths), strict=True)
        lifts = np.concatenate([fit.lifts.take(codes[end - n : end]) for fit, n, end in parts])
        best = np.array([fit.best for fit in fits], np.float32).repeat(lengths)
        share = np.where(codes == UNKNOWN, usual, self.share.take(codes))
        common = np.log(np.maximum(share, np.float32(_LEAST_SHARE)))
        relevance = lifts + common
        out[:, 0] = relevance
        out[:, 1] = np.exp(np.minimum(relevance - best, np.float32(0)))
        out[:, 2] = common

    def _ratios(self, row: int) -> NDArray[np.float64]:
        """Return c / s (P + 1,)."""
        held = slice(int(self.starts[row]), int(self.starts[row + 1]))
        codes = self.codes[held]
        ratios = np.zeros(len(self.share))
        ratios[codes] = self.counts[held] / np.maximum(self.share[codes], _LEAST_SHARE)
        return ratios

    def to_bytes(self) -> bytes:
        """Return a line of JSON and the numbers after it, always the same for the same counts."""
        numbers = [getattr(self, name).astype(kind) for name, kind in _NUMBERS.items()]
        lengths = [len(one) for one in numbers]
        head = {"keys": list(self.rows), "phrases": list(self.phrases), "lengths": lengths}
        line = json.dumps(head, separators=(",", ":")).encode() + b"\n"
        return line + b"".join(one.tobytes() for one in numbers)

    @classmethod
    def from_bytes(cls, data: bytes, size: int) -> Relevance:
        """Read what `to_bytes` wrote, for a vocabulary of `size` ids.

        Raises: RelevanceError for anything else.
        """
        try:
            line, _, rest = data.partition(b"\n")
            head = json.loads(line)
            found = cls(
                {name: row for row, name in enumerate(head["keys"])},
                {name: code for code, name in enumerate(head["phrases"], start=1)},
                **_numbers(rest, head["lengths"]),
            )
            fits = found._fits(size) and found.to_bytes() == data
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            message = f"no relevance: {type(error).__name__} {str(error)[:200]}"
            raise RelevanceError(message) from error
        if not fits:
            message = (
                f"{len(found.rows)} keys, {len(found.phrases)} phrases do not fit their counts"
            )
            raise RelevanceError(message)
        return found

    def _fits(self, size: int) -> bool:
        keys, entries, phrases = len(self.rows), len(self.codes), len(self.phrases)
        inside = not entries or 0 < int(self.codes.min()) <= int(self.codes.max()) <= phrases
        return (
            inside
            and self.weights.shape == self.shown.shape == (keys,)
            and self.starts.shape == (keys + 1,)
            and self.counts.shape == (entries,)
            and (int(self.starts[0]), int(self.starts[-1])) == (0, entries)
            and bool((np.diff(self.starts) >= 0).all())
            and self.share.shape == (phrases + 1,)
            and self.told.shape == self.squares.shape == (phrases + 1,)
            and self.said.shape == (size + phrases + 1,)
            and all(bool(np.isfinite(one).all() and (one >= 0).all()) for one in self._amounts())
        )

    def _amounts(self) -> tuple[FloatArray, ...]:
        shares = self.share, self.said, self.told, self.squares
        return self.weights, self.shown, self.counts, *shares


def _numbers(data: bytes, lengths: list[int]) -> dict[str, NDArray[Any]]:
    """Cut the arrays of `_NUMBERS`, so many numbers each, out of `data`."""
    found, start = {}, 0
    for (name, kind), length in zip(_NUMBERS.items(), lengths, strict=True):
        found[name] = np.frombuffer(data, kind, length, start)
        start += found[name].nbytes
    return found
