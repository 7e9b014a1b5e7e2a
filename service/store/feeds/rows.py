"""Lines of CSV, TSV, NDJSON and parquet files as rows of named values."""

from __future__ import annotations

import csv
import json
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import orjson

from service.errors import BadInputError
from service.store.feeds.lines import LONGEST_LINE, read_lines
from service.store.feeds.report import FieldError, LineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import BinaryIO

    from service.store.feeds.lines import Line


class FileFormat(StrEnum):
    """How the lines of a file are to be read."""

    CSV = "csv"
    TSV = "tsv"
    NDJSON = "ndjson"


_FORMATS: Final = {
    ".csv": FileFormat.CSV,
    ".tsv": FileFormat.TSV,
    ".txt": FileFormat.TSV,
    ".tab": FileFormat.TSV,
    ".jsonl": FileFormat.NDJSON,
    ".ndjson": FileFormat.NDJSON,
}
_DELIMITERS: Final = {FileFormat.CSV: ",", FileFormat.TSV: "\t"}
_PARQUET: Final = {".parquet", ".pq"}
SUFFIXES: Final = (*_FORMATS, *sorted(_PARQUET))
_LONGEST_RECORD_LINES: Final = 100
_DEEPEST: Final = 8
_PARQUET_BATCH: Final = 10_000

Values = dict[str, object]


@dataclass(frozen=True, slots=True)
class Row:
    """One line: its number and its values by column. A repeated column holds a list."""

    line: int
    values: Mapping[str, object]


def read_rows(
    path: Path, progress: Callable[[int], None] = lambda _: None
) -> Iterator[Row | LineError]:
    """The rows of a file, its suffix deciding the format; `progress` hears of bytes read.

    Raises: BadInputError for another suffix, or a file that is none of its format.
    """
    suffix = path.suffix.lower()
    if suffix in _PARQUET:
        yield from _parquet_rows(path, progress)
        return
    if suffix not in _FORMATS:
        raise BadInputError(f"a file is one of {', '.join(SUFFIXES)}, not {path.name!r}")
    with path.open("rb") as file:
        yield from rows_of(file, _FORMATS[suffix], progress)


def rows_of(
    file: BinaryIO, form: FileFormat, progress: Callable[[int], None] = lambda _: None
) -> Iterator[Row | LineError]:
    """The rows of an open file; `progress` hears of bytes read.

    Raises: BadInputError if its line of column names cannot be read.
    """
    lines = read_lines(file, progress)
    if form == FileFormat.NDJSON:
        yield from json_rows(lines)
    else:
        yield from delimited_rows(lines, _DELIMITERS[form])


def json_rows(lines: Iterable[Line]) -> Iterator[Row | LineError]:
    """One JSON object a line; empty lines are passed over."""
    for number, line in enumerate(lines, 1):
        if isinstance(line, FieldError):
            yield line.on(number)
        elif line.strip():
            try:
                yield Row(number, _object(line))
            except FieldError as error:
                yield error.on(number)


def _object(line: str) -> Values:
    try:
        values = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise FieldError("(line)", line, f"write valid JSON: {error}") from None
    if not isinstance(values, dict):
        raise FieldError("(line)", line, "write one JSON object a line")
    if line.count('":') != _count_keys(values):  # one came twice, or has a space behind it
        json.loads(line, object_pairs_hook=_refuse_repeated_keys)
    return values


def _count_keys(value: object, level: int = 0) -> int:
    if not isinstance(value, dict | list):
        return 0
    if level > _DEEPEST:
        raise FieldError("(line)", f"{level} levels", f"nest at most {_DEEPEST} levels deep")
    inner = value.values() if isinstance(value, dict) else value
    keys = len(value) if isinstance(value, dict) else 0
    return keys + sum(_count_keys(one, level + 1) for one in inner)


def _refuse_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise FieldError(repeated, f"{names.count(repeated)} values", "give it once, or a list")
    return found


def delimited_rows(lines: Iterable[Line], delimiter: str) -> Iterator[Row | LineError]:
    """Records under a header line, as RFC 4180 has them; quoted values may hold line breaks."""
    records = _records(lines, delimiter)
    header: list[str] | None = None
    for number, record in records:
        if isinstance(record, FieldError):
            if header is None:
                raise BadInputError(f"the line of column names cannot be read: {record}")
            yield record.on(number)
        elif header is None:
            header = [_column(name) for name in record]
        elif record:
            yield _named(number, header, record)


def _column(name: str) -> str:
    # "product highlight" and "g:product_highlight" are Google's other spellings
    return name.strip().lower().removeprefix("g:").replace(" ", "_")


def _named(number: int, header: list[str], record: list[str]) -> Row | LineError:
    extra = record[len(header) :]
    if len(record) < len(header) or any(cell.strip() for cell in extra):
        advice = f"the header has {len(header)} columns; quote values that hold the delimiter"
        return FieldError("(columns)", f"{len(record)} columns", advice).on(number)
    values: Values = {}
    for name, cell in zip(header, record[: len(header)], strict=True):
        if name not in values:
            values[name] = cell
        elif cell:
            earlier = values[name]
            values[name] = [*earlier, cell] if isinstance(earlier, list) else [earlier, cell]
    return Row(number, values)


def _records(
    lines: Iterable[Line], delimiter: str
) -> Iterator[tuple[int, list[str] | FieldError]]:
    """Records with the number of their first line.

    A quote that never closes costs its own line alone: the reading goes on with the next.
    """
    source = iter(lines)
    waiting: deque[Line] = deque()
    number = 1
    while (line := waiting.popleft() if waiting else next(source, None)) is not None:
        if isinstance(line, FieldError):
            yield number, line
            number += 1
            continue
        taken, beyond = [line], None
        record = _parsed(taken, delimiter)
        while record is None and _has_room(taken):
            beyond = waiting.popleft() if waiting else next(source, None)
            if not isinstance(beyond, str):
                break
            taken.append(beyond)
            beyond, record = None, _parsed(taken, delimiter)
        if beyond is not None:
            waiting.appendleft(beyond)
        if record is None:
            waiting.extendleft(reversed(taken[1:]))
            record = FieldError("(line)", line, 'close the quotation mark, or write ""')
            taken = taken[:1]
        yield number, record
        number += len(taken)


def _has_room(lines: list[str]) -> bool:
    return len(lines) < _LONGEST_RECORD_LINES and sum(map(len, lines)) < LONGEST_LINE


def _parsed(lines: list[str], delimiter: str) -> list[str] | FieldError | None:
    """The record that `lines` make up; None if a quoted value is still open."""
    text = "".join(lines)
    if '"' not in text:
        bare = text.rstrip("\r\n")
        return bare.split(delimiter) if bare else []
    try:
        # doubled quotes are content; strict tells an open value from a stray mark
        return next(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            return None
    try:
        return next(csv.reader(lines, delimiter=delimiter))
    except csv.Error as error:
        return FieldError("(line)", text, f"write it as RFC 4180 has it: {error}")


def _parquet_rows(path: Path, progress: Callable[[int], None]) -> Iterator[Row]:
    import polars as pl  # a quarter of a second to import, and few files need it

    try:
        frame = pl.read_parquet(path)
    # a torn file can also panic, which polars derives from BaseException
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise BadInputError(f"{path} is not parquet: {error}") from error
    size = path.stat().st_size
    number = 0
    for part in frame.iter_slices(_PARQUET_BATCH):
        for values in part.iter_rows(named=True):
            number += 1
            yield Row(number, values)
        progress(size * part.height // frame.height)
