"""What a run of traffic has come to so far."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field

REMEMBERED = 10_000
"""Of so many answers, the last ones, are the percentiles."""


@dataclass(slots=True)
class Tally:
    """Counts of a run, bounded however long it goes on."""

    requests: int = 0  # for ads, answered
    filled: int = 0  # of them, with at least one ad
    impressions: int = 0
    clicks: int = 0
    orders: int = 0
    not_sent: int = 0  # visits that found too many others under way
    errors: Counter[str] = field(default_factory=Counter)
    unreachable_in_a_row: int = 0
    _seconds: deque[float] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def answered(self, seconds: float, ads: int) -> None:
        """Count an answer with so many ads, `seconds` after it was due to be asked for."""
        self.requests += 1
        self.filled += ads > 0
        self.unreachable_in_a_row = 0
        self._seconds.append(seconds)

    def failed(self, what: str, *, unreachable: bool = False) -> None:
        """Count an error."""
        self.errors[what] += 1
        self.unreachable_in_a_row = self.unreachable_in_a_row + 1 if unreachable else 0

    @property
    def fill(self) -> float:
        """The share of answers that had ads."""
        return self.filled / self.requests if self.requests else 0.0

    def latency_ms(self, percent: float) -> float:
        """The answer time that `percent` of the last answers did not exceed, in milliseconds."""
        if not self._seconds:
            return 0.0
        ranked = sorted(self._seconds)
        place = min(len(ranked) - 1, int(len(ranked) * percent / 100))
        return ranked[place] * 1000

    def line(self, elapsed_seconds: float) -> str:
        """All of it in one line."""
        parts = [
            f"{self.requests / max(elapsed_seconds, 1e-9):,.1f} requests/s",
            f"fill {self.fill:.1%}",
            f"p50/p99 {self.latency_ms(50):.1f}/{self.latency_ms(99):.1f} ms",
            f"{self.clicks:,} clicks",
            f"{self.errors.total():,} errors",
        ]
        return "  ".join(parts + ([f"{self.not_sent:,} not sent"] if self.not_sent else []))
