"""Webhooks: what happened is noted, told, and told again until it is heard or a day is over."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import orjson
import structlog

from service.store.webhook_outbox import (
    claim_deliveries,
    forget_deliveries,
    gather_news,
    note_delivered,
    note_failed,
)
from service.worker import counts
from service.worker.keep_doing import keep_doing
from service.worker.waiting import pause
from service.worker.webhook_call import Caller, signature

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.store.webhook_outbox import Delivery

LOOK_EVERY_SECONDS = 2.0
FORGET_EVERY_SECONDS = 3600.0
AT_ONCE = 20  # calls
LEASE_SECONDS = 60.0  # far longer than a call may take
LONGEST_PAUSE_SECONDS = 3600.0
log = structlog.get_logger(__name__)


async def watch_news(engine: AsyncEngine, stop: asyncio.Event) -> None:
    """Note every two seconds what webhooks are to be told, until `stop` is set."""
    forget_at = 0.0

    async def look() -> None:
        nonlocal forget_at
        async with engine.begin() as connection:
            await gather_news(connection)
            if time.monotonic() > forget_at:
                await forget_deliveries(connection)
                forget_at = time.monotonic() + FORGET_EVERY_SECONDS

    await keep_doing(look, stop, every_seconds=LOOK_EVERY_SECONDS, warning="news_not_gathered")


@dataclass(slots=True)
class Deliverer:
    """Tells webhooks what happened: in order, one call a webhook at a time, at least once."""

    engine: AsyncEngine
    private: bool = False  # whether they may lead inside
    first_pause_seconds: float = 5.0
    look_every_seconds: float = 0.25
    _calls: dict[str, asyncio.Task[None]] = field(default_factory=dict)  # by webhook

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop` is set; calls that are out then are waited for."""
        caller = Caller(private=self.private)
        try:
            while not stop.is_set():
                if not await self._send_due(caller):
                    await pause(stop, self.look_every_seconds)
            await asyncio.gather(*self._calls.values(), return_exceptions=True)
        finally:
            await caller.close()

    async def _send_due(self, caller: Caller) -> int:
        """Begin the calls that are due, as far as there is room; returns how many."""
        self._calls = {name: task for name, task in self._calls.items() if not task.done()}
        room = AT_ONCE - len(self._calls)
        if room <= 0:
            return 0
        try:
            async with self.engine.begin() as connection:
                due = await claim_deliveries(
                    connection, busy=self._calls, limit=room, lease_seconds=LEASE_SECONDS
                )
        except Exception as error:  # an outage: they stay due
            counts.OUTAGES.inc()
            log.warning("deliveries_not_claimed", error=repr(error))
            return 0
        for delivery in due:
            task = asyncio.create_task(self._deliver(caller, delivery))
            self._calls[delivery.webhook_id] = task
        return len(due)

    async def _deliver(self, caller: Caller, delivery: Delivery) -> None:
        body = body_of(delivery)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Salient-Webhooks/1",
            "Salient-Event-Id": delivery.event_id,
            "Salient-Signature": signature(delivery.secret, body, int(time.time())),
        }
        outcome = await caller.call(delivery.url, body, headers)
        counts.WEBHOOK_CALLS.labels("failed" if outcome.error else "delivered").inc()
        try:
            async with self.engine.begin() as connection:
                if outcome.error is None:
                    await note_delivered(connection, delivery.delivery_id, outcome.status or 0)
                else:
                    await note_failed(
                        connection,
                        delivery.delivery_id,
                        status=outcome.status,
                        error=outcome.error,
                        pause_seconds=self._pause(delivery.tries),
                    )
        except Exception as error:  # an outage: told again when the lease ends
            counts.OUTAGES.inc()
            log.warning("delivery_not_noted", error=repr(error))

    def _pause(self, tries: int) -> float:
        return min(LONGEST_PAUSE_SECONDS, self.first_pause_seconds * (1 << min(tries - 1, 16)))


def body_of(delivery: Delivery) -> bytes:
    """What a webhook is sent: the same bytes on every try."""
    return orjson.dumps(
        {
            "id": delivery.event_id,
            "type": delivery.type,
            "created_at": delivery.created_at,
            "data": delivery.data,
        }
    )
