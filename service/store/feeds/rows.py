"""Lines of CSV, TSV, NDJSON and parquet files as rows of named values."""

from __future__ import annotations

import csv
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import orjson

from service.errors import BadInputError
from service.store.feeds.report import FieldError, LineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

_DELIMITERS: Final = {".csv": ",", ".tsv": "\t", ".txt": "\t", ".tab": "\t"}
_JSON: Final = {".ndjson", ".jsonl"}
_PARQUET: Final = {".parquet", ".pq"}
SUFFIXES: Final = (*_DELIMITERS, *sorted(_JSON), *sorted(_PARQUET))
_LONGEST_RECORD_LINES: Final = 100
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
    if suffix not in _DELIMITERS and suffix not in _JSON:
        raise BadInputError(f"a file is one of {', '.join(SUFFIXES)}, not {path.name!r}")
    with path.open("rb") as file:
        lines = _decoded(file, progress)
        if suffix in _JSON:
            yield from json_rows(lines)
        else:
            yield from delimited_rows(lines, _DELIMITERS[suffix])


def _decoded(file: Iterable[bytes], progress: Callable[[int], None]) -> Iterator[str]:
    """Lines of UTF-8; other bytes become lone surrogates, which `_checked` refuses."""
    for number, raw in enumerate(file):
        progress(len(raw))
        start = raw.removeprefix(b"\xef\xbb\xbf") if number == 0 else raw
        yield start.decode("utf-8", "surrogateescape")


def json_rows(lines: Iterable[str]) -> Iterator[Row | LineError]:
    """One JSON object a line; empty lines are passed over."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            values = orjson.loads(_checked(line))
            if not isinstance(values, dict):
                raise FieldError("(line)", line, "write one JSON object a line")
            yield Row(number, values)
        except orjson.JSONDecodeError as error:
            yield FieldError("(line)", line, f"write valid JSON: {error}").on(number)
        except FieldError as error:
            yield error.on(number)


def delimited_rows(lines: Iterable[str], delimiter: str) -> Iterator[Row | LineError]:
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


def _records(lines: Iterable[str], delimiter: str) -> Iterator[tuple[int, list[str] | FieldError]]:
    """Records with the number of their first line.

    A quote that never closes costs its own line alone: the reading goes on with the next.
    """
    source = iter(lines)
    waiting: deque[str] = deque()
    number = 1
    while (line := waiting.popleft() if waiting else next(source, None)) is not None:
        taken = [line]
        record = _parsed(taken, delimiter)
        while record is None and len(taken) < _LONGEST_RECORD_LINES:
            more = waiting.popleft() if waiting else next(source, None)
            if more is None:
                break
            taken.append(more)
            record = _parsed(taken, delimiter)
        if record is None:
            waiting.extendleft(reversed(taken[1:]))
            yield number, FieldError("(line)", line, 'close the quotation mark, or write ""')
            number += 1
        else:
            yield number, record
            number += len(taken)


def _parsed(lines: list[str], delimiter: str) -> list[str] | FieldError | None:
    """The record that `lines` make up; None if a quoted value is still open."""
    text = "".join(lines)
    try:
        _checked(text)
        if '"' not in text:
            bare = text.rstrip("\r\n")
            return bare.split(delimiter) if bare else []
        # doubled quotes are content; strict tells an open value from a stray mark
        return next(csv.reader(lines, delimiter=delimiter, strict=True))
    except FieldError as error:
        return error
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            return None
        return next(csv.reader(lines, delimiter=delimiter))


def _checked(line: str) -> str:
    if not line.isascii():
        try:
            line.encode()
        except UnicodeEncodeError:
            shown = line.encode("utf-8", "surrogateescape")
            raise FieldError("(line)", shown, "save the file as UTF-8") from None
    return line


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
