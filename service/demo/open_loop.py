"""Visits start when they are due, whether or not those before them have ended."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from service.errors import AdServiceError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from service.demo.tally import Tally
    from service.demo.visits import Visit

MOST_AT_ONCE = 200
GRACE_SECONDS = 5.0
_AWAY_AFTER = 20  # calls in a row that found nobody


class ServiceAwayError(AdServiceError):
    """The service cannot be reached, or will not have this traffic."""


async def run_visits(
    visits: Iterable[Visit],
    make: Callable[[Visit, float], Awaitable[None]],
    tally: Tally,
    *,
    seconds: float,
    stop: asyncio.Event,
) -> float:
    """Make each visit at its time, for `seconds` or until `stop`; then let those under way end.

    `make` is given the visit and when it was due, on the loop's clock, so that a service that
    cannot keep up shows in the answer times. A visit that would be one of more than
    `MOST_AT_ONCE`, or would begin when the time is up, is counted as not sent.
    Returns: the seconds for which visits were made.
    Raises: ServiceAwayError when nobody answers any more, and whatever `make` raises.
    """
    loop = asyncio.get_running_loop()
    started = loop.time()
    under_way: set[asyncio.Task[None]] = set()
    try:
        for visit in visits:
            due = started + visit.at
            if visit.at >= seconds or await _told_to_stop(stop, due - loop.time()):
                break
            _raise_failure(under_way, tally)
            if len(under_way) >= MOST_AT_ONCE or loop.time() >= started + seconds:
                tally.not_sent += 1
                continue
            under_way.add(asyncio.ensure_future(make(visit, due)))
        if not stop.is_set():
            await _told_to_stop(stop, started + seconds - loop.time())
        took = loop.time() - started
        if under_way:
            await asyncio.wait(under_way, timeout=GRACE_SECONDS)
        _raise_failure(under_way, tally)
    finally:
        await _end(under_way)
    return took


async def _told_to_stop(stop: asyncio.Event, seconds: float) -> bool:
    """Wait `seconds`, unless told to stop before."""
    if seconds <= 0:
        await asyncio.sleep(0)  # those under way get their turn also when this is late
        return stop.is_set()
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return False
    return True


def _raise_failure(under_way: set[asyncio.Task[None]], tally: Tally) -> None:
    """Forget what has ended."""
    for task in [task for task in under_way if task.done()]:
        under_way.discard(task)
        task.result()
    if tally.unreachable_in_a_row >= _AWAY_AFTER:
        what = ", ".join(f"{name}: {count:,}" for name, count in tally.errors.most_common(3))
        raise ServiceAwayError(f"the service stopped answering ({what})")


async def _end(under_way: set[asyncio.Task[None]]) -> None:
    for task in under_way:
        task.cancel()
    await asyncio.gather(*under_way, return_exceptions=True)
