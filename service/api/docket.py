"""Requests that are ready at the same moment are decided together: dynamic batching.

A decision spends most of its time going from one small step to the next, with models, text and
tables of each that the caches forgot since the last request. Eight decided step by step together
cost little more than half of eight one after the other. Nobody waits for company: a request that
is alone is decided at once.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from service.api.deliberation import ModelClock, deliberate, try_models

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.api.deliberation import Asked, Ruling
    from service.decision.live import Live

MOST_TOGETHER: Final = 16
LONGEST_WAIT_SECONDS: Final = 0.001


class _Gathering:
    """Counts those who are inside, and tells when one leaves."""

    def __init__(self, left: Callable[[], None]) -> None:
        self.count = 0
        self._left = left

    def __enter__(self) -> None:
        self.count += 1

    def __exit__(self, *_error: object) -> None:
        self.count -= 1
        self._left()


class Docket:
    """Collects what is asked until all who are gathering are ready, and has it decided.

    While others wait for their profiles, a request waits for them, at most `LONGEST_WAIT_SECONDS`
    and until there are `MOST_TOGETHER`.
    """

    def __init__(self) -> None:
        self.clock = ModelClock()
        self.gathering = _Gathering(self._look)
        """Whoever is inside will ask soon."""
        self._waiting: list[tuple[Asked, asyncio.Future[Ruling]]] = []
        self._soon = False  # it is our turn next
        self._alarm: asyncio.Handle | None = None
        self._trial: asyncio.Future[None] | None = None

    async def rule(self, asked: Asked) -> Ruling:
        """The ruling on `asked`, made together with others that are ready."""
        future: asyncio.Future[Ruling] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, future))
        self._look()
        return await future

    @property
    def _is_due(self) -> bool:
        return not self.gathering.count or len(self._waiting) >= MOST_TOGETHER

    def _look(self) -> None:
        """Decide after those whose turn is before, or else when others were waited for enough."""
        if self._soon or not self._waiting:
            return
        if self._is_due:
            self._soon = True
            asyncio.get_running_loop().call_soon(self._look_round)
        elif self._alarm is None:
            loop = asyncio.get_running_loop()
            self._alarm = loop.call_later(LONGEST_WAIT_SECONDS, self._decide)

    def _look_round(self) -> None:
        """Give who stands at the door, unread, a turn of the loop to come in."""
        asyncio.get_running_loop().call_soon(self._decide_if_due)

    def _decide_if_due(self) -> None:
        self._soon = False
        if self._is_due:
            self._decide()
        else:
            self._look()

    def _decide(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        waiting = [one for one in self._waiting if not one[1].done()]
        now, self._waiting = waiting[:MOST_TOGETHER], waiting[MOST_TOGETHER:]
        self._look()
        try:
            rulings = deliberate([asked for asked, _ in now], self.clock)
        except Exception as error:  # nobody may wait for ever
            for _, future in now:
                future.set_exception(error)
            return
        for (_, future), ruling in zip(now, rulings, strict=True):
            future.set_result(ruling)
        if self.clock.trial_is_due and (self._trial is None or self._trial.done()):
            self._try_models(now[0][0].live)

    def _try_models(self, live: Live) -> None:
        """See whether models that were too slow are well again, while nobody waits for them."""
        loop = asyncio.get_running_loop()
        self._trial = loop.run_in_executor(None, try_models, live, self.clock)
