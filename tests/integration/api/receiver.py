"""A small server that webhooks call: it keeps what it was sent and answers as it is told."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from pathlib import Path

OK = b"HTTP/1.1 204 No Content\r\n\r\n"


@dataclass(frozen=True)
class Received:
    """One request."""

    path: str
    headers: dict[str, str]  # by name in lower case
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        content: dict[str, Any] = orjson.loads(self.body)
        return content


@dataclass
class Receiver:
    """Answers with what stands first in `answers`, then with 204; None is silence."""

    answers: list[bytes | None] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    url: str = ""
    sent_bytes: int = 0
    _server: asyncio.Server | None = None
    _open: list[asyncio.StreamWriter] = field(default_factory=list)
    _calls: list[asyncio.Future[None]] = field(default_factory=list)

    async def open(self, certificate: Path | None = None) -> None:
        context = None
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=context)
        port = self._server.sockets[0].getsockname()[1]
        scheme = "http" if certificate is None else "https"
        self.url = f"{scheme}://localhost:{port}/hook"

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in self._open:
            writer.transport.abort()
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)
        await asyncio.sleep(0)  # for the transports to be gone

    def types(self) -> list[str]:
        return [one.event["type"] for one in self.received]

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.append(writer)
        self._calls.append(asyncio.ensure_future(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.strip().split("\r\n")
            headers = {
                name.lower(): value for name, _, value in (line.partition(": ") for line in lines)
            }
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.received.append(Received(first.split(" ")[1], headers, body))
            await self._answer(writer, self.answers.pop(0) if self.answers else OK)
        writer.transport.abort()

    async def _answer(self, writer: asyncio.StreamWriter, answer: bytes | None) -> None:
        if answer is None:
            await asyncio.sleep(30)
            return
        writer.write(answer)
        await writer.drain()
        if b"chunked" in answer:  # a body that never ends
            for _ in range(2000):
                writer.write(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
                await writer.drain()
                self.sent_bytes += 65_536
        writer.close()
        await writer.wait_closed()
