"""Which selling points each winner shows to this shopper: personal, else prior, else plain."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from service.contract.history import EMPTY_HISTORY
from service.contract.uplift import logits, tired
from service.decision.choice import (
    COMMON,
    NOTHING,
    PERSONAL,
    PLAIN,
    PRIOR,
    Choice,
    Rung,
    ladder,
)
from service.decision.choice_exploration import cast_lots, explore
from service.decision.choice_options import NO_ROWS, NOTHING_APT, Option, apt_options
from service.decision.choice_pick import choose_among, choose_locked, choose_popular, pick
from service.decision.policy import STANDARD_POLICY, PointSource
from service.decision.scorers import Question
from service.errors import ScorerError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.contract.arrays import FloatArray
    from service.contract.history import History
    from service.contract.uplift import Uplift
    from service.decision.choice_options import Apt
    from service.decision.scorers import Scorers
    from service.decision.snapshot import Snapshot
    from service.decision.terms import AdQuery

__all__ = ["PERSONAL", "PLAIN", "PRIOR", "Choice", "Option", "pick"]


_COMMON_RUNG = Rung(COMMON)
_UNSCORED = frozenset({COMMON, PLAIN})


@dataclass(frozen=True, slots=True)
class Titling:
    """The winners of one request, made `now` (Unix seconds), whose titles are to be written.

    `seed` draws the lots of exploration; without one nothing is explored.
    """

    query: AdQuery
    words: frozenset[int]  # of the query
    products: Sequence[int]  # rows
    now: float = 0.0
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Choices:
    """A choice for each winner of one request, and what degraded."""

    choices: Sequence[Choice]
    degraded: tuple[str, ...] = ()


class _Case(NamedTuple):
    """One request with the options of its winners; `share` of their titles is explored."""

    titling: Titling
    rung: Rung
    cap: int
    apt: list[Apt]
    share: float
    is_unscored: bool

    @property
    def scored(self) -> Sequence[Apt]:
        """The options that the model is asked about."""
        return () if self.is_unscored else self.apt

    @property
    def seen(self) -> list[int]:
        """How often the shopper saw each option that is scored."""
        seen = self.titling.query.shopper.seen.get
        return [seen(text, 0) for apt in self.scored for text in apt.texts]


class _Told(NamedTuple):
    """What the model says of the options of all requests (N,), and what they add at least."""

    scores: list[float]
    adds: dict[str, list[list[float]]]


def choose_points(
    titlings: Sequence[Titling], snapshot: Snapshot, scorers: Scorers
) -> list[Choices]:
    """Choose for the winners of each request; one call of the model for all.

    A phrase made only of the query's words is no option. The best option is picked where the
    lower bound of its lift over the plain title is above 0, a next one beside it likewise, up to
    the cap, no two alike. Lifts are by the shopper's scores, if anything is known of the shopper
    and a personal lift was learnt; else by the scores for a stranger, if a lift was learnt for
    these; else titles stay plain. A model of which no lift was learnt chooses by the mean: those
    stand whose score is at least the mean of the product's options. Locked ones go before all of
    that, and are shown without a model, too. A policy of common points takes those that most
    products attest, up to the cap, and asks no model. A share of titles is drawn by lot instead.
    If the model fails on all requests together, each is tried alone.
    """
    uplift = None if scorers.phrases is None else scorers.phrases.uplift
    rungs = (ladder(uplift, known=False), ladder(uplift, known=True))
    cases = [_case(one, snapshot, rungs) for one in titlings]
    if not any(one.options for case in cases for one in case.apt):
        return [Choices([NOTHING] * len(one.products)) for one in titlings]
    questions = _questions(cases)
    scores = _scores(questions, scorers)
    if scores is None and len(titlings) > 1 and scorers.phrases is not None:
        return [choose_points([one], snapshot, scorers)[0] for one in titlings]
    if scores is None:
        return [_without_scores(case) for case in cases]
    told = _Told(scores.tolist(), _adds(scores, cases, uplift))
    starts = accumulate([len(one.rows) for one in questions], initial=0)
    return [_with_scores(case, told, start) for case, start in zip(cases, starts, strict=False)]


def is_known(history: History) -> bool:
    """Whether anything at all is known of the shopper."""
    return bool(history.feature_words or history.titles or history.queries)


def _case(titling: Titling, snapshot: Snapshot, rungs: tuple[Rung, Rung]) -> _Case:
    query = titling.query
    cap = query.policy.cap(query.placement.selling_point_cap)
    apt = [
        apt_options(product, titling.words, snapshot, titling.now) if cap else NOTHING_APT
        for product in titling.products
    ]
    rung = rungs[is_known(query.shopper.history)]
    if query.policy.source is PointSource.COMMON:
        rung = _COMMON_RUNG
    return _Case(titling, rung, cap, apt, _explored_share(titling), rung.reason in _UNSCORED)


def _explored_share(titling: Titling) -> float:
    """The share of titles drawn by lot: none where an experiment decides or nothing is kept."""
    query = titling.query
    known = titling.seed is not None and query.shopper.user_id is not None
    standard = query.policy is STANDARD_POLICY or query.policy == STANDARD_POLICY
    return query.explored_share if known and standard else 0.0


def _questions(cases: Sequence[_Case]) -> list[Question]:
    """What the model is asked for each request; their rows are parts of one array."""
    rows = np.concatenate([NO_ROWS, *(apt.phrases for case in cases for apt in case.scored)])
    questions, start = [], 0
    for case in cases:
        query, end = case.titling.query, start + sum([len(apt.phrases) for apt in case.scored])
        history = query.shopper.history if case.rung.reason == PERSONAL else EMPTY_HISTORY
        questions.append(Question(query.query, history, rows[start:end]))
        start = end
    return questions


def _scores(questions: Sequence[Question], scorers: Scorers) -> FloatArray | None:
    if scorers.phrases is None:
        return None
    if not any(len(one.rows) for one in questions):
        return np.empty(0, np.float32)
    try:
        scores = scorers.phrases.score(questions)
    except ScorerError:
        return None
    return scores if math.isfinite(scores.sum()) else None


def _adds(
    scores: FloatArray, cases: Sequence[_Case], uplift: Uplift | None
) -> dict[str, list[list[float]]]:
    """The least that every option adds (places, N), by the rung that asks; seen ones add less."""
    lifts = {case.rung.reason: case.rung.lift for case in cases if case.rung.lift}
    if uplift is None or not lifts:
        return {}
    z = logits(scores)
    bounds = {reason: lift.bounds(z) for reason, lift in lifts.items()}
    if any(case.titling.query.shopper.seen for case in cases):
        weary = uplift.weariness * tired([count for case in cases for count in case.seen])
        bounds = {reason: least - weary for reason, least in bounds.items()}
    return {reason: least.tolist() for reason, least in bounds.items()}


def _with_scores(case: _Case, told: _Told, start: int) -> Choices:
    """Choose for each winner of one request, whose scores begin at `start`."""
    adds = told.adds.get(case.rung.reason) if case.rung.lift else None
    lots = cast_lots(case.share, case.titling.seed or 0, len(case.apt)) if case.share else None
    choices = []
    for slot, apt in enumerate(case.apt):
        end = start if case.is_unscored else start + len(apt.options)
        own = told.scores[start:end]
        if case.is_unscored:
            choice = _unscored(case, apt.options)
        else:
            bounds = adds and [one[start:end] for one in adds]
            choice = choose_among(apt.options, own, bounds, case.rung, case.cap)
        if lots is not None:
            own = own or [0.0] * len(apt.options)
            choice = explore(choice, apt.among, own, case.cap, lots, slot)
        choices.append(choice)
        start = end
    return Choices(choices)


def _without_scores(case: _Case) -> Choices:
    """What needs no model, where none tells anything."""
    is_missed = case.rung.reason != COMMON and any(apt.options for apt in case.apt)
    degraded = ("plain_titles",) if is_missed else ()
    return Choices([_unscored(case, apt.options) for apt in case.apt], degraded)


def _unscored(case: _Case, options: Sequence[Option]) -> Choice:
    if case.rung.reason == COMMON:
        return choose_popular(options, case.cap)
    return choose_locked(options, case.cap)
