"""The first decisions of a process, made before anybody waits for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from service.contract.history import History
from service.decision.decide import decide
from service.decision.terms import AdQuery, Shopper

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.decision.live import Live
    from service.decision.terms import Decision

QUERIES = 8
_log = structlog.get_logger(__name__)

_SEEN = History(
    feature_words=(("a word", 60.0),), titles=(("a title", 60.0),), queries=(("a query", 60.0),)
)


def warm(stores: Iterable[Live], now: float) -> int:
    """Ask each store for a few of its own titles, with models; returns how many were answered.

    A model's first runs take tens of milliseconds. What fails here fails again when it is asked
    for, and is told there.
    """
    answered = 0
    for live in stores:
        titles = live.snapshot.products.titles
        placements = tuple(live.snapshot.placements.values())[:1]
        step = max(len(titles) // QUERIES, 1)
        for title in titles.take(range(0, len(titles), step)):
            for placement in placements:
                query = AdQuery(title, "", placement, placement.slots, Shopper(None, _SEEN))
                answered += _try(query, live, now) is not None
    return answered


def _try(query: AdQuery, live: Live, now: float) -> Decision | None:
    try:
        return decide(
            query, live.snapshot, live.scorers, now=now, seed=0, spent_out=live.spent_out
        )
    except Exception as error:
        _log.warning("warming failed", query=query.query, exc_info=error)
        return None
