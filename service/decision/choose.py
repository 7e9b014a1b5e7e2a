"""Which selling points each winner shows to this shopper: personal, else prior, else plain."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise
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
    Scored,
    ladder,
)
from service.decision.choice_exploration import Slot, explore
from service.decision.choice_options import NO_ROWS, NOTHING_APT, Option, apt_options
from service.decision.choice_pick import choose_among, choose_locked, choose_popular, pick
from service.decision.policy import STANDARD_POLICY
from service.decision.scorers import Question
from service.errors import ScorerError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from service.contract.arrays import FloatArray, TimeArray
    from service.contract.history import History
    from service.contract.uplift import Uplift
    from service.decision.choice import Rung
    from service.decision.choice_options import Apt
    from service.decision.scorers import Scorers
    from service.decision.snapshot import Snapshot
    from service.decision.terms import AdQuery

__all__ = ["PERSONAL", "PLAIN", "PRIOR", "Choice", "Option", "pick"]


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

    @property
    def is_unscored(self) -> bool:
        return self.rung.reason in {COMMON, PLAIN}

    @property
    def question(self) -> Question:
        query = self.titling.query
        rows = [NO_ROWS] if self.is_unscored else [NO_ROWS, *(a.phrases for a in self.apt)]
        history = query.shopper.history if self.rung.reason == PERSONAL else EMPTY_HISTORY
        return Question(query.query, history, np.concatenate(rows))


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
    cases = [_case(one, snapshot, uplift) for one in titlings]
    if not any(one.options for case in cases for one in case.apt):
        return [Choices([NOTHING] * len(one.products)) for one in titlings]
    questions = [case.question for case in cases]
    scores = _scores(questions, scorers)
    if scores is None and len(titlings) > 1 and scorers.phrases is not None:
        return [choose_points([one], snapshot, scorers)[0] for one in titlings]
    if scores is None:
        return [_without_scores(case) for case in cases]
    bounds = _bounds(scores, cases)
    weariness = 0.0 if uplift is None else uplift.weariness
    ends = accumulate([len(one.rows) for one in questions], initial=0)
    return [
        _with_scores(case, slice(*part), scores, bounds, weariness)
        for case, part in zip(cases, pairwise(ends), strict=True)
    ]


def is_known(history: History) -> bool:
    """Whether anything at all is known of the shopper."""
    return bool(history.feature_words or history.titles or history.queries)


def _case(titling: Titling, snapshot: Snapshot, uplift: Uplift | None) -> _Case:
    query = titling.query
    cap = query.policy.cap(query.placement.selling_point_cap)
    apt = [
        apt_options(product, titling.words, snapshot, titling.now) if cap else NOTHING_APT
        for product in titling.products
    ]
    known = is_known(query.shopper.history)
    rung = ladder(uplift, known=known, source=query.policy.source)
    return _Case(titling, rung, cap, apt, _explored_share(titling))


def _explored_share(titling: Titling) -> float:
    """The share of titles drawn by lot: none where an experiment decides or nothing is kept."""
    query = titling.query
    if titling.seed is None or query.shopper.user_id is None or query.policy != STANDARD_POLICY:
        return 0.0
    return query.explored_share


def _scores(questions: Sequence[Question], scorers: Scorers) -> FloatArray | None:
    if scorers.phrases is None:
        return None
    if not any(len(one.rows) for one in questions):
        return np.empty(0, np.float32)
    try:
        scores = scorers.phrases.score(questions)
    except ScorerError:
        return None
    return scores if np.isfinite(scores).all() else None


def _bounds(scores: FloatArray, cases: Sequence[_Case]) -> dict[str, TimeArray]:
    """The bounds (places, N) of all options, by the rung that uses them."""
    lifts = {case.rung.reason: case.rung.lift for case in cases if case.rung.lift}
    if not lifts:
        return {}
    z = logits(scores)
    return {reason: lift.bounds(z) for reason, lift in lifts.items()}


def _with_scores(
    case: _Case,
    part: slice,
    scores: FloatArray,
    bounds: Mapping[str, TimeArray],
    weariness: float,
) -> Choices:
    """Choose for each winner of one request by its part of all scores."""
    own = scores[part].tolist()
    adds: list[list[float]] | None = None
    if case.rung.lift is not None:
        adds = (bounds[case.rung.reason][:, part] - _tired(case, weariness)).tolist()
    choices, start = [], 0
    for number, (options, *_) in enumerate(case.apt):
        end = start + len(options)
        scored = Scored(own[start:end], adds and [one[start:end] for one in adds])
        if case.is_unscored:
            choice, scored = _unscored(case, options), Scored([0.0] * len(options), None)
        else:
            choice = choose_among(options, scored, case.rung, case.cap)
        if case.share and case.titling.seed is not None:
            slot = Slot(case.share, case.titling.seed, number)
            choice = explore(choice, options, scored.scores, case.cap, slot)
        choices.append(choice)
        start = end
    return Choices(choices)


def _tired(case: _Case, weariness: float) -> TimeArray | float:
    """What is off the lift of each option, since the shopper has seen it so often."""
    seen = case.titling.query.shopper.seen
    if not seen:
        return 0.0
    often = [tired(seen.get(option.text, 0)) for apt in case.apt for option in apt.options]
    return weariness * np.array(often)


def _without_scores(case: _Case) -> Choices:
    """What needs no model, where none tells anything."""
    is_missed = case.rung.reason != COMMON and any(apt.options for apt in case.apt)
    degraded = ("plain_titles",) if is_missed else ()
    return Choices([_unscored(case, apt.options) for apt in case.apt], degraded)


def _unscored(case: _Case, options: Sequence[Option]) -> Choice:
    if case.rung.reason == COMMON:
        return choose_popular(options, case.cap)
    return choose_locked(options, case.cap)
