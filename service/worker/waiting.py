"""Waiting that ends at once when the process is told to stop."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Wait for `seconds`, or until `stop` is set."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return


@dataclass(slots=True)
class Backoff:
    """Pauses that double from `first_seconds` to `longest_seconds` until something works."""

    first_seconds: float = 0.05
    longest_seconds: float = 2.0
    failures: int = 0

    def next_seconds(self) -> float:
        """Count one more failure; returns how long to wait after it."""
        seconds = min(self.longest_seconds, self.first_seconds * (1 << self.failures))
        self.failures = min(self.failures + 1, 16)
        return seconds

    def reset(self) -> None:
        """Forget the failures: something worked."""
        self.failures = 0
