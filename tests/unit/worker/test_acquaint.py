"""A new snapshot is asked what the one before was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service.decision.decide import decide
from service.decision.live import Live
from service.decision.scorers import Scorers
from service.worker import loading
from service.worker.loading import acquaint
from tests.unit.decision.shop import KnownRanker, ask, campaign, product, snapshot

if TYPE_CHECKING:
    from service.decision.snapshot import Snapshot

SOCKS = [product("1", "Red Wool Socks"), product("2", "Blue Wool Socks")]
ASKED = ("red socks", "wool socks", "blue socks")


def shop() -> Snapshot:
    return snapshot(SOCKS, [campaign("one", "socks")])


@pytest.fixture
def before() -> Live:
    """It was asked three things."""
    live = Live(shop())
    for text in ASKED:
        decide(ask(text), live.snapshot, live.scorers, now=0.0, seed=0, spent_out=frozenset())
    return live


def queries(live: Live) -> list[str]:
    return [query for _, query, _ in live.snapshot.memory.found.known()]


def test_what_was_asked_is_known_the_first_first(before: Live) -> None:
    live = Live(shop())
    assert acquaint(live, before, now=0.0) == 3
    assert queries(live) == list(ASKED)


def test_it_takes_no_longer_than_it_may(before: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "ACQUAINT_SECONDS", -1.0)
    live = Live(shop())
    assert acquaint(live, before, now=0.0) == 0
    assert queries(live) == []


def test_a_question_that_fails_does_not_keep_the_snapshot_away(before: Live) -> None:
    new = shop()
    knows_nothing = KnownRanker(new, {})  # fails with a KeyError, as no scorer should
    assert acquaint(Live(new, Scorers(knows_nothing)), before, now=0.0) == 3


def test_platforms_that_are_gone_are_not_asked_for(before: Live) -> None:
    live = Live(snapshot(SOCKS, [campaign("one", "socks")], placements=()))
    assert acquaint(live, before, now=0.0) == 0
