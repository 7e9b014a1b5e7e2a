"""How often one key may call the management API: a token bucket a key, in each process."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

PER_MINUTE = 6000
_MOST_BUCKETS = 10_000


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left to a key after this call. Times in seconds."""

    limit: int
    remaining: int
    reset_seconds: int  # until all of it is back
    retry_seconds: int = 0  # 0: this call is let through

    def headers(self) -> dict[str, str]:
        """As the answer tells it."""
        told = {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_seconds),
        }
        return told | {"Retry-After": str(self.retry_seconds)} if self.retry_seconds else told


class RateLimiter:
    """`per_minute` calls a key, at once or spread; they come back evenly."""

    def __init__(self, per_minute: int = PER_MINUTE) -> None:
        self._limit = per_minute
        self._per_second = per_minute / 60
        self._buckets: dict[str, tuple[float, float]] = {}  # key id -> (calls left, when)

    def take(self, key_id: str, now: float) -> Allowance:
        """Count one call of `key_id` at `now`, in seconds on a monotonic clock."""
        left, then = self._buckets.get(key_id, (float(self._limit), now))
        left = min(self._limit, left + (now - then) * self._per_second)
        allowed = left >= 1
        if allowed:
            left -= 1
        if len(self._buckets) >= _MOST_BUCKETS and key_id not in self._buckets:
            self._forget_full(now)
        self._buckets[key_id] = (left, now)
        return Allowance(
            limit=self._limit,
            remaining=int(left),
            reset_seconds=ceil((self._limit - left) / self._per_second),
            retry_seconds=0 if allowed else max(1, ceil((1 - left) / self._per_second)),
        )

    def _forget_full(self, now: float) -> None:
        """A bucket that has filled up again says no more than none."""
        self._buckets = {
            key_id: (left, then)
            for key_id, (left, then) in self._buckets.items()
            if left + (now - then) * self._per_second < self._limit
        }
