"""A TCP proxy on 127.0.0.1 that can be slow, silent, half open, torn or reset, as networks are."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

_RESET: Final = struct.pack("ii", 1, 0)  # SO_LINGER of no time: closing sends RST
_CHUNK: Final = 65_536


class Weather(StrEnum):
    """How the network is."""

    FAIR = "fair"
    SLOW = "slow"  # each byte arrives `slow_seconds` after it was sent, each way
    BLACK_HOLE = "black hole"  # connections are taken, and nothing arrives until it clears
    RESET = "reset"  # every connection is reset, new ones at once
    HALF_OPEN = "half open"  # the store is gone, and nobody told the client
    TORN = "torn"  # an answer breaks off in its middle, then the connection ends


@dataclass
class Proxy:
    """One way to a store that listens on a unix socket. Use it as an asynchronous context."""

    target: str
    port: int
    slow_seconds: float = 0.5
    _weather: Weather = Weather.FAIR
    _clear: asyncio.Event = field(default_factory=asyncio.Event)
    _server: asyncio.Server | None = None
    _carrying: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Proxy:
        self._clear.set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_error: object) -> None:
        assert self._server is not None
        self._server.close()
        self._weather = Weather.FAIR
        self._drop_all()
        await asyncio.gather(*self._carrying, return_exceptions=True)
        await asyncio.sleep(0.01)  # transports close on a later turn of the loop

    def turn(self, weather: Weather) -> None:
        """Change the weather, for the connections that are open too."""
        if self._weather is Weather.BLACK_HOLE and weather is Weather.FAIR:
            self._drop_all()  # what was held for long comes too late for anybody
        self._weather = weather
        if weather is Weather.BLACK_HOLE:
            self._clear.clear()
        else:
            self._clear.set()
        if weather in {Weather.RESET, Weather.HALF_OPEN}:
            self._drop_all()

    def _drop_all(self) -> None:
        for task in list(self._carrying):
            task.cancel()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._carrying.add(task)
        try:
            with suppress(OSError, asyncio.CancelledError):
                await self._carry(reader, writer)
            if self._weather is Weather.HALF_OPEN:
                with suppress(OSError, asyncio.CancelledError):
                    await _swallow(reader)
        finally:
            _reset(writer)
            self._carrying.discard(task)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._weather in {Weather.RESET, Weather.HALF_OPEN}:
            raise ConnectionResetError
        there, back = await asyncio.open_unix_connection(self.target)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._pump(reader, back, tears=False))
                tasks.create_task(self._pump(there, writer, tears=True))
        except* OSError:
            pass  # one side ended, or was cut
        finally:
            back.transport.abort()

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, tears: bool
    ) -> None:
        while data := await source.read(_CHUNK):
            if self._weather is Weather.SLOW:
                await asyncio.sleep(self.slow_seconds)
            await self._clear.wait()
            if tears and self._weather is Weather.TORN:
                sink.write(data[: len(data) // 2])
                await sink.drain()
                raise ConnectionResetError
            sink.write(data)
            await sink.drain()
        raise ConnectionResetError  # one side ended: so does the other


async def _swallow(reader: asyncio.StreamReader) -> None:
    """Take what comes, and never answer."""
    while await reader.read(_CHUNK):
        pass


def _reset(writer: asyncio.StreamWriter) -> None:
    connection: socket.socket = writer.get_extra_info("socket")
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()
