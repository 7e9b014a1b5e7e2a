"""Deciding with what there is: all that was asked and known, and the ladder down from there."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

import structlog

from service.decision.decide import decide
from service.decision.scorers import Scorers
from service.decision.terms import Decision

if TYPE_CHECKING:
    from service.api.consent import Known
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
    missing: tuple[str, ...]  # parts that could not be gathered


@dataclass(frozen=True, slots=True)
class Ruling:
    """What was asked, and what was decided with which models."""

    asked: Asked
    decision: Decision
    models: tuple[str, ...]

    @property
    def degraded(self) -> tuple[str, ...]:
        """The parts that were done without."""
        return self.asked.missing + self.decision.degraded


@dataclass(slots=True)
class ModelClock:
    """Whether there is time for the models, learnt from how long decisions took lately.

        typical <- typical + (seconds - typical) / 8

    A decision without models lowers `typical` by a tenth, so that they are tried again. Three
    slow ones in a row close them off for a second, then for two, and so on up to half a minute.
    Times are on `perf_counter`.
    """

    typical_seconds: float = 0.0
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

    def took(self, started: float, ended: float) -> None:
        """Learn from a decision with models."""
        seconds = ended - started
        self.typical_seconds += (seconds - self.typical_seconds) / 8
        if seconds <= SLOW_SECONDS:
            self._slow_in_a_row, self._pause_seconds = 0, FIRST_PAUSE_SECONDS
            return
        self._slow_in_a_row += 1
        if self._slow_in_a_row >= SLOW_DECISIONS:
            self._closed_until = ended + self._pause_seconds
            self._pause_seconds = min(self._pause_seconds * 2, LONGEST_PAUSE_SECONDS)


def deliberate(asked: Asked, clock: ModelClock, deadline: float) -> Ruling:
    """Decide before `deadline` (on `perf_counter`), with less where something fails or is late.

    With models -> linear rank and plain titles -> no ads.
    """
    started = perf_counter()
    if started >= deadline:
        return Ruling(asked, _nothing("timeout"), ())
    if clock.allows(started, deadline):
        decision = _decide(asked, asked.live.scorers)
        clock.took(started, perf_counter())
        if decision is not None:
            return Ruling(asked, decision, asked.live.models)
    return Ruling(asked, _decide(asked, Scorers()) or _nothing("error"), ())


def _decide(asked: Asked, scorers: Scorers) -> Decision | None:
    """The decision, or None if it failed: no ads beats no page."""
    live = asked.live
    try:
        return decide(
            asked.query,
            live.snapshot,
            scorers,
            now=asked.ts,
            seed=asked.seed,
            spent_out=live.spent_out,
        )
    except Exception as error:  # whatever it is, the shopper is not to see it
        _log.error("decision failed", request_id=asked.request_id, exc_info=error)
        return None


def _nothing(reason: str) -> Decision:
    return Decision((), reason, ("no_decision",), candidates=0, filtered={})
