"""Finds the word of the catalogue that a shopper meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rapidfuzz import process
from rapidfuzz.distance import OSA

if TYPE_CHECKING:
    from service.decision.snapshot import Snapshot
    from service.decision.strings import StringTable

UNKNOWN = -1
_ONE_SLIP_FROM = 4  # letters
_TWO_SLIPS_FROM = 8
_MOST_LOOKED_AT = 16


def word_row(word: str, snapshot: Snapshot) -> int:
    """The row of `word`, or of the word one slip (from 8 letters, two) away; else UNKNOWN.

    A slip is a letter too many, too few, wrong, or swapped with its neighbour; never the first
    letter, and never in a word with digits. Of equally near words the commonest is taken.
    """
    row = snapshot.memory.words.get(word)
    if row is None:
        row = snapshot.words.texts.find(word)
        if row == UNKNOWN:
            row = _nearest(word, snapshot)
        snapshot.memory.words.put(word, row)
    return row


def _nearest(word: str, snapshot: Snapshot) -> int:
    if len(word) < _ONE_SLIP_FROM or not word.isalpha():
        return UNKNOWN
    texts = snapshot.words.texts
    first, after = _same_first_letter(word, texts)
    slips = 1 if len(word) < _TWO_SLIPS_FROM else 2
    near = process.extract(
        word,
        texts.take(range(first, after)),
        scorer=OSA.distance,
        score_cutoff=slips,
        limit=_MOST_LOOKED_AT,
    )
    starts = snapshot.words.products.starts
    ranked = [(slip, int(starts[first + at] - starts[first + at + 1]), at) for _, slip, at in near]
    return first + min(ranked)[2] if ranked else UNKNOWN


def _same_first_letter(word: str, texts: StringTable) -> tuple[int, int]:
    return texts.rank(word[0]), texts.rank(word[0] + "\U0010ffff")
