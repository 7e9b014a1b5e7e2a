"""Hours of the week in which a campaign runs: as people write them, and as minutes."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY: Final = 1440
WEEK: Final = 7 * DAY
TIME_OF_DAY: Final = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"

Minutes = tuple[int, int]  # of the week from Monday 00:00; the end is not in it


class Span(NamedTuple):
    """The same hours on some days. An end that is not after its start is on the next day."""

    days: tuple[str, ...]
    start: str  # such as 08:00
    end: str  # such as 20:00; 24:00 is midnight


def minutes_of(spans: Iterable[Span]) -> tuple[Minutes, ...]:
    """The minutes of the week that `spans` cover, in order, none twice.

    Raises: ValueError for a day or time that there is not, and for hours without a minute.
    """
    pieces = sorted(piece for span in spans for piece in _pieces(span))
    joined: list[Minutes] = []
    for start, end in pieces:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def _pieces(span: Span) -> Iterator[Minutes]:
    start, end = _minute(span.start), _minute(span.end)
    if start in {end, DAY}:
        raise ValueError(f"from {span.start} to {span.end} is no time; write 00:00 to 24:00")
    if not span.days:
        raise ValueError("name a day")
    for day in span.days:
        if day not in DAYS:
            raise ValueError(f"{day!r} is no day; the days are {', '.join(DAYS)}")
        begin = DAYS.index(day) * DAY
        until = begin + end + (DAY if end < start else 0)
        yield begin + start, min(until, WEEK)
        if until > WEEK:
            yield 0, until - WEEK


def _minute(given: str) -> int:
    if not re.fullmatch(TIME_OF_DAY, given):
        raise ValueError(f"{given!r} is no time of day; write it as in 08:00, up to 24:00")
    hours, minutes = given.split(":")
    return int(hours) * 60 + int(minutes)


def spans_of(minutes: Sequence[Minutes]) -> tuple[Span, ...]:
    """The same as people write it: days that have the same hours stand together."""
    days: dict[tuple[int, int], list[str]] = {}
    for start, end in _by_day(minutes):
        hours = (start % DAY, (end - 1) % DAY + 1)
        days.setdefault(hours, []).append(DAYS[start // DAY])
    return tuple(
        Span(tuple(sorted(names, key=DAYS.index)), _told(start), _told(end))
        for (start, end), names in sorted(days.items())
    )


def _by_day(minutes: Sequence[Minutes]) -> Iterator[Minutes]:
    """Nights stay in one piece, also the one from Sunday to Monday; what is longer is cut."""
    ranges = list(minutes)
    around = len(ranges) > 1 and ranges[0][0] == 0 and ranges[-1][1] == WEEK
    if around and ranges[0][1] + WEEK - ranges[-1][0] < DAY:
        ranges[-1] = (ranges[-1][0], WEEK + ranges.pop(0)[1])
    for start, end in ranges:
        if end - start < DAY:
            yield start, end
            continue
        cuts = [start, *range((start // DAY + 1) * DAY, end, DAY), end]
        yield from pairwise(cuts)


def _told(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
