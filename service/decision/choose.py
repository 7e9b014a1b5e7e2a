"""Which selling points each winner shows to this shopper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from service.errors import ScorerError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.contract.arrays import IntArray
    from service.contract.history import History
    from service.decision.scorers import Scorers
    from service.decision.snapshot import Snapshot
    from service.decision.terms import AdQuery

PERSONAL, PRIOR, PLAIN = "personal", "prior", "plain"


@dataclass(frozen=True, slots=True)
class Option:
    """A selling point that a title could show."""

    point: int  # row
    phrase: int  # row
    words: frozenset[int]  # rows


@dataclass(frozen=True, slots=True)
class Choice:
    """What one winner shows: options with their scores, best first, and on what grounds."""

    picked: tuple[tuple[Option, float], ...]
    reason: str


def choose_points(
    products: Sequence[int],
    query: AdQuery,
    query_words: frozenset[int],
    snapshot: Snapshot,
    scorers: Scorers,
) -> tuple[list[Choice], tuple[str, ...]]:
    """A choice for each of `products`, and what degraded; one call of the model for all.

    A phrase made only of the query's words is no option. Of a product's options those stand whose
    score is at least the mean of them all; the best of these are picked, up to the placement's
    cap, but none whose words are all in one picked already, or the other way round.
    """
    cap = query.placement.selling_point_cap
    options = [_options(product, query_words, snapshot) if cap else () for product in products]
    phrases = np.array([one.phrase for each in options for one in each], np.int32)
    plain = Choice((), PLAIN)
    if not len(phrases):
        return [plain] * len(products), ()
    scores = _scores(phrases, query, scorers)
    if scores is None:
        return [plain] * len(products), ("plain_titles",)
    reason = PERSONAL if is_known(query.shopper.history) else PRIOR
    choices, start = [], 0
    for each in options:
        picked = pick(each, scores[start : start + len(each)], cap)
        choices.append(Choice(picked, reason) if picked else plain)
        start += len(each)
    return choices, ()


def pick(
    options: Sequence[Option], scores: Sequence[float], cap: int
) -> tuple[tuple[Option, float], ...]:
    """Up to `cap` of `options`, best first: at or above the mean, none within another."""
    if not options:
        return ()
    mean = min(sum(scores) / len(scores), max(scores))  # rounding may lift a mean of equals
    picked: list[tuple[Option, float]] = []
    for place in sorted(range(len(options)), key=scores.__getitem__, reverse=True):
        one, score = options[place], scores[place]
        if len(picked) == cap or score < mean:
            break
        if not picked or not _overlaps(one.words, picked):
            picked.append((one, score))
    return tuple(picked)


def _overlaps(words: frozenset[int], picked: Sequence[tuple[Option, float]]) -> bool:
    return any(words <= other.words or other.words <= words for other, _ in picked)


def is_known(history: History) -> bool:
    """Whether anything at all is known of the shopper."""
    return bool(history.feature_words or history.titles or history.queries)


def _scores(phrases: IntArray, query: AdQuery, scorers: Scorers) -> list[float] | None:
    if scorers.phrases is None:
        return None
    try:
        scores = scorers.phrases.score(query.query, query.shopper.history, phrases)
    except ScorerError:
        return None
    return scores.tolist() if np.isfinite(scores).all() else None


def _options(product: int, query_words: frozenset[int], snapshot: Snapshot) -> list[Option]:
    every = snapshot.memory.options.get(product)
    if every is None:
        every = snapshot.memory.options.put(product, _every_option(product, snapshot))
    return [one for one in every if not one.words <= query_words]


def _every_option(product: int, snapshot: Snapshot) -> tuple[Option, ...]:
    points, words = snapshot.points, snapshot.phrases.words
    found = (
        Option(point, phrase, frozenset(words[phrase].tolist()))
        for point in range(points.starts[product], points.starts[product + 1])
        for phrase in (int(points.phrase[point]),)
    )
    return tuple(one for one in found if one.words)
