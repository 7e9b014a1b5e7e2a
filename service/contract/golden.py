"""Golden rows: raw inputs with the outputs of the trained network, kept in every bundle."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final

from service.contract.history import History

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TOLERANCE: Final = 1e-5

EXPECTED: Final = {
    "selling-points": frozenset({"p_click", "placed_p_click"}),
    "ranker": frozenset({"p_click", "p_conversion", "placed_p_click", "placed_p_conversion"}),
}
"""The outputs that a golden row of each kind of bundle names."""


class GoldenError(ValueError):
    """The golden rows are not what they should be; the message says what was found."""


@dataclass(frozen=True, slots=True)
class GoldenRow:
    """One raw input and what the trained network answered.

    A ranker scores `title` and `price_z`; a selling-point model scores `phrase`. `place` and
    `shown` are what the outputs named placed_... were asked for: slot (or position) from 1, and
    the selling points in the title.
    """

    query: str
    history: History
    expected: Mapping[str, float]
    title: str = ""
    price_z: float = 0.0
    phrase: str = ""
    shown: tuple[str, ...] = field(default=())
    place: int = 1


def write_golden(rows: Sequence[GoldenRow]) -> bytes:
    """Return the rows as JSON, always the same bytes for the same rows."""
    return json.dumps([asdict(row) for row in rows], indent=1, allow_nan=False).encode() + b"\n"


def read_golden(data: bytes) -> tuple[GoldenRow, ...]:
    """Read what `write_golden` wrote.

    Raises: GoldenError for anything else.
    """
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        message = f"golden rows are not JSON: {error}"
        raise GoldenError(message) from error
    if not isinstance(content, list) or not content:
        message = "golden rows: expected a list of at least one row"
        raise GoldenError(message)
    return tuple(_row(number, row) for number, row in enumerate(content))


def _row(number: int, content: object) -> GoldenRow:
    try:
        return _parse(content)
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        message = f"golden row {number}: {type(error).__name__} {error}"
        raise GoldenError(message) from error


def _parse(content: Any) -> GoldenRow:
    _same_names(content, GoldenRow)
    history = content["history"]
    _same_names(history, History)
    return GoldenRow(
        query=_text(content["query"]),
        history=History(**{name: _aged(events) for name, events in history.items()}),
        expected={_text(k): _number(v) for k, v in dict(content["expected"]).items()},
        title=_text(content["title"]),
        price_z=_number(content["price_z"]),
        phrase=_text(content["phrase"]),
        shown=tuple(map(_text, _list(content["shown"]))),
        place=_place(content["place"]),
    )


def _same_names(content: Any, kind: type) -> None:
    expected = {part.name for part in fields(kind)}
    if not isinstance(content, dict) or set(content) != expected:
        found = sorted(content) if isinstance(content, dict) else content
        message = f"expected {sorted(expected)}, found {str(found)[:200]}"
        raise TypeError(message)


def _aged(events: Any) -> tuple[tuple[str, float], ...]:
    return tuple((_text(text), _number(age)) for text, age in _list(events))


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        message = f"expected a list, found {str(value)[:80]}"
        raise TypeError(message)
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        message = f"expected text, found {str(value)[:80]}"
        raise TypeError(message)
    return value


def _number(value: Any) -> float:
    if type(value) not in {int, float} or not math.isfinite(value):
        message = f"expected a finite number, found {str(value)[:80]}"
        raise TypeError(message)
    return float(value)


def _place(value: Any) -> int:
    if type(value) is not int or not 1 <= value <= 1000:  # noqa: PLR2004 - any sane page
        message = f"expected a place from 1, found {str(value)[:80]}"
        raise TypeError(message)
    return value
