"""What an import says about the lines it read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

LONGEST_RECEIVED = 120
"""Characters of a bad value that are repeated in its report."""


@dataclass(frozen=True, slots=True)
class LineError:
    """Why one line was left out, and what to do about it."""

    line: int  # 1 is the file's first; in parquet, its first row
    field: str
    received: str
    advice: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.field}: got {self.received}; {self.advice}"


Warn = Callable[[LineError], None]
"""Hears of what a line was taken without."""


@dataclass(slots=True)
class Report:
    """How an import went: lines taken, rows that changed, lines left out, what was not used."""

    good: int = 0
    changed: int = 0
    errors: list[LineError] = field(default_factory=list)
    warnings: list[LineError] = field(default_factory=list)


class FieldError(Exception):
    """A value cannot be used; the reader adds the line."""

    def __init__(self, field: str, received: object, advice: str) -> None:
        shown = repr(received)
        if len(shown) > LONGEST_RECEIVED:
            shown = f"{shown[:LONGEST_RECEIVED]}..."
        super().__init__(f"{field}: got {shown}; {advice}")
        self.field, self.received, self.advice = field, shown, advice

    def on(self, line: int) -> LineError:
        """The error with its line."""
        return LineError(line, self.field, self.received, self.advice)
