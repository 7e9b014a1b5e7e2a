"""Titles written at random as the hot path does, and judged by rules written apart.

`make titles` writes a million of them, real ones too where SALIENT_DATA is set.
"""

from __future__ import annotations

import pytest

from service.decision import plain, shorten, title
from service.decision.naming import Named
from tests.benchmarks.titles import FAULTS, rewrite


def test_no_title_lies_is_too_long_or_loses_a_name() -> None:
    tally = rewrite(12_000, seed=7)
    assert tally.examples == {}
    counts = tally.counts
    assert (counts["rewrites"], sum(counts[fault] for fault in FAULTS)) == (12_000, 0)
    # the rules were asked: titles with points, cut ones, and some with no room for their names
    assert counts["with_points"] > 3_000
    assert counts["cut"] > 3_000
    assert counts["left_out"] > 500


@pytest.mark.parametrize(
    ("module", "name", "mutant", "fault"),
    [
        (shorten, "naming", lambda *_: Named([], []), "lost_name"),
        (title, "fits", lambda *_: True, "too_long"),
        (plain, "_without_markup", str, "markup"),
        (title, "run_both_ways", lambda *_: False, "turned"),
        (title, "find_phrase", lambda *_: (), "said_twice"),
    ],
)
def test_defects_are_caught(
    monkeypatch: pytest.MonkeyPatch, module: object, name: str, mutant: object, fault: str
) -> None:
    monkeypatch.setattr(module, name, mutant)
    title._phrase.cache_clear()
    title._say_the_same.cache_clear()
    assert rewrite(6_000, seed=7).counts[fault] > 0
