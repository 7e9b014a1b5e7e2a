"""Connections that may not be held for nothing: uvicorn itself has no limit on slow headers."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio

HEADER_SECONDS = 5.0
BODY_SECONDS = 15.0
HEADER_LIMIT = 64 * 1024  # bytes of request line and headers
KEPT_LIMIT = 64 * 1024  # bytes of answers
ARRIVED = "salient.arrived"  # in the scope: when the headers were complete, on perf_counter


class _Together:
    """A transport whose writes of one turn of the loop leave at its end.

    uvicorn writes the head and the body of an answer apart, and answers that were decided together
    are ready together: to send them one after the other costs fewer and shorter system calls.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._kept = b""

    def write(self, data: bytes) -> None:
        """Keep `data` for the end of the turn; send what is long at once."""
        if not self._kept:
            self._loop.call_soon(self._flush)
        self._kept += data
        if len(self._kept) > KEPT_LIMIT:
            self._flush()

    def close(self) -> None:
        """Send what is kept and close."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._kept:
            kept, self._kept = self._kept, b""
            self._transport.write(kept)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class GuardedHttp(HttpToolsProtocol):
    """Closes a connection whose headers or body do not come, or whose headers do not end.

    Between requests uvicorn's own keep-alive timeout holds.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._seconds = HEADER_SECONDS  # that the part awaited may take; 0: nothing is awaited
        self._alarm: asyncio.TimerHandle | None = None
        self._header_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(cast("asyncio.Transport", _Together(transport, self.loop)))
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._unwatch()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes, and watch for the rest if a request is not whole."""
        super().data_received(data)
        if self._seconds:
            self._watch()
            if self._seconds == HEADER_SECONDS:
                self._header_bytes += len(data)
                if self._header_bytes > HEADER_LIMIT:
                    self._refuse(b"431 Request Header Fields Too Large")

    def on_message_begin(self) -> None:
        """A request's first byte is here."""
        self._seconds, self._header_bytes = HEADER_SECONDS, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A request's headers are here."""
        self._unwatch()
        self._seconds = BODY_SECONDS
        self.scope[ARRIVED] = perf_counter()  # type: ignore[literal-required] # our own key
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """All of a request is here."""
        self._unwatch()
        self._seconds = 0.0
        super().on_message_complete()

    def _watch(self) -> None:
        if self._alarm is None:
            self._alarm = self.loop.call_later(self._seconds, self._refuse, b"408 Request Timeout")

    def _unwatch(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _refuse(self, status: bytes) -> None:
        self._unwatch()
        if self.transport.is_closing():
            return
        self.transport.write(
            b"HTTP/1.1 " + status + b"\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        )
        self.transport.close()
