"""Log lines: structured, and few however often the same thing happens."""

from __future__ import annotations

import logging
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger

LINES_A_SECOND = 5  # of one event


class Sampler:
    """Lets a few lines of an event pass each second; the next tells how many were left out."""

    def __init__(self, lines_a_second: int = LINES_A_SECOND) -> None:
        self._limit = lines_a_second
        self._seen: dict[str, tuple[int, int]] = {}  # event -> (second, lines in it)

    def __call__(self, _: WrappedLogger, __: str, line: EventDict) -> EventDict:
        """Pass `line`, or raise DropEvent."""
        second, event = int(time.monotonic()), str(line.get("event"))
        last, count = self._seen.get(event, (second, 0))
        if last != second:
            if count > self._limit:
                line["left_out_before"] = count - self._limit
            count = 0
        self._seen[event] = (second, count + 1)
        if count >= self._limit:
            raise structlog.DropEvent
        return line


class Stderr:
    """Writes lines to standard error, whatever that is at the moment of writing."""

    def msg(self, line: str) -> None:
        """Write one line; a closed or full standard error is no reason to fail a request."""
        with suppress(OSError, ValueError):
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()

    debug = info = warning = error = critical = msg


def configure_logging() -> None:
    """JSON lines on standard error, sampled."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            Sampler(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_: Stderr(),
        cache_logger_on_first_use=True,
    )
