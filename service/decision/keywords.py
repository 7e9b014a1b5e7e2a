"""Which campaigns bid on a query, and which refuse it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from service.decision.bidding import MATCH_TYPES
from service.decision.spelling import UNKNOWN
from service.decision.terms import MatchType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.decision.snapshot import Snapshot
    from service.decision.tables import Bools, Floats, Ints

NO_MATCH, BROAD, PHRASE, EXACT = -1.0, 0.0, 0.1, 0.2
BONUS = {MatchType.BROAD: BROAD, MatchType.PHRASE: PHRASE, MatchType.EXACT: EXACT}


@dataclass(frozen=True, slots=True)
class Matched:
    """What the keywords say about a query, by campaign: both (C,)."""

    bonus: Floats  # of the closest keyword that matches; NO_MATCH where none does
    refused: Bools


def match_keywords(query: Sequence[int], snapshot: Snapshot) -> Matched:
    """Match `query`, word rows in order, with every keyword.

    A broad keyword matches when the query has all its words, a phrase when it has them in that
    order without a gap, an exact one when the query is just them. Negatives match likewise.
    """
    keywords = snapshot.keywords
    size = len(snapshot.campaigns.ids)
    matched = Matched(np.full(size, NO_MATCH), np.zeros(size, np.bool_))
    for keyword in _with_all_words(query, snapshot):
        match = MATCH_TYPES[keywords.match[keyword]]
        if not _in_order(keywords.words[keyword].tolist(), query, match):
            continue
        campaigns = keywords.campaigns[keyword]
        if keywords.negative[keyword]:
            matched.refused[campaigns] = True
        else:
            matched.bonus[campaigns] = np.maximum(matched.bonus[campaigns], BONUS[match])
    return matched


def _with_all_words(query: Sequence[int], snapshot: Snapshot) -> Ints:
    """The keywords whose words all stand in `query`, in any order."""
    keywords = snapshot.keywords
    words = np.array(sorted(set(query) - {UNKNOWN}), np.int32)
    candidates, _ = keywords.by_word.gather(words)
    if not len(candidates):
        return candidates
    in_query = np.zeros(len(keywords.by_word), np.bool_)
    in_query[words] = True
    needed, begins = keywords.words.gather(candidates)
    return candidates[np.logical_and.reduceat(in_query[needed], begins[:-1])]


def _in_order(keyword: Sequence[int], query: Sequence[int], match: MatchType) -> bool:
    if match == MatchType.BROAD:
        return True
    if match == MatchType.EXACT:
        return list(query) == list(keyword)
    length = len(keyword)
    return any(
        list(query[at : at + length]) == list(keyword) for at in range(len(query) - length + 1)
    )
