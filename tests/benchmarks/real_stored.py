"""What became of the events of a run: the keys that were sent against the rows in Postgres."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from collections.abc import Collection

    from tests.benchmarks.real_traffic import EventKey

_PATIENCE_SECONDS = 120.0
_QUIET_SECONDS = 1.0
_POLL_SECONDS = 0.25
_TYPES = ("search", "impression", "click")


@dataclass(frozen=True, slots=True)
class Stored:
    """The rows that a run left behind, against what it sent."""

    rows: int
    missing: int  # sent, but not there
    twice: int  # there more than once
    strange: int  # there, but never sent


def wait_for_events(database_url: str, sent: Collection[EventKey], since: float) -> Stored:
    """Count the run's events once all are there, or none has come for a while."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        found = _found(database_url, since)
        if found.keys() >= set(sent) or time.monotonic() > deadline:
            break
        time.sleep(_POLL_SECONDS)
    time.sleep(_QUIET_SECONDS)  # whatever comes twice has come by now
    found = _found(database_url, since)
    return Stored(
        rows=found.total(),
        missing=len(set(sent) - found.keys()),
        twice=sum(count > 1 for count in found.values()),
        strange=len(found.keys() - set(sent)),
    )


def _found(database_url: str, since: float) -> Counter[EventKey]:
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT type, coalesce(impression_id, event_key) FROM events"
            " WHERE received_at >= to_timestamp(%s) AND type = ANY(%s)",
            (since, list(_TYPES)),
        )
        return Counter((str(kind), str(key)) for kind, key in rows)
