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

    A decision without models lowers `typical` by a tenth, so that they are tried again.
    """

    typical_seconds: float = 0.0

    def allows(self, seconds_left: float) -> bool:
        """Whether models may be asked with `seconds_left`."""
        if self.typical_seconds <= seconds_left:
            return True
        self.typical_seconds *= 0.9
        return False

    def took(self, seconds: float) -> None:
        """Learn from a decision with models."""
        self.typical_seconds += (seconds - self.typical_seconds) / 8


def deliberate(asked: Asked, clock: ModelClock, deadline: float) -> Ruling:
    """Decide before `deadline` (on `perf_counter`), with less where something fails or is late.

    With models -> linear rank and plain titles -> no ads.
    """
    started = perf_counter()
    if started >= deadline:
        return Ruling(asked, _nothing("timeout"), ())
    if clock.allows(deadline - started):
        decision = _decide(asked, asked.live.scorers)
        clock.took(perf_counter() - started)
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
