"""A history in which platforms that changed were always as they are now."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from service.contract.platform_days import METRICS, PlatformDays

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date  # noqa: TID251 - a day as a value; nothing here asks for today's

    from service.decision.responses import Goal


class Change(NamedTuple):
    """From `day` on a platform brings `ratio` times what it brought before."""

    day: date
    ratio: float


def as_since(days: PlatformDays, changes: Mapping[str, Change], goal: Goal) -> PlatformDays:
    """The history with what the changed platforms brought before times their ratio.

    So a model learns the new level at once, and still what is known of how returns fall with
    spend. Changed are the goal's metric and what follows from it: whoever clicks less, buys less.
    A platform that is not in the history has nothing to change.
    """
    totals, first = days.totals.copy(), METRICS.index(goal)
    for name, change in changes.items():
        if name in days.platforms:
            before = max(change.day.toordinal() - days.first_day.toordinal(), 0)
            totals[days.platforms.index(name), :before, first:] *= change.ratio
    return PlatformDays(days.platforms, days.first_day, totals, days.known)
