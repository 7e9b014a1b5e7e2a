"""Which ads, at what price, under which titles: the whole decision on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from service.decision.scorers import Scorers
    from service.decision.snapshot import Snapshot
    from service.decision.terms import AdQuery, Decision


def decide(
    query: AdQuery,
    snapshot: Snapshot,
    scorers: Scorers,
    *,
    now: float,
    seed: int,
    spent_out: AbstractSet[str],
) -> Decision:
    """Answer `query` from `snapshot`: the same inputs give the same decision."""
    raise NotImplementedError(query, snapshot, scorers, now, seed, spent_out)
