"""A few cases of each operation on a running service; `make fuzz` sends 100,000."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from tests.faults.fuzz import MOST_GROWTH_BYTES, broken, run
from tests.faults.fuzzed_service import fuzzed_service

if TYPE_CHECKING:
    from pathlib import Path

CASES = 500


def test_no_case_is_an_error_of_ours(database_url: str, redis_url: str, tmp_path: Path) -> None:
    with fuzzed_service(database_url, redis_url, tmp_path) as service:
        tally, growth = run(service, seed=1, cases=CASES, of_each=1)
    assert tally.failures == {}
    assert tally.cases > CASES
    assert sum(tally.statuses[status] for status in (200, 201, 202, 204)) > CASES // 20
    assert growth < MOST_GROWTH_BYTES


def test_a_body_is_broken_in_all_ways() -> None:
    chance = random.Random(1)  # noqa: S311 - the same bodies every run
    made = {broken(b'{"name": "x", "bid": 1}', chance) for _ in range(300)}
    assert len(made) > 100
    assert any(b"NaN" in one for one in made)
    assert any(one.startswith(b'{"a": 1, "a": 2') for one in made)
