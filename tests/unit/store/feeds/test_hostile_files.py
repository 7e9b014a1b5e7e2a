"""Files that mean harm, or were made in a hurry: each bad line by itself, in bounded time."""

from __future__ import annotations

import io
import time
from typing import Any

import orjson
import pytest

from service.store.feeds.lines import LONGEST_LINE
from service.store.feeds.products import product_of, read_products
from service.store.feeds.report import FieldError, LineError
from service.store.feeds.rows import FileFormat, Row, rows_of
from service.store.feeds.text import plain_text

LAMP: dict[str, Any] = {"id": "1", "title": "Lamp", "price": "10"}


def rows(form: FileFormat, content: bytes) -> list[Row | LineError]:
    return list(rows_of(io.BytesIO(content), form))


def errors(form: FileFormat, content: bytes) -> list[tuple[int, str, str]]:
    return [
        (one.line, one.field, one.advice)
        for one in rows(form, content)
        if isinstance(one, LineError)
    ]


def test_a_line_that_is_too_long_is_named_and_the_next_is_read() -> None:
    seen: list[int] = []
    content = b"id,title\n1," + b"x" * (3 * LONGEST_LINE) + b"\n2,Lamp\n"
    found = list(rows_of(io.BytesIO(content), FileFormat.CSV, seen.append))
    assert isinstance(found[0], LineError)
    assert found[0].line == 2
    assert found[0].received.startswith(f"\"{3 * LONGEST_LINE + 3} bytes, beginning with '1,xxx")
    assert found[1] == Row(3, {"id": "2", "title": "Lamp"})
    assert sum(seen) == len(content)


def test_a_quoted_value_of_a_megabyte_is_named_and_the_next_is_read() -> None:
    content = b'id,title\n1,"' + b"x" * 1_000_000 + b'"\n2,Lamp\n'
    found = rows(FileFormat.CSV, content)
    assert isinstance(found[0], LineError)
    assert "field larger than field limit" in found[0].advice
    assert found[1] == Row(3, {"id": "2", "title": "Lamp"})


def test_a_carriage_return_in_a_quoted_line_is_named_and_the_next_is_read() -> None:
    found = errors(FileFormat.CSV, b'id,title\n1,"a"b\rc\n2,Lamp\n')
    assert [(line, field) for line, field, _ in found] == [(2, "(line)")]


def test_an_open_quote_and_a_line_in_latin_1_are_two_bad_lines() -> None:
    found = errors(FileFormat.CSV, b'id,title\n1,"open\n2,caf\xe9\n3,Lamp\n')
    assert found == [
        (2, "(line)", 'close the quotation mark, or write ""'),
        (3, "(line)", "save the file as UTF-8"),
    ]


def test_many_open_quotes_take_no_longer_than_they_are_worth() -> None:
    content = b"id,title\n" + b'"\n' * 1 + b'1,"\n' * 5_001
    started = time.process_time()
    rows(FileFormat.CSV, content)
    assert time.process_time() - started < 5


def test_json_that_gives_a_key_twice_or_is_nested_without_end_is_named() -> None:
    deep = b"[" * 500 + b"]" * 500
    lines = (
        b'{"id": "1", "title": "a", "title": "b"}',
        b'{"id": "2", "attributes": ' + deep + b"}",
        b'{"id": "3", "title": "NaN", "price": NaN}',
        b'{"id": "4", "title": "\\ud800"}',
        b'{"id" : "5", "title": "says \\"a\\": b"}',
    )
    assert [
        (one.line, one.field) if isinstance(one, LineError) else one.values
        for one in rows(FileFormat.NDJSON, b"\n".join(lines))
    ] == [
        (1, "title"),
        (2, "(line)"),
        (3, "(line)"),
        (4, "(line)"),
        {"id": "5", "title": 'says "a": b'},
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", {"text": "Lamp"}),
        ("title", True),
        ("title", "x" * 1_000_000),
        ("image_link", "/a\0b.png"),
        ("image_link", "/a b.png"),
        ("link", "/a\0b"),
        ("in_stock", "maybe"),
        ("price_micros", 10**16),
        ("price_micros", -1),
        ("price_micros", 1.5),
        ("price_micros", True),
        ("price", " " * 1_000_000),
        ("price", "1 " * 500_000),
        ("product_highlight", "x" * 200_000),
        ("product_highlight", [{"a": "b"}]),
        ("attributes", "colour: red"),
        ("attributes", {"colour": {"is": "red"}}),
    ],
)
def test_a_value_of_another_kind_is_named(field: str, value: object) -> None:
    with pytest.raises(FieldError) as caught:
        product_of(LAMP | {field: value}, "EUR")
    assert caught.value.field == field
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Lamp\0shade", "Lamp shade"),
        ("=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"),
        ("-20%", "-20%"),
    ],
)
def test_control_characters_go_and_formulas_are_kept_as_text(given: str, kept: str) -> None:
    assert product_of(LAMP | {"title": given}, "EUR").title == kept


@pytest.mark.parametrize("piece", ["<!--", "<", "<script", "&amp;", "<a", "<!-- --", "</style"])
def test_a_megabyte_of_markup_is_read_in_a_moment(piece: str) -> None:
    started = time.process_time()
    plain_text(piece * (1_000_000 // len(piece)))
    assert time.process_time() - started < 3


def test_comments_scripts_and_styles_go_with_what_is_in_them() -> None:
    text = "a <!-- b --> c <script>d</script > e <STYLE x>f</style> g <!-- h <script> i"
    assert plain_text(text) == "a c e g !-- h i"


def test_what_is_not_used_is_warned_of_once() -> None:
    warnings: list[LineError] = []
    lines = [
        Row(2, {**LAMP, "condition": "new", "gtin": "4006381333931"}),
        Row(3, {**LAMP, "condition": "used", "description": "x" * 5_001}),
        Row(4, {**LAMP, "colour": "red", "product_details": "a:b", "description": "x" * 5_000}),
    ]
    assert len(list(read_products(lines, "EUR", warnings.append))) == 3
    assert [(one.line, one.field, one.received) for one in warnings] == [
        (2, "condition", "'new'"),
        (2, "gtin", "'4006381333931'"),
        (3, "description", "'5001 characters'"),
    ]


def test_a_thousand_columns_are_not_warned_of_one_by_one() -> None:
    warnings: list[LineError] = []
    lines = [Row(1, LAMP | orjson.loads(b'{"x%d": 1}' % number)) for number in range(1000)]
    assert len(list(read_products(lines, "EUR", warnings.append))) == 1000
    assert len(warnings) == 100
