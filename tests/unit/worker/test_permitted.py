"""What is left of a record whose shopper may not be named."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest

from service.store.consents import Limit
from service.worker.permitted import permitted_decision

RECORD: dict[str, Any] = {
    "store_id": "sto_1",
    "ts": 1000.0,
    "request": {"query": "lamp", "user_id": "ann", "session": "s-1", "profile": {"w": []}},
    "experiments": [{"experiment_id": "exp_1", "arm": "plain", "bucket": 4711}],
}


def limits(until: float) -> dict[tuple[str, str], Limit]:
    return {("sto_1", "ann"): Limit(until, b"salt")}


@pytest.mark.parametrize("until", [1000.0, inf])
def test_a_record_of_before_the_limit_names_nobody_and_no_bucket(until: float) -> None:
    assert permitted_decision(RECORD, limits(until)) == {
        "store_id": "sto_1",
        "ts": 1000.0,
        "request": {"query": "lamp", "user_id": None, "session": None, "profile": None},
        "experiments": [],
    }


@pytest.mark.parametrize("known", [{}, limits(999.0), {("sto_2", "ann"): Limit(inf, b"salt")}])
def test_any_other_record_stays_as_it_is(known: dict[tuple[str, str], Limit]) -> None:
    assert permitted_decision(RECORD, known) is RECORD
