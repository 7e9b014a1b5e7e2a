"""Where events and decisions go: the stream, and the spool when Redis is away."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from service.errors import StoreUnavailableError
from service.store.stream import STREAM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.api.metrics import Metrics
    from service.store.redis_wire import RedisWire
    from service.store.spool import Spool, Spooled

GROUP_SYNC_SECONDS = 0.050
GROUP_SEND_SECONDS = 0.003
"""What nobody waits for leaves together: a write of its own would cost more than its request."""

DRAIN_EVERY_SECONDS = 1.0
AT_A_TIME = 50  # entries of one batch
_log = structlog.get_logger(__name__)


class EventLog:
    """Writes to the stream, and to the spool what the stream does not take.

    What stands in both comes to the worker twice, and counts once.
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
        """As `append_soon`, and at once to the spool: a kill right after this loses nothing."""
        self._keep(kind, body)
        if self._syncing is None or self._syncing.done():
            self._syncing = asyncio.create_task(self._sync_soon())
        self._send(kind, body)

    async def append(self, kind: bytes, bodies: Sequence[bytes]) -> None:
        """Return once the stream or the spool holds all of `bodies`.

        Raises: StoreUnavailableError when neither takes them.
        """
        self._empty_outbox()
        sent = []
        for number, body in enumerate(bodies, 1):
            sent.append(self._send(kind, body))
            if number % AT_A_TIME == 0:
                await asyncio.sleep(0)  # requests for ads go in between
        left = []
        for body, future in zip(bodies, sent, strict=True):
            try:
                await future
            except StoreUnavailableError:
                left.append(body)
        if left:
            for body in left:
                self._spool.append(kind, body)
            await self._spool.sync()
        self._metrics.count_log("sent", len(bodies) - len(left))
        self._metrics.count_log("spooled", len(left))

    async def close(self) -> None:
        """Send what is left; what the stream does not take stays in the spool."""
        self._empty_outbox()
        await asyncio.gather(*self._settling)

    async def drain_forever(self) -> None:
        """Bring the spool's entries to the stream whenever Redis is there."""
        while True:
            await asyncio.sleep(DRAIN_EVERY_SECONDS)
            try:
                await self.drain()
            except StoreUnavailableError as error:
                _log.warning("spool not drained", reason=str(error))

    async def drain(self) -> None:
        """Bring the spool's entries to the stream.

        Raises: StoreUnavailableError when Redis goes away meanwhile; they stay in the spool.
        """
        if not self._wire.connected or not self._spool.waiting():
            return
        await self._spool.sync()
        drained = await self._spool.drain(self._send_all)
        self._metrics.count_log("drained", drained.entries)
        self._metrics.count_log("torn", drained.torn)

    async def _send_all(self, entries: Sequence[Spooled]) -> None:
        await asyncio.gather(*(self._send(kind, body) for kind, body in entries))

    def _empty_outbox(self) -> None:
        outbox, self._outbox = self._outbox, []
        if outbox:
            task = asyncio.create_task(self._settle(outbox, [self._send(*one) for one in outbox]))
            self._settling.add(task)
            task.add_done_callback(self._settling.discard)

    async def _settle(
        self, entries: Sequence[Spooled], sent: Sequence[asyncio.Future[bytes]]
    ) -> None:
        """Keep what the stream did not take."""
        taken = 0
        for (kind, body), future in zip(entries, sent, strict=True):
            try:
                await future
                taken += 1
            except StoreUnavailableError:
                self._keep(kind, body)
        self._metrics.count_log("sent", taken)

    def _send(self, kind: bytes, body: bytes) -> asyncio.Future[bytes]:
        return self._wire.append(STREAM, b"k", kind, b"b", body)

    def _keep(self, kind: bytes, body: bytes) -> None:
        try:
            self._spool.append(kind, body)
        except StoreUnavailableError as error:
            self._metrics.count_log("dropped", 1)
            _log.error("entry dropped", reason=str(error))
        else:
            self._metrics.count_log("spooled", 1)

    async def _sync_soon(self) -> None:
        """One fsync for all clicks of 50 milliseconds."""
        await asyncio.sleep(GROUP_SYNC_SECONDS)
        try:
            await self._spool.sync()
        except StoreUnavailableError as error:
            _log.error("spool not synced", reason=str(error))
