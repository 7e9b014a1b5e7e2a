"""What of a campaign's budget is meant for today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.decision.expected_traffic import Schedule


@dataclass(frozen=True, slots=True)
class Flight:
    """A campaign's money, in micros, and its day, in Unix seconds.

    The day is the campaign's own, as far as it runs on it.
    """

    daily: int | None
    left: int  # of the whole budget
    spent: int  # today
    starts: float
    ends: float
    ends_for_good: float | None
    schedule: Schedule = ()
    monday: float = 0.0  # when a week of the schedule begins

    @property
    def budget(self) -> float | None:
        """What it may spend today: no more than a day's budget, and than its share of the rest.

        The rest is what was left this morning; it is spread evenly over the time to the end.
        None without a daily budget and without an end.
        """
        rest = self.left + self.spent
        limits = [] if self.daily is None else [min(self.daily, rest)]
        if self.ends_for_good is not None and self.ends_for_good > self.starts:
            whole = self.ends_for_good - self.starts
            limits.append(int(rest * min(1.0, (self.ends - self.starts) / whole)))
        return float(min(limits)) if limits else None
