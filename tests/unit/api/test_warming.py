"""Warming asks every store for its own titles, and survives what fails."""

from __future__ import annotations

from dataclasses import replace

from service.api.warming import warm
from service.decision.live import Live
from tests.unit.api.shop import SHOE, snapshot_of


def test_each_store_is_asked_for_its_own_titles() -> None:
    assert warm([Live(snapshot_of(SHOE, "a")), Live(snapshot_of(SHOE, "b"))], now=0.0) == 6


def test_what_fails_is_left_for_whoever_asks() -> None:
    broken = replace(snapshot_of(SHOE, "a"), ads=None)  # type: ignore[arg-type] # nothing to read
    assert warm([Live(broken)], now=0.0) == 0
