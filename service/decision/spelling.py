"""Finds the word of the catalogue that a shopper meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rapidfuzz import process
from rapidfuzz.distance import OSA

if TYPE_CHECKING:
    from service.decision.snapshot import Snapshot

UNKNOWN = -1
_ONE_SLIP_FROM = 4  # letters
_TWO_SLIPS_FROM = 8
_MOST_LOOKED_AT = 32


def word_rows(query: str, snapshot: Snapshot) -> list[int]:
    """The row of each word of `query`, stop words aside unless there are no others.

    A word that the catalogue does not know stands for the one that is spelled like it but for a
    slip (from 8 letters on, two): a letter too many, too few, wrong, or swapped with its
    neighbour; never the first, and never in a word with digits. Of equally near ones the one in
    most keywords is meant, then the one on most products. If there is none the row is UNKNOWN.
    """
    language = snapshot.language
    telling = set(language.telling(language.words(query)))
    pairs = zip(language.words(query), language.spellings(query), strict=True)
    return [_row(word, spelled, snapshot) for word, spelled in pairs if word in telling]


def _row(word: str, spelled: str, snapshot: Snapshot) -> int:
    row = snapshot.words.texts.find(word)
    if row != UNKNOWN:
        return row
    mended = snapshot.memory.words.get(spelled)
    if mended is None:
        mended = snapshot.memory.words.put(spelled, _nearest(spelled, snapshot))
    return mended


def _nearest(spelled: str, snapshot: Snapshot) -> int:
    if len(spelled) < _ONE_SLIP_FROM or not spelled.isalpha():
        return UNKNOWN
    texts = snapshot.spellings.texts
    first, after = texts.rank(spelled[0]), texts.rank(spelled[0] + "\U0010ffff")
    near = process.extract(
        spelled,
        texts.take(range(first, after)),
        scorer=OSA.distance,
        score_cutoff=1 if len(spelled) < _TWO_SLIPS_FROM else 2,
        limit=_MOST_LOOKED_AT,
    )
    weight = snapshot.spellings.weight
    ranked = [(slips, -int(weight[first + at]), at) for _, slips, at in near]
    return int(snapshot.spellings.word[first + min(ranked)[2]]) if ranked else UNKNOWN
