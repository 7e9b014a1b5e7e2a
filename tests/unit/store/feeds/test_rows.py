from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from service.errors import BadInputError
from service.store.feeds.report import LineError
from service.store.feeds.rows import Row, read_rows

if TYPE_CHECKING:
    from pathlib import Path


def _read(path: Path, content: str | bytes) -> list[Row | LineError]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read_rows(path))


def test_a_table_is_read_by_its_header(tmp_path: Path) -> None:
    rows = _read(tmp_path / "a.csv", "\ufeffid,g:Product Highlight\r\n1,x\r\n\r\n2,\r\n")
    assert rows == [
        Row(2, {"id": "1", "product_highlight": "x"}),
        Row(4, {"id": "2", "product_highlight": ""}),
    ]


def test_a_repeated_column_is_a_list(tmp_path: Path) -> None:
    (row,) = _read(tmp_path / "a.tsv", "id\tx\tx\tx\n1\ta\t\tb\n")
    assert row == Row(2, {"id": "1", "x": ["a", "b"]})


def test_quoted_values_hold_delimiters_quotes_and_line_breaks(tmp_path: Path) -> None:
    rows = _read(tmp_path / "a.csv", 'id,t\n1,"a, ""b""\nc"\n2,d\n')
    assert rows == [Row(2, {"id": "1", "t": 'a, "b"\nc'}), Row(4, {"id": "2", "t": "d"})]


def test_stray_inch_marks_do_no_harm(tmp_path: Path) -> None:
    rows = _read(tmp_path / "a.tsv", 'id\tt\n1\t24" monitor\n2\t"Cozy" rug\n3\tx\n')
    assert [row.values["t"] for row in rows if isinstance(row, Row)] == [
        '24" monitor',
        "Cozy rug",
        "x",
    ]


def test_a_quote_that_never_closes_costs_one_line(tmp_path: Path) -> None:
    rows = _read(tmp_path / "a.csv", 'id,t\n1,"open\n2,good\n3,fine\n')
    assert rows[0] == LineError(
        2, "(line)", repr('1,"open\n'), 'close the quotation mark, or write ""'
    )
    assert [row.line for row in rows] == [2, 3, 4]
    assert all(isinstance(row, Row) for row in rows[1:])


@pytest.mark.parametrize(("line", "columns"), [("1", 1), ("1,a,b", 3)])
def test_a_line_of_another_width_is_reported(tmp_path: Path, line: str, columns: int) -> None:
    rows = _read(tmp_path / "a.csv", f"id,t\n{line}\n2,good\n3,c,\n")
    assert isinstance(rows[0], LineError)
    assert (rows[0].line, rows[0].field) == (2, "(columns)")
    assert rows[0].received == f"'{columns} columns'"
    assert [row.line for row in rows[1:]] == [3, 4]  # an empty cell too many is let pass


def test_other_encodings_are_reported_by_line(tmp_path: Path) -> None:
    rows = _read(tmp_path / "a.csv", b"id,t\n1,caf\xe9\n2,caf\xc3\xa9\n")
    assert isinstance(rows[0], LineError)
    assert "UTF-8" in rows[0].advice
    assert rows[1] == Row(3, {"id": "2", "t": "café"})


def test_json_lines_are_read_and_bad_ones_reported(tmp_path: Path) -> None:
    content = b'{"id": 1}\n\n{"id": \n[1]\n{"id": 2}\n{"t": "\xe9"}\n'
    rows = _read(tmp_path / "a.ndjson", content)
    assert [row.line for row in rows] == [1, 3, 4, 5, 6]
    assert [type(row) for row in rows] == [Row, LineError, LineError, Row, LineError]


def test_parquet_rows_are_numbered(tmp_path: Path) -> None:
    pl.DataFrame({"product_uid": [1, 2], "sp_candidates": [["a"], []]}).write_parquet(
        tmp_path / "a.parquet"
    )
    seen: list[int] = []
    rows = list(read_rows(tmp_path / "a.parquet", seen.append))
    assert rows == [
        Row(1, {"product_uid": 1, "sp_candidates": ["a"]}),
        Row(2, {"product_uid": 2, "sp_candidates": []}),
    ]
    assert sum(seen) == (tmp_path / "a.parquet").stat().st_size


def test_progress_adds_up_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id\n1\n2\n")
    seen: list[int] = []
    list(read_rows(tmp_path / "a.csv", seen.append))
    assert sum(seen) == 7


@pytest.mark.parametrize("name", ["a.xml", "a", "broken.parquet"])
def test_what_cannot_be_read_is_said(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInputError, match=name):
        _read(tmp_path / name, "x")
