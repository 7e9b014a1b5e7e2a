"""A new snapshot learns what the one before knew."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from service.decision.decide import decide
from service.decision.live import Live, with_bans
from service.decision.scorers import Scorers
from service.worker import acquaint as acquainting
from service.worker.acquaint import acquaint
from tests.unit.decision.shop import TOP, KnownRanker, ask, campaign, product, snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.decision.snapshot import Snapshot
    from service.decision.terms import Placement

ASKED = ("red socks", "wool socks", "blue socks")
PRICE = {"products.price", "models.ranker.item"}


def shop(placements: Sequence[Placement] = (TOP,)) -> Snapshot:
    socks = [product("1", "Red Wool Socks", "warm"), product("2", "Blue Wool Socks")]
    return snapshot(socks, [campaign("one", "socks")], placements=placements)


@pytest.fixture
def before() -> Live:
    """It was asked three things."""
    live = Live(shop())
    for text in ASKED:
        decide(ask(text), live.snapshot, live.scorers, now=0.0, seed=0, spent_out=frozenset())
    return live


def queries(live: Live) -> list[str]:
    return [query for _, query, _ in live.snapshot.memory.found.known()]


def found_anew(live: Live, before: Live) -> bool:
    """Whether what answers the first question was worked out anew."""
    key = before.snapshot.memory.found.known()[0]
    return live.snapshot.memory.found.get(key) is not before.snapshot.memory.found.get(key)


def test_what_was_asked_is_known_the_first_first(before: Live) -> None:
    live = Live(shop())
    assert acquaint(live, before, None, now=0.0) == 3
    assert queries(live) == list(ASKED)
    assert found_anew(live, before)


def test_what_a_price_does_not_change_is_not_worked_out_anew(before: Live) -> None:
    live = Live(shop())
    acquaint(live, before, PRICE, now=0.0)
    assert not found_anew(live, before)
    assert len(live.snapshot.memory.titles) == len(before.snapshot.memory.titles) > 0
    decide(ask("warm"), live.snapshot, Scorers(), now=0.0, seed=0, spent_out=frozenset())
    assert queries(before) == list(ASKED)  # from then on each remembers for itself


@pytest.mark.parametrize("array", ["products.in_stock", "products.titles.blob", "ads.bid"])
def test_what_another_change_touches_is_worked_out_anew(before: Live, array: str) -> None:
    live = Live(shop())
    acquaint(live, before, PRICE | {array}, now=0.0)
    assert found_anew(live, before)


def test_another_placement_or_ban_is_a_change_too(before: Live) -> None:
    longer = Live(shop([replace(TOP, slots=5)]))
    banned = with_bans(Live(shop()), frozenset({("1", "warm")}))
    assert banned.snapshot.muted
    for live in (longer, banned):
        acquaint(live, before, set(), now=0.0)
        assert found_anew(live, before)


def test_it_takes_no_longer_than_it_may(before: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acquainting, "ACQUAINT_SECONDS", -1.0)
    live = Live(shop())
    assert acquaint(live, before, None, now=0.0) == 0
    assert queries(live) == []


def test_a_question_that_fails_does_not_keep_the_snapshot_away(before: Live) -> None:
    new = shop()
    knows_nothing = KnownRanker(new, {})  # fails with a KeyError, as no scorer should
    assert acquaint(Live(new, Scorers(knows_nothing)), before, None, now=0.0) == 3


def test_platforms_that_are_gone_are_not_asked_for(before: Live) -> None:
    assert acquaint(Live(shop([])), before, None, now=0.0) == 0
