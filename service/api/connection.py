"""Connections that may not be held for nothing: uvicorn itself has no limit on slow headers."""

from __future__ import annotations

import sys
from http import HTTPStatus
from time import perf_counter
from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.api.refusals import RefusedRequestError, refusal

if TYPE_CHECKING:
    import asyncio

    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

HEADER_SECONDS = 5.0
BODY_SECONDS = 15.0
SLOWEST_BODY = 8 * 1024  # bytes a second: a body that comes faster is waited for
HEADER_LIMIT = 64 * 1024  # bytes of request line and headers
TARGET_LIMIT = 8 * 1024  # bytes of path and query string: a token is the longest of ours
UNREAD_LIMIT = 1024 * 1024  # bytes of a body that come after its answer
KEPT_LIMIT = 64 * 1024  # bytes of answers
ARRIVED = "salient.arrived"  # in the scope: when the headers were complete, on perf_counter

_TOO_LONG_HEADERS = f"the headers are longer than {HEADER_LIMIT} bytes"


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
    """Closes a connection whose headers or body do not come, or do not end; and one too many.

    Between requests uvicorn's own keep-alive timeout holds.
    """

    def __init__(self, *given: Any, most_connections: int | None = None, **named: Any) -> None:
        super().__init__(*given, **named)
        self._most_connections = most_connections
        self._seconds = HEADER_SECONDS  # that the part awaited may take; 0: nothing is awaited
        self._alarm: asyncio.TimerHandle | None = None
        self._header_bytes = 0
        self._body_bytes = 0  # since the wait for the body began, or was lengthened
        self._unread_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request, if there is room."""
        super().connection_made(cast("asyncio.Transport", _Together(transport, self.loop)))
        if self._most_connections is not None and len(self.connections) > self._most_connections:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "too many connections; try again")
        else:
            self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._unwatch()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes, and watch for the rest if a request is not whole."""
        if self.transport.is_closing():
            return  # refused: what still comes is nobody's
        self._header_bytes += len(data)
        super().data_received(data)
        if self._seconds:
            self._watch()
            if self._seconds == HEADER_SECONDS and self._header_bytes > HEADER_LIMIT:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, _TOO_LONG_HEADERS)

    def on_message_begin(self) -> None:
        """A request's first byte is here."""
        self._seconds, self._unread_bytes = HEADER_SECONDS, 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Some of the request's target is here."""
        super().on_url(url)
        if len(self.url) > TARGET_LIMIT:
            raise RefusedRequestError(
                HTTPStatus.REQUEST_URI_TOO_LONG,
                f"path and query string are longer than {TARGET_LIMIT} bytes",
            )

    def on_headers_complete(self) -> None:
        """A request's headers are here."""
        if self._header_bytes > HEADER_LIMIT:  # that, or a body which came with them
            self._check_headers()
        self._header_bytes = 0
        self._unwatch()
        self._seconds, self._body_bytes = BODY_SECONDS, 0
        self.scope[ARRIVED] = perf_counter()  # type: ignore[literal-required] # our own key
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Some of a body is here, perhaps after its answer, when nobody reads it any more."""
        self._body_bytes += len(body)
        if self.cycle.response_complete:
            self._unread_bytes += len(body)
            if self._unread_bytes > UNREAD_LIMIT:
                self.transport.close()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """All of a request is here."""
        self._unwatch()
        self._seconds, self._header_bytes = 0.0, 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's own words
        """Say what is wrong with bytes that the parser could not take."""
        error = sys.exception()
        cause = error.__context__ if error is not None else None
        if isinstance(cause, RefusedRequestError):
            self._refuse(cause.status, str(cause))
        else:
            self._refuse(HTTPStatus.BAD_REQUEST, "what was received is no HTTP/1.1 request")

    def _check_headers(self) -> None:
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > HEADER_LIMIT:
            raise RefusedRequestError(
                HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, _TOO_LONG_HEADERS
            )

    def _watch(self) -> None:
        if self._alarm is None:
            self._alarm = self.loop.call_later(self._seconds, self._time_is_up)

    def _unwatch(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _time_is_up(self) -> None:
        if self._seconds == BODY_SECONDS and self._body_bytes >= BODY_SECONDS * SLOWEST_BODY:
            self._alarm, self._body_bytes = None, 0
            self._watch()
            return
        part = "headers" if self._seconds == HEADER_SECONDS else "body"
        seconds = f"{self._seconds:.0f} s"
        self._refuse(HTTPStatus.REQUEST_TIMEOUT, f"the {part} did not come within {seconds}")

    def _refuse(self, status: HTTPStatus, detail: str) -> None:
        """Answer, unless another answer was begun, and close."""
        self._unwatch()
        self.connections.discard(self)
        if self.transport.is_closing():
            return
        if not self._has_begun_to_answer():
            self.transport.write(refusal(status, detail))
        self.transport.close()

    def _has_begun_to_answer(self) -> bool:
        """Whether the client waits for the end of an answer, or for none any more."""
        cycle: RequestResponseCycle | None = self.cycle  # none before the first request
        if cycle is None or not cycle.response_started:
            return False
        return self._seconds == BODY_SECONDS or not cycle.response_complete
