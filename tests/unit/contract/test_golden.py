from __future__ import annotations

import json
from typing import Any

import pytest

from service.contract.golden import GoldenError, GoldenRow, read_golden, write_golden
from service.contract.history import EMPTY_HISTORY, History

ROW = GoldenRow(
    query="蓝牙 \ud800",
    history=History((("steel", 3.5),), (("Sink", 1.0),), ()),
    expected={"p_click": 0.1234567890123},
    title="Sink",
    price_z=-0.5,
    phrase="steel",
    shown=("steel", "oak"),
    place=3,
)


def test_rows_are_read_as_they_were_written() -> None:
    rows = (ROW, GoldenRow("", EMPTY_HISTORY, {}))
    assert read_golden(write_golden(rows)) == rows


def changed(name: str, value: Any) -> bytes:
    content = json.loads(write_golden([ROW]))
    content[0][name] = value
    return json.dumps(content).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b"[1]",
        b"[{}]",
        b"[" * 100_000,
        changed("query", 5),
        changed("query", None),
        changed("history", []),
        changed("history", {"titles": []}),
        changed("history", {"feature_words": 5, "titles": [], "queries": []}),
        changed("history", {"feature_words": [["a"]], "titles": [], "queries": []}),
        changed("history", {"feature_words": [["a", "b"]], "titles": [], "queries": []}),
        changed("history", {"feature_words": [7], "titles": [], "queries": []}),
        changed("expected", {"p_click": "high"}),
        changed("expected", {"p_click": True}),
        changed("expected", 5),
        changed("price_z", None),
        changed("price_z", float("nan")),
        changed("price_z", 10**400),
        changed("shown", "steel"),
        changed("shown", [1]),
        changed("place", 0),
        changed("place", 1.0),
        changed("place", 1001),
        changed("other", 1),
    ],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(GoldenError, match="golden row"):
        read_golden(data)
