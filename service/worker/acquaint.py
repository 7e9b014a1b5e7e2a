"""A new snapshot learns what the one before knew, so that no shopper waits for it."""

from __future__ import annotations

from contextlib import suppress
from time import perf_counter, sleep
from typing import TYPE_CHECKING, Any, Final

from service.contract.history import EMPTY_HISTORY
from service.decision.decide import Case, decide_together
from service.decision.terms import AdQuery, Shopper
from service.inference.ranker import OnnxRanker
from service.inference.selling_points import OnnxPhraseScorer

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from service.decision.live import Live
    from service.decision.scorers import Scorers
    from service.decision.snapshot import Snapshot

ACQUAINT_SECONDS = 1.0
TOGETHER: Final = 8  # a third cheaper than one by one; more of them gain nothing

NOT_REMEMBERED: Final = {"products.price", "models.ranker.item", "models.ranker.item.key"}
"""The arrays that nothing in a snapshot's memory is made from: those that a new price changes."""


def acquaint(live: Live, before: Live, changed: AbstractSet[str] | None, *, now: float) -> int:
    """Let `live` know what `before` does where it is still true, and work the rest out.

    `changed` names the arrays that differ between their snapshots; None if that is unknown. What
    is worked out are answers to the questions that `before` was asked, for `ACQUAINT_SECONDS` at
    most; returns how many were.
    """
    _carry_over(live.scorers, before.scorers)
    new, old = live.snapshot, before.snapshot
    if changed is not None and changed <= NOT_REMEMBERED and _frame(new) == _frame(old):
        new.memory.begin_with(old.memory)
    cases = _asked(live, before, now)
    until = perf_counter() + ACQUAINT_SECONDS
    for start in range(0, len(cases), TOGETHER):
        if perf_counter() > until:
            return start
        with suppress(Exception):  # it fails again when it is asked for, and is told there
            decide_together(
                cases[start : start + TOGETHER],
                new,
                live.scorers,
                spent_out=before.spent_out,
                paces=before.paces,
            )
        sleep(0)  # lets in who waits to serve
    return len(cases)


def _carry_over(scorers: Scorers, before: Scorers) -> None:
    if isinstance(scorers.ranker, OnnxRanker) and isinstance(before.ranker, OnnxRanker):
        scorers.ranker.begin_with(before.ranker)
    if isinstance(scorers.phrases, OnnxPhraseScorer) and isinstance(
        before.phrases, OnnxPhraseScorer
    ):
        scorers.phrases.begin_with(before.phrases)


def _frame(snapshot: Snapshot) -> tuple[Any, ...]:
    """All of a snapshot that is no array and that its memory depends on."""
    return snapshot.store, snapshot.placements, snapshot.platforms, snapshot.muted


def _asked(live: Live, before: Live, now: float) -> list[Case]:
    """What `before` was asked, the first first: what is asked often was asked soon."""
    placements = {one.platform: one for one in live.snapshot.placements.values()}
    return [
        Case(AdQuery(text, category, at, at.slots, Shopper(None, EMPTY_HISTORY)), now, seed=0)
        for platform, text, category in before.snapshot.memory.found.known()
        if (at := placements.get(platform)) is not None
    ]
