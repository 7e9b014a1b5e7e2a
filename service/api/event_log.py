"""Where events and decisions go: the stream, and files on this disk for what must not be lost."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from service.api.segments import tend_segments
from service.errors import StoreUnavailableError
from service.store.stream import STREAM
from service.store.stream_home import stream_id

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from service.api.metrics import Metrics
    from service.store.redis_wire import RedisWire
    from service.store.segment import Segment, Spooled
    from service.store.spool import Spool

    Place = tuple[Segment, int]

GROUP_SYNC_SECONDS = 0.050
GROUP_SEND_SECONDS = 0.003
"""What nobody waits for leaves together: a write of its own would cost more than its request."""

TEND_EVERY_SECONDS = 1.0
AT_A_TIME = 50  # entries of one batch
_log = structlog.get_logger(__name__)


class EventLog:
    """Writes to the stream; clicks and conversions to a segment as well, others if they must.

    A segment stays until the worker has recorded all that it holds. What Redis lost meanwhile is
    sent again from there, and what comes to the worker twice counts once.
    """

    def __init__(self, wire: RedisWire, spool: Spool, metrics: Metrics) -> None:
        self._wire = wire
        self._spool = spool
        self._metrics = metrics
        self._syncing: asyncio.Task[None] | None = None
        self._outbox: list[Spooled] = []
        self._settling: set[asyncio.Task[None]] = set()

    def append_soon(self, kind: bytes, body: bytes) -> None:
        """Write one entry within milliseconds; the caller does not wait."""
        if not self._outbox:
            asyncio.get_running_loop().call_later(GROUP_SEND_SECONDS, self._empty_outbox)
        self._outbox.append((kind, body))

    def append_surely(self, kind: bytes, body: bytes) -> None:
        """As `append_soon`, and at once to a segment: a kill right after this loses nothing."""
        place = self._keep(kind, body)
        if place is not None and (self._syncing is None or self._syncing.done()):
            self._syncing = asyncio.create_task(self._sync_soon())
        sent = self._send(kind, body, place)
        sent.add_done_callback(self._count if place is not None else self._count_unkept)

    async def append(
        self, kind: bytes, bodies: Sequence[bytes], *, surely: Collection[int] = ()
    ) -> None:
        """Return once stream or segment has each of `bodies`, a segment those numbered `surely`.

        Where the disk is full, the stream alone may have those.
        Raises: StoreUnavailableError when neither takes one of them.
        """
        self._empty_outbox()
        places = {number: self._keep(kind, bodies[number]) for number in surely}
        sent = []
        for number, body in enumerate(bodies):
            sent.append(self._send(kind, body, places.get(number)))
            if number % AT_A_TIME == AT_A_TIME - 1:
                await asyncio.sleep(0)  # requests for ads go in between
        answers = await asyncio.gather(*sent, return_exceptions=True)
        missed = [n for n, answer in enumerate(answers) if isinstance(answer, BaseException)]
        for number in missed:
            if places.get(number) is None:
                self._keep_unsent(kind, bodies[number])
        self._metrics.count_log("sent", len(bodies) - len(missed))
        if missed or any(places.values()):
            await self._settled_on_disk(in_stream=not missed)

    async def _settled_on_disk(self, *, in_stream: bool) -> None:
        try:
            await self._spool.sync()
        except StoreUnavailableError as error:
            if not in_stream:
                raise
            _log.error("events are in the stream only", reason=str(error))

    async def close(self) -> None:
        """Send what is left; what the stream does not take stays in a segment."""
        self._empty_outbox()
        await asyncio.gather(*self._settling)

    async def drain_forever(self) -> None:
        """See to the segments, from the start on and every second."""
        while True:
            try:
                await self.drain()
            except StoreUnavailableError as error:
                _log.warning("segments not sent", reason=str(error))
            await asyncio.sleep(TEND_EVERY_SECONDS)

    async def drain(self) -> None:
        """Release the segments that are recorded; send again what the stream lacks or lost.

        Raises: StoreUnavailableError when Redis goes away meanwhile; the segments stay.
        """
        if not self._wire.connected:
            return
        done = await tend_segments(self._wire, self._spool, self._send)
        self._metrics.count_log("drained", done.sent)
        self._metrics.count_log("torn", done.torn)

    def _empty_outbox(self) -> None:
        outbox, self._outbox = self._outbox, []
        if outbox:
            sent = [self._send(kind, body, None) for kind, body in outbox]
            task = asyncio.create_task(self._settle(outbox, sent))
            self._settling.add(task)
            task.add_done_callback(self._settling.discard)

    async def _settle(
        self, entries: Sequence[Spooled], sent: Sequence[asyncio.Future[bytes]]
    ) -> None:
        """Keep what the stream did not take."""
        answers = await asyncio.gather(*sent, return_exceptions=True)
        for (kind, body), answer in zip(entries, answers, strict=True):
            if isinstance(answer, BaseException):
                try:
                    self._keep_unsent(kind, body)
                except StoreUnavailableError:
                    self._metrics.count_log("dropped", 1)
        taken = sum(not isinstance(answer, BaseException) for answer in answers)
        self._metrics.count_log("sent", taken)

    def _send(self, kind: bytes, body: bytes, place: Place | None) -> asyncio.Future[bytes]:
        future = self._wire.append(STREAM, b"k", kind, b"b", body)
        if place is not None:
            segment, number = place
            segment.owed += 1

            def note(sent: asyncio.Future[bytes]) -> None:
                segment.owed -= 1
                segment.took(number, stream_id(sent.result()) if _is_taken(sent) else None)

            future.add_done_callback(note)
        return future

    def _count(self, sent: asyncio.Future[bytes]) -> None:
        self._metrics.count_log("sent", int(_is_taken(sent)))

    def _count_unkept(self, sent: asyncio.Future[bytes]) -> None:
        self._metrics.count_log("sent" if _is_taken(sent) else "dropped", 1)

    def _keep(self, kind: bytes, body: bytes) -> Place | None:
        """The entry's place in a segment; None where the disk does not take it."""
        try:
            place = self._spool.append(kind, body)
        except StoreUnavailableError as error:
            _log.error("entry not on the disk", reason=str(error))
            return None
        self._metrics.count_log("spooled", 1)
        return place

    def _keep_unsent(self, kind: bytes, body: bytes) -> None:
        segment, number = self._spool.append(kind, body)
        segment.took(number, None)
        self._metrics.count_log("spooled", 1)

    async def _sync_soon(self) -> None:
        """One fsync for all clicks of 50 milliseconds."""
        await asyncio.sleep(GROUP_SYNC_SECONDS)
        try:
            await self._spool.sync()
        except StoreUnavailableError as error:
            _log.error("spool not synced", reason=str(error))


def _is_taken(sent: asyncio.Future[bytes]) -> bool:
    return not sent.cancelled() and sent.exception() is None
