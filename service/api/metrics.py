"""What a serving process counts; each counter is bound to its labels once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

if TYPE_CHECKING:
    from collections.abc import Iterable

_REQUESTS = Counter("salient_requests", "Requests to hot routes.", ["route", "status"])
_ADS_SECONDS = Histogram(
    "salient_ads_seconds",
    "Time to answer POST /v1/ads.",
    buckets=(0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256),
)
_ADS = Counter("salient_ads", "Ads given out.")
_NO_FILL = Counter("salient_no_fill", "Answers without ads.", ["reason"])
_DEGRADED = Counter("salient_degraded", "Answers that did without a part.", ["part"])
_EVENTS = Counter("salient_events", "Events taken in.", ["type", "invalid"])
_LOG = Counter("salient_event_log", "What became of entries for the stream.", ["fate"])


LOG_FATES = ("sent", "spooled", "drained", "dropped", "torn")
"""What becomes of an entry: each is there from the start, so that the first one is a rise."""


class _Bound:
    """A counter's children by label values, each looked up once."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._children: dict[tuple[str, ...], Counter] = {}

    def add(self, *labels: str, amount: int = 1) -> None:
        """Raise the child of `labels`."""
        child = self._children.get(labels)
        if child is None:
            child = self._children[labels] = self._counter.labels(*labels)
        child.inc(amount)


class Metrics:
    """The counters of a serving process. All label values come from the code, never a caller."""

    def __init__(self) -> None:
        self._requests = _Bound(_REQUESTS)
        self._no_fill = _Bound(_NO_FILL)
        self._degraded = _Bound(_DEGRADED)
        self._events = _Bound(_EVENTS)
        self._log = _Bound(_LOG)
        for fate in LOG_FATES:
            self.count_log(fate, 0)

    def count_request(self, route: str, status: int) -> None:
        """Count an answer of a hot route."""
        self._requests.add(route, str(status))

    def count_answer(
        self, seconds: float, ads: int, no_fill: str | None, degraded: Iterable[str]
    ) -> None:
        """Count one answer of POST /v1/ads."""
        _ADS_SECONDS.observe(seconds)
        if ads:
            _ADS.inc(ads)
        if no_fill is not None:
            self._no_fill.add(no_fill)
        for part in degraded:
            self._degraded.add(part)

    def count_event(self, kind: str, invalid_reason: str | None) -> None:
        """Count an event that was taken in."""
        self._events.add(kind, invalid_reason or "")

    def count_log(self, fate: str, entries: int) -> None:
        """Count entries for the stream by one of `LOG_FATES`."""
        self._log.add(fate, amount=entries)


def exposition() -> bytes:
    """All metrics in Prometheus's text format; of all workers, where there are several."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
