"""Tables for spreadsheets: no cell is run."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.api.management.csv_cells import csv_line

STARTS = "=+-@\t\r\n"
FORMULAS = (
    "=cmd|'/C calc'!A0", '=HYPERLINK("https://evil.example")', "+1+1", "-2+3", "@SUM(A1)", "\t=1",
    "\r=1", "\n=1", "==1", '="a"&"b"', "=1;=2", '",=1', "a\n=1", "-", "=",
)  # fmt: skip
cells = st.lists(st.text() | st.sampled_from(FORMULAS), min_size=1, max_size=6)


def read(line: str) -> list[str]:
    [row] = csv.reader(io.StringIO(line, newline=""))
    return row


@given(cells)
def test_a_line_reads_back_with_nothing_to_run(given_cells: list[str]) -> None:
    line = csv_line([cell.replace("\0", "") for cell in given_cells])
    assert line.endswith("\r\n")
    row = read(line)
    assert len(row) == len(given_cells)
    for cell, told in zip(given_cells, row, strict=True):
        assert not told.startswith(tuple(STARTS))
        assert told.removeprefix("'") == cell.replace("\0", "").removeprefix("'") or (
            told == cell.replace("\0", "")
        )


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_is_text(formula: str) -> None:
    [told] = read(csv_line([formula]))
    assert told == (f"'{formula}" if formula[0] in STARTS else formula)


def test_plain_cells_stay_as_they_are() -> None:
    assert (
        csv_line(["12", "price", "9.90 EUR", 'a "b", c']) == '12,price,9.90 EUR,"a ""b"", c"\r\n'
    )
