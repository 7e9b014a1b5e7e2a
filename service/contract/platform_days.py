"""What each platform cost and brought a day: what the allocator learns and plans from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date  # noqa: TID251 - a day as a value; nothing here asks for today's

    from numpy.typing import NDArray

METRICS: Final = ("spend", "impressions", "clicks", "conversions")
"""The last axis of `PlatformDays.totals`, in order."""

MOST_PLATFORMS: Final = 64
MOST_DAYS: Final = 3_660
_LARGEST: Final = 2**53  # whole numbers up to here are exact as floats
_LONGEST_NAME: Final = 200  # as campaigns and placements may name them


class PlatformDaysError(ValueError):
    """The rows are no history of platforms; the message says which row, and what was found."""


class DayRow(NamedTuple):
    """What one platform cost, in micros, and brought on one day."""

    day: date
    platform: str
    spend: int
    impressions: int
    clicks: int
    conversions: int


@dataclass(frozen=True, slots=True, eq=False)
class PlatformDays:
    """A history: days in a row without gaps, platforms in order of their names.

    totals (P, D, 4) in the order of METRICS, spend in micros; known (P, D). Days without a row are
    not known and hold 0: that is not the same as a day on which nothing was spent.
    """

    platforms: tuple[str, ...]
    first_day: date
    totals: NDArray[np.float64]
    known: NDArray[np.bool_]

    @property
    def last_day(self) -> date:
        """The newest day, known or not."""
        return _later(self.first_day, self.known.shape[1] - 1)

    def metric(self, name: str) -> NDArray[np.float64]:
        """Return one metric (P, D)."""
        of_metric: NDArray[np.float64] = self.totals[:, :, METRICS.index(name)]
        return of_metric

    def until(self, day: date) -> PlatformDays:
        """Return the history as it was known at the end of `day`, all platforms kept.

        Raises: PlatformDaysError for a day before the first or after the last.
        """
        count = _days(self.first_day, day)
        if not 1 <= count <= self.known.shape[1]:
            message = f"the history runs from {self.first_day} to {self.last_day}, not to {day}"
            raise PlatformDaysError(message)
        totals, known = self.totals[:, :count], self.known[:, :count]
        return PlatformDays(self.platforms, self.first_day, totals, known)


def platform_days(
    rows: Iterable[DayRow], *, until: date | None = None, platforms: Iterable[str] = ()
) -> PlatformDays:
    """Put `rows`, in any order, into a table; rows of the same platform and day are summed.

    until: the last day of the history, by default that of the newest row; later rows are left out.
    platforms: to be there even without a row.

    Raises: PlatformDaysError.
    """
    given = [_checked(number, row) for number, row in enumerate(rows, start=1)]
    if not given and until is None:
        raise PlatformDaysError("no rows: a history needs at least one day of one platform")
    last_day = max(row.day for row in given) if until is None else until
    kept = [row for row in given if row.day <= last_day]
    names = tuple(sorted({row.platform for row in kept} | {_name(name) for name in platforms}))
    first_day = min((row.day for row in kept), default=last_day)
    _check_size(names, first_day, last_day)
    return _table(names, first_day, last_day, kept)


def _table(names: Sequence[str], first: date, last: date, rows: Sequence[DayRow]) -> PlatformDays:
    shape = len(names), _days(first, last)
    totals, known = np.zeros((*shape, len(METRICS))), np.zeros(shape, np.bool_)
    if rows:
        number = {name: place for place, name in enumerate(names)}
        platform = np.array([number[row.platform] for row in rows])
        day = np.array([row.day.toordinal() for row in rows]) - first.toordinal()
        np.add.at(totals, (platform, day), np.array([row[2:] for row in rows], np.float64))
        known[platform, day] = True
    return PlatformDays(tuple(names), first, totals, known)


def _check_size(names: Sequence[str], first: date, last: date) -> None:
    if not names:
        raise PlatformDaysError("no platform has a row up to the last day, and none is named")
    if len(names) > MOST_PLATFORMS:
        message = f"{len(names)} platforms, at most {MOST_PLATFORMS} can be planned together"
        raise PlatformDaysError(message)
    if (days := _days(first, last)) > MOST_DAYS:
        message = f"{days} days from {first}; give at most {MOST_DAYS}: are all dates right?"
        raise PlatformDaysError(message)


def _checked(number: int, row: DayRow) -> DayRow:
    try:
        _name(row.platform)
    except PlatformDaysError as error:
        message = f"row {number}: {error}"
        raise PlatformDaysError(message) from error
    for metric, value in zip(METRICS, row[2:], strict=True):
        is_count = math.isfinite(value) and 0 <= value <= _LARGEST
        if not is_count:
            message = (
                f"row {number} ({row.platform}, {row.day}): {metric} is {value!r},"
                " expected a number from 0 to 2^53"
            )
            raise PlatformDaysError(message)
    return row


def _name(name: str) -> str:
    if not name.strip() or len(name) > _LONGEST_NAME:
        message = f"a platform's name has 1 to {_LONGEST_NAME} characters, received {name[:80]!r}"
        raise PlatformDaysError(message)
    return name


def _days(first: date, last: date) -> int:
    return last.toordinal() - first.toordinal() + 1


def _later(day: date, days: int) -> date:
    return type(day).fromordinal(day.toordinal() + days)
