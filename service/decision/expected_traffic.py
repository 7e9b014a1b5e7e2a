"""How much traffic a shop expects, hour by hour, from the week before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from service.decision.tables import Floats

HOUR: Final = 3600
HOURS_OF_WEEK: Final = 168
MINUTES_OF_WEEK: Final = 10_080
_STEP: Final = 300  # seconds: schedules are not followed closer

Schedule = tuple[tuple[int, int], ...]
"""Minutes of the local week, from Monday, in which a campaign runs; none is always."""


def expected_week(requests: Mapping[int, int]) -> Floats:
    """Requests expected in each hour of a week (168,), from those of the last one.

    `requests` are counted by hour since 1970, and so is the week: hour 0 is Thursday's first in
    UTC. An hour is expected to be half as the same hour a week ago and half as the mean of that
    hour over all days; one request more in each makes a shop without a past an even one.
    """
    same = np.zeros(HOURS_OF_WEEK)
    for hour, count in requests.items():
        same[hour % HOURS_OF_WEEK] += count
    usual = np.tile(same.reshape(7, 24).mean(0), 7)
    week: Floats = (same + usual) / 2 + 1.0
    return week


def expected_between(
    week: Floats, start: float, end: float, schedule: Schedule = (), monday: float = 0.0
) -> float:
    """Requests expected from `start` to `end`, in Unix seconds, while the schedule runs.

    `monday` is when a local week begins, any of them.
    """
    if end <= start:
        return 0.0
    steps = _STEP * np.arange(start // _STEP, -(-end // _STEP), dtype=np.float64)
    seconds = np.minimum(steps + _STEP, end) - np.maximum(steps, start)
    if schedule:
        seconds = seconds * _open(steps, schedule, monday)
    hours = (steps // HOUR).astype(np.int64) % HOURS_OF_WEEK
    return float(week[hours] @ seconds) / HOUR


def _open(steps: Floats, schedule: Iterable[tuple[int, int]], monday: float) -> Floats:
    minutes = ((steps - monday) // 60) % MINUTES_OF_WEEK
    inside = np.zeros(len(steps))
    for first, end in schedule:
        inside[(minutes >= first) & (minutes < end)] = 1.0
    return inside
