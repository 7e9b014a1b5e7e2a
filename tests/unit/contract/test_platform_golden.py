"""Golden rows of an allocator."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from service.contract.golden import GoldenError
from service.contract.platform_golden import GoldenDays, read_golden_days, write_golden_days

ROW = GoldenDays(
    "clicks",
    np.arange(16.0).reshape(2, 2, 4),
    np.array([[True, False], [True, True]]),
    {
        name: np.array([0.5, -2.0 * (name == "level")])
        for name in ("level", "sd", "dispersion", "bend")
    },
)


def content() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(write_golden_days([ROW]))
    return rows


def test_rows_are_read_as_they_were_written() -> None:
    (row,) = read_golden_days(write_golden_days([ROW]))
    assert row.goal == "clicks"
    assert (row.totals == ROW.totals).all()
    assert (row.known == ROW.known).all()
    assert row.differs(ROW.expected) is None
    assert write_golden_days([row]) == write_golden_days([ROW])


def test_a_network_need_not_know_an_answer_to_spend() -> None:
    (row,) = content()
    del row["expected"]["bend"]
    assert set(read_golden_days(json.dumps([row]).encode())[0].expected) == {
        "level",
        "sd",
        "dispersion",
    }


def test_what_differs_is_named() -> None:
    near = {name: values + 0.9e-5 for name, values in ROW.expected.items()}
    assert ROW.differs(near) is None
    assert ROW.differs({**ROW.expected, "level": np.array([0.5, -2.0 + 3e-5])}) == (
        "level is -1.99997, expected -2.0"
    )
    assert (
        ROW.differs({**ROW.expected, "sd": np.array([np.nan, 0.0])}) == "sd is nan, expected 0.5"
    )
    assert "shape (1,)" in str(ROW.differs({**ROW.expected, "sd": np.array([0.5])}))
    assert "outputs ['level']" in str(ROW.differs({"level": ROW.expected["level"]}))


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {},
        [1],
        [{"goal": "clicks"}],
        [content()[0] | {"goal": "impressions"}],
        [content()[0] | {"totals": [[1, 2]]}],
        [content()[0] | {"totals": "abc"}],
        [content()[0] | {"totals": [[[-1.0, 0, 0, 0]]], "known": [[True]]}],
        [content()[0] | {"known": [[True, False]]}],
        [content()[0] | {"known": [[1, 0], [1, 1]]}],
        [content()[0] | {"expected": {"level": [0.5, 0.5]}}],
        [content()[0] | {"expected": [1]}],
        [content()[0] | {"expected": content()[0]["expected"] | {"more": [1.0, 2.0]}}],
        [content()[0] | {"totals": [], "known": []}],
    ],
)
def test_anything_else_is_refused(wrong: Any) -> None:
    with pytest.raises(GoldenError, match="golden rows"):
        read_golden_days(json.dumps(wrong).encode())


def test_what_is_no_json_or_no_number_is_refused() -> None:
    for data in (b"{", b"[" * 100_000, json.dumps(content()).replace("0.5", "NaN").encode()):
        with pytest.raises(GoldenError, match="golden rows"):
            read_golden_days(data)


def test_histories_are_small() -> None:
    wide = replace(ROW, totals=np.zeros((65, 1, 4)), known=np.ones((65, 1), np.bool_))
    with pytest.raises(GoldenError, match="a small history"):
        read_golden_days(write_golden_days([wide]))
