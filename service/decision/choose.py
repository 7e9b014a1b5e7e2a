"""Which selling points each winner shows to this shopper."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from service.decision.scorers import Question
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
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """What one winner shows: options with their scores, best first, and on what grounds."""

    picked: tuple[tuple[Option, float], ...]
    reason: str


class Apt(NamedTuple):
    """The selling points of a product that say more than a query does."""

    options: tuple[Option, ...]
    phrases: IntArray  # rows


_PLAIN = Choice((), PLAIN)
_NO_ROWS = np.empty(0, np.int32)
_NOTHING_APT = Apt((), _NO_ROWS)


@dataclass(frozen=True, slots=True)
class Titling:
    """The winners of one request, whose titles are to be written."""

    query: AdQuery
    words: frozenset[int]  # of the query
    products: Sequence[int]  # rows


@dataclass(frozen=True, slots=True)
class Choices:
    """A choice for each winner of one request, and what degraded."""

    choices: Sequence[Choice]
    degraded: tuple[str, ...] = ()


def choose_points(
    titlings: Sequence[Titling], snapshot: Snapshot, scorers: Scorers
) -> list[Choices]:
    """Choose for the winners of each request; one call of the model for all.

    A phrase made only of the query's words is no option. Of a product's options those stand whose
    score is at least the mean of them all; the best of these are picked, up to the placement's
    cap, but none whose words are all in one picked already, or the other way round. Locked ones
    go before all of that, and are shown without a model, too. If the model fails on all requests
    together, each is tried alone.
    """
    apt = [_apt_for(one, snapshot) for one in titlings]
    options = [[each.options for each in one] for one in apt]
    phrases = [np.concatenate([_NO_ROWS, *(each.phrases for each in one)]) for one in apt]
    questions = [
        Question(one.query.query, one.query.shopper.history, rows)
        for one, rows in zip(titlings, phrases, strict=True)
    ]
    if not any(map(len, phrases)):
        return [Choices([_PLAIN] * len(one.products)) for one in titlings]
    scores = _scores(questions, scorers)
    if scores is None and len(titlings) > 1 and scorers.phrases is not None:
        return [choose_points([one], snapshot, scorers)[0] for one in titlings]
    ends = accumulate(map(len, phrases), initial=0)
    return [
        _picked(one, each, scores and scores[start:end])
        for one, each, (start, end) in zip(titlings, options, pairwise(ends), strict=True)
    ]


def _picked(
    titling: Titling, options: Sequence[Sequence[Option]], scores: Sequence[float] | None
) -> Choices:
    """Pick for each winner of one request by the scores of all its options."""
    cap = titling.query.policy.cap(titling.query.placement.selling_point_cap)
    if scores is None:
        degraded = ("plain_titles",) if any(options) else ()
        return Choices([_locked_alone(each, cap) for each in options], degraded)
    reason = PERSONAL if is_known(titling.query.shopper.history) else PRIOR
    choices, start = [], 0
    for each in options:
        picked = pick(each, scores[start : start + len(each)], cap)
        choices.append(Choice(picked, reason) if picked else _PLAIN)
        start += len(each)
    return Choices(choices)


def _locked_alone(options: Sequence[Option], cap: int) -> Choice:
    """What needs no model: the locked ones, in their order."""
    locked = [one for one in options if one.locked]
    picked = pick(locked, [0.0] * len(locked), cap)
    return Choice(picked, PRIOR) if picked else _PLAIN


def pick(
    options: Sequence[Option], scores: Sequence[float], cap: int
) -> tuple[tuple[Option, float], ...]:
    """Up to `cap` of `options`, best first: at or above the mean, none within another.

    Locked ones, which stand first among the options, go before the others, however they score.
    """
    if not options:
        return ()
    mean = min(sum(scores) / len(scores), max(scores))  # rounding may lift a mean of equals
    picked: list[tuple[Option, float]] = []
    places = sorted(range(len(options)), key=scores.__getitem__, reverse=True)
    if options[0].locked:
        places.sort(key=lambda place: not options[place].locked)
    for place in places:
        one, score = options[place], scores[place]
        if len(picked) == cap or (score < mean and not one.locked):
            break
        if not picked or not _overlaps(one.words, picked):
            picked.append((one, score))
    return tuple(picked)


def _overlaps(words: frozenset[int], picked: Sequence[tuple[Option, float]]) -> bool:
    return any(words <= other.words or other.words <= words for other, _ in picked)


def is_known(history: History) -> bool:
    """Whether anything at all is known of the shopper."""
    return bool(history.feature_words or history.titles or history.queries)


def _scores(questions: Sequence[Question], scorers: Scorers) -> list[float] | None:
    if scorers.phrases is None:
        return None
    try:
        scores = scorers.phrases.score(questions)
    except ScorerError:
        return None
    return scores.tolist() if np.isfinite(scores).all() else None


def _apt_for(titling: Titling, snapshot: Snapshot) -> list[Apt]:
    if not titling.query.policy.cap(titling.query.placement.selling_point_cap):
        return [_NOTHING_APT] * len(titling.products)
    return [_apt(product, titling.words, snapshot) for product in titling.products]


def _apt(product: int, query_words: frozenset[int], snapshot: Snapshot) -> Apt:
    memory = snapshot.memory
    apt = memory.apt.get((product, query_words))
    if apt is None:
        every = memory.options.get(product)
        if every is None:
            every = memory.options.put(product, _every_option(product, snapshot))
        options = tuple([o for o in every if o.locked or not o.words <= query_words])
        phrases = np.array([option.phrase for option in options], np.int32)
        apt = memory.apt.put((product, query_words), Apt(options, phrases))
    return apt


def _every_option(product: int, snapshot: Snapshot) -> tuple[Option, ...]:
    points, words = snapshot.points, snapshot.phrases.words
    found = (
        Option(point, phrase, frozenset(words[phrase].tolist()), bool(points.locked[point]))
        for point in range(points.starts[product], points.starts[product + 1])
        for phrase in (int(points.phrase[point]),)
    )
    return tuple(one for one in found if one.words and one.point not in snapshot.muted)
