"""Deciding with what there is: all that was asked and known, and the ladder down from there."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

import structlog

from service.decision.decide import Case, decide_together
from service.decision.scorers import Scorers, rehearse
from service.decision.terms import Decision

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from service.api.consent import Known
    from service.decision.experiments import Assignment
    from service.decision.live import Live
    from service.decision.terms import AdQuery

SLOW_SECONDS = 0.100  # all the time that callers give by default
SLOW_DECISIONS = 3
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for ads, with all that is known when the decision is made."""

    request_id: str
    ts: float  # Unix seconds: the decision's clock
    seed: int
    live: Live
    query: AdQuery
    known: Known
    device: str | None
    profile: bytes | None  # as it was stored, if it was read
    missing: tuple[str, ...]  # parts that could not be gathered
    deadline: float  # on `perf_counter`
    assignments: tuple[Assignment, ...] = ()  # to arms of experiments


@dataclass(frozen=True, slots=True)
class Ruling:
    """What was asked, and what was decided with which models, how fast."""

    asked: Asked
    decision: Decision
    models: tuple[str, ...]
    stages: Mapping[str, float]  # seconds, with all that were decided together

    @property
    def degraded(self) -> tuple[str, ...]:
        """The parts that were done without."""
        return self.asked.missing + self.decision.degraded


class _Stopwatch:
    """Adds up what each stage takes, in seconds on `perf_counter`."""

    def __init__(self) -> None:
        self.stages: dict[str, float] = {}
        self._since = 0.0

    def start(self) -> None:
        self._since = perf_counter()

    def ended(self, stage: str) -> None:
        now = perf_counter()
        self.stages[stage] = self.stages.get(stage, 0.0) + now - self._since
        self._since = now


@dataclass(slots=True)
class ModelClock:
    """Whether there is time for the models, learnt from how long decisions took lately.

        typical <- typical + (seconds - typical) / 8

    where decisions made together took that long together. One without models lowers `typical` by
    a tenth, so that they are tried again. Three slow ones in a row close them off for a second,
    then for two, and so on up to half a minute. No shopper waits for such a trial: it is made
    aside. Times are on `perf_counter`.
    """

    typical_seconds: float = 0.0
    measured_seconds: float = 0.0  # the same, never lowered by decisions without models
    trial_is_due: bool = False
    _slow_in_a_row: int = 0
    _pause_seconds: float = FIRST_PAUSE_SECONDS
    _closed_until: float = 0.0

    def allows(self, now: float, deadline: float) -> bool:
        """Whether models may be asked, to be done by `deadline`."""
        if now < self._closed_until:
            return False
        if self.typical_seconds <= deadline - now:
            return True
        self.typical_seconds *= 0.9
        return False

    def doubts(self, now: float, deadline: float) -> bool:
        """Whether models that are allowed again were too slow when they were last asked."""
        return self._slow_in_a_row >= SLOW_DECISIONS or self.measured_seconds > deadline - now

    def took(self, started: float, ended: float) -> None:
        """Learn from decisions with models."""
        seconds = ended - started
        self.measured_seconds += (seconds - self.measured_seconds) / 8
        self.typical_seconds += (seconds - self.typical_seconds) / 8
        if seconds <= SLOW_SECONDS:
            self._slow_in_a_row, self._pause_seconds = 0, FIRST_PAUSE_SECONDS
            return
        self._slow_in_a_row += 1
        if self._slow_in_a_row >= SLOW_DECISIONS:
            self._closed_until = ended + self._pause_seconds
            self._pause_seconds = min(self._pause_seconds * 2, LONGEST_PAUSE_SECONDS)


def deliberate(docket: Sequence[Asked], clock: ModelClock) -> list[Ruling]:
    """Decide each request before its deadline, with less where something fails or is late.

    With models -> linear rank and plain titles -> no ads. Requests to one store are decided
    together, which costs less; where that fails, one by one.
    """
    rulings: dict[str, Ruling] = {}
    started = perf_counter()
    for together in _by_store(asked for asked in docket if started < asked.deadline):
        rulings |= _rule(together, clock)
    return [
        rulings.get(asked.request_id) or Ruling(asked, _nothing("timeout"), (), {})
        for asked in docket
    ]


def try_models(live: Live, clock: ModelClock) -> None:
    """Ask the models of `live` something, for the clock; in a thread, where nobody waits."""
    started = perf_counter()
    try:
        rehearse(live.scorers, len(live.snapshot.products.ids), len(live.snapshot.phrases.texts))
    except Exception as error:  # a broken one is met, and told of, where ads are decided
        _log.warning("models not tried", error=repr(error))
    clock.took(started, perf_counter())


def _by_store(docket: Iterable[Asked]) -> list[list[Asked]]:
    stores: dict[int, list[Asked]] = {}
    for asked in docket:
        stores.setdefault(id(asked.live), []).append(asked)
    return list(stores.values())


def _rule(docket: list[Asked], clock: ModelClock) -> dict[str, Ruling]:
    """Decide what one store was asked, by request id."""
    started = perf_counter()
    allowed = [asked for asked in docket if clock.allows(started, asked.deadline)]
    in_time = [asked for asked in allowed if not clock.doubts(started, asked.deadline)]
    clock.trial_is_due = len(in_time) < len(allowed)
    rulings: dict[str, Ruling] = {}
    watch = _Stopwatch()
    if in_time:
        live = in_time[0].live
        decisions = _decide(in_time, live.scorers, watch)
        decisions = decisions or _one_by_one(in_time, live.scorers, watch)
        clock.took(started, perf_counter())
        rulings = {
            asked.request_id: Ruling(asked, decision, live.models, watch.stages)
            for asked, decision in zip(in_time, decisions, strict=True)
            if decision is not None
        }
    for asked in docket:
        if asked.request_id not in rulings:
            decision = _one_by_one([asked], Scorers(), watch)[0] or _nothing("error")
            rulings[asked.request_id] = Ruling(asked, decision, (), watch.stages)
    return rulings


def _one_by_one(
    docket: Iterable[Asked], scorers: Scorers, watch: _Stopwatch
) -> Sequence[Decision | None]:
    """Each decision, None where it failed: no ads beats no page."""
    return [(_decide([asked], scorers, watch) or [None])[0] for asked in docket]


def _decide(
    docket: Sequence[Asked], scorers: Scorers, watch: _Stopwatch
) -> Sequence[Decision | None] | None:
    """The decisions on what one store was asked, None if one of them fails."""
    live = docket[0].live
    cases = [Case(asked.query, asked.ts, asked.seed) for asked in docket]
    watch.start()
    try:
        return decide_together(
            cases,
            live.snapshot,
            scorers,
            spent_out=live.spent_out,
            paces=live.paces,
            ended=watch.ended,
        )
    except Exception as error:  # whatever it is, the shopper is not to see it
        _log.error("decision failed", request_id=docket[0].request_id, exc_info=error)
        return None


def _nothing(reason: str) -> Decision:
    return Decision((), reason, ("no_decision",), candidates=0, filtered={})
