"""Golden rows of an allocator: raw histories with what the trained network said of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from service.contract.golden import TOLERANCE, GoldenError
from service.contract.platform_days import METRICS, MOST_PLATFORMS
from service.contract.platform_windows import GOALS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

OUTPUTS: Final = ("level", "sd", "dispersion", "bend")
"""What a network says; one that knows no answer to spend has no bend, and is still a network."""

_NAMES: Final = {"goal", "totals", "known", "expected"}
_MOST_DAYS: Final = 366


@dataclass(frozen=True, slots=True, eq=False)
class GoldenDays:
    """One history, totals (P, D, 4) and known (P, D), and each output of it (P,)."""

    goal: str
    totals: NDArray[np.float64]
    known: NDArray[np.bool_]
    expected: Mapping[str, NDArray[np.float64]]

    def differs(self, found: Mapping[str, NDArray[Any]]) -> str | None:
        """Say where `found` is not what the network answered, within 1e-5; None if nowhere."""
        if set(found) != set(self.expected):
            return f"outputs {sorted(found)}, expected {sorted(self.expected)}"
        for name, values in self.expected.items():
            given = np.asarray(found[name], np.float64)
            if given.shape != values.shape:
                return f"{name} has shape {given.shape}, expected {values.shape}"
            close = np.abs(given - values) <= TOLERANCE * np.maximum(1.0, np.abs(values))
            if not close.all():
                return f"{name} is {given[~close][0]!s}, expected {values[~close][0]!s}"
        return None


def write_golden_days(rows: Sequence[GoldenDays]) -> bytes:
    """Return the rows as JSON, always the same bytes for the same rows."""
    content = [
        {
            "goal": row.goal,
            "totals": row.totals.tolist(),
            "known": row.known.tolist(),
            "expected": {name: values.tolist() for name, values in row.expected.items()},
        }
        for row in rows
    ]
    return json.dumps(content, allow_nan=False).encode() + b"\n"


def read_golden_days(data: bytes) -> tuple[GoldenDays, ...]:
    """Read what `write_golden_days` wrote.

    Raises: GoldenError for anything else.
    """
    try:
        content = json.loads(data)
        _expect(isinstance(content, list) and content, "a list of at least one row", content)
        return tuple(map(_row, content))
    except GoldenError:
        raise
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        message = f"golden rows: {type(error).__name__} {str(error)[:200]}"
        raise GoldenError(message) from error


def _row(content: Any) -> GoldenDays:
    _expect(isinstance(content, dict) and set(content) == _NAMES, f"{sorted(_NAMES)}", content)
    _expect(content["goal"] in GOALS, f"one of {GOALS}", content["goal"])
    totals, known = _numbers(content["totals"]), np.array(content["known"])
    sizes = totals.shape == (*totals.shape[:2], len(METRICS))
    _expect(sizes and known.dtype == bool and known.shape == totals.shape[:2], "days", known.shape)
    small = 1 <= len(known) <= MOST_PLATFORMS and 1 <= known.shape[1] <= _MOST_DAYS
    _expect(small and bool((totals >= 0).all()), "a small history of counts", known.shape)
    _expect(isinstance(content["expected"], dict), "outputs by name", content["expected"])
    expected = {str(name): _numbers(values) for name, values in content["expected"].items()}
    _expect(set(OUTPUTS[:3]) <= set(expected) <= set(OUTPUTS), "all outputs", sorted(expected))
    return GoldenDays(content["goal"], totals, known, expected)


def _numbers(content: Any) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.array(content, np.float64)
    _expect(bool(np.isfinite(found).all()), "finite numbers", content)
    return found


def _expect(holds: object, what: str, found: object) -> None:
    if not holds:
        message = f"golden rows: expected {what}, found {str(found)[:200]}"
        raise GoldenError(message)
