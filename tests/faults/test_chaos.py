"""`make chaos` in small: everything is killed in turn, and every key is accounted for."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest

from tests.faults.chaos import KINDS, Blow, missing_after, run, schedule, verdict
from tests.faults.chaos_accounts import Accounts

EVENTS = [
    pytest.param(50_000, marks=pytest.mark.slow),
    pytest.param(10_000_000, marks=pytest.mark.soak),
]
RIGHT = Accounts(100, np.array([], np.intp), 0, 0, 0, 0, 0, 0.0, 0)


def test_every_kind_of_fault_comes_and_the_seed_says_when() -> None:
    kinds = schedule(0, 12)
    assert sorted(kinds[:6]) == sorted(kinds[6:]) == sorted(KINDS)
    assert kinds == schedule(0, 12) != schedule(1, 12)


def test_what_is_missing_is_told_by_the_fault_that_came_after_it() -> None:
    blows = [Blow("power", 10, 1.0, 0.5), Blow("flush", 20, 0.0, 0.5)]
    assert missing_after(np.array([3, 9, 15]), blows) == [2, 1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"missing": np.array([7])},
        {"repeated": 1},
        {"invented": 1},
        {"uncharged": 1},
        {"double_charges": 1},
        {"overcharge_micros": 1},
        {"unpaid_share": 0.0051},
        {"balance_micros": 1},
    ],
)
def test_nothing_wrong_is_passed_over(wrong: dict[str, object]) -> None:
    fine = Blow("power", 10, 1.0, 5.0)
    fields = {name: getattr(RIGHT, name) for name in RIGHT.__dataclass_fields__}
    assert verdict(RIGHT, [fine])[1]
    assert not verdict(Accounts(**fields | wrong), [fine])[1]
    assert not verdict(RIGHT, [fine, Blow("power", 10, 1.0, 5.1)])[1]


@pytest.mark.parametrize("events", EVENTS)
def test_chaos_loses_nothing_and_pays_nothing_twice(events: int) -> None:
    with tempfile.TemporaryDirectory(prefix="salient-") as folder:  # a short path, for sockets
        accounts, blows = run(Path(folder), events, seed=1)
    told, _ = verdict(accounts, blows)
    assert {name: told[name] for name in ("missing", "double", "overcharge_micros")} == {
        "missing": 0,
        "double": 0,
        "overcharge_micros": 0,
    }
    assert accounts.events == events
    assert accounts.unpaid_share <= 0.005


@pytest.mark.slow
def test_mutant_that_acknowledges_first_loses_keys_in_chaos() -> None:
    with tempfile.TemporaryDirectory(prefix="salient-") as folder:
        accounts, _ = run(Path(folder), 12_000, seed=1, defect="acknowledge_first")
    assert len(accounts.missing) > 0


@pytest.mark.slow
def test_mutant_that_forgets_keys_counts_twice_in_chaos() -> None:
    with tempfile.TemporaryDirectory(prefix="salient-") as folder:
        accounts, _ = run(Path(folder), 12_000, seed=1, defect="forget_keys")
    assert accounts.double > 0
