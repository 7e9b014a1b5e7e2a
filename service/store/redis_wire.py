"""Redis for the hot path: one connection, all commands of a loop tick in one write.

redis-py spends more on one read than the whole rest of a request (docs/adr/0002-redis-wire.md).
Everything else uses redis-py.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import parse_qs, unquote, urlsplit

import hiredis

from service.errors import BadInputError, StoreUnavailableError

if TYPE_CHECKING:
    from types import TracebackType

CONNECT_SECONDS: Final = 1.0
SILENCE_SECONDS: Final = 0.1
"""A server that owes an answer for longer than this is taken for dead: the breaker opens."""

FIRST_PAUSE_SECONDS: Final = 0.05
LONGEST_PAUSE_SECONDS: Final = 1.0
_GRACE_SECONDS: Final = 0.01
_UNSENT_LIMIT_BYTES: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class Address:
    """Where a Redis listens, and how to be let in."""

    host: str = "localhost"
    port: int = 6379
    path: str | None = None
    database: int = 0
    username: str | None = None
    password: str | None = None
    tls: bool = False

    @classmethod
    def of(cls, url: str) -> Address:
        """Read redis://, rediss:// and unix:// URLs as redis-py does.

        Raises: BadInputError.
        """
        parts = urlsplit(url)
        scheme = parts.scheme.replace("valkey", "redis")
        if scheme not in {"redis", "rediss", "unix"}:
            raise BadInputError(f"not a Redis URL: {url!r}")
        options = parse_qs(parts.query)
        path = unquote(parts.path)
        number = options.get("db", [path.strip("/") if scheme != "unix" else ""])[0] or "0"
        if not number.isdigit():
            raise BadInputError(f"not a Redis database: {number!r} in {url!r}")
        return cls(
            host=parts.hostname or "localhost",
            port=parts.port or 6379,
            path=path if scheme == "unix" else None,
            database=int(number),
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            tls=scheme == "rediss",
        )


class _Link(asyncio.Protocol):
    """One connection. Answers come in the order of the commands."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._reader = hiredis.Reader()
        self._unsent: list[bytes] = []
        self._owed: deque[asyncio.Future[Any]] = deque()
        self._transport: asyncio.Transport | None = None
        self._heard = 0  # answers so far
        self.lost: asyncio.Future[None] = loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment] # a stream's transport

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        owed = self._owed
        try:
            while (answer := self._reader.gets()) is not False:
                self._heard += 1
                future = owed.popleft()
                if not future.done():
                    if isinstance(answer, hiredis.HiredisError):
                        future.set_exception(StoreUnavailableError(f"Redis says {answer}"))
                    else:
                        future.set_result(answer)
        except (hiredis.ProtocolError, IndexError) as error:
            self.drop(f"Redis does not speak its protocol: {error}")

    def connection_lost(self, error: Exception | None) -> None:
        self.drop(f"the connection to Redis broke: {error}")

    def send(self, *words: bytes) -> asyncio.Future[Any]:
        """Queue a command; all of one loop tick leave in one write."""
        future = self._loop.create_future()
        if not self._unsent:
            self._loop.call_soon(self._flush)
        if not self._owed:
            self._watch()
        self._unsent.append(hiredis.pack_command(words))  # type: ignore[arg-type] # its stub means any tuple
        self._owed.append(future)
        return future

    def _flush(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(b"".join(self._unsent))
        self._unsent.clear()
        if self._transport.get_write_buffer_size() > _UNSENT_LIMIT_BYTES:
            self.drop("Redis does not take what is sent")

    def _watch(self) -> None:
        self._loop.call_later(SILENCE_SECONDS, self._check, self._heard)

    def _check(self, heard_before: int) -> None:
        if not self._owed or self.lost.done():
            return  # `send` watches again
        if self._heard == heard_before:
            # our own loop may have been held up, with the answer unread in the socket
            self._loop.call_later(_GRACE_SECONDS, self._judge, heard_before)
        else:
            self._watch()

    def _judge(self, heard_before: int) -> None:
        if self._owed and self._heard == heard_before:
            self.drop(f"Redis was silent for {SILENCE_SECONDS} s")
        elif self._owed:
            self._watch()

    def drop(self, reason: str) -> None:
        """Give the connection up; every command without an answer fails, its effect unknown."""
        if self._transport is not None:
            self._transport.abort()
        error = StoreUnavailableError(reason)
        while self._owed:
            future = self._owed.popleft()
            if not future.done():
                future.set_exception(error)
                future.exception()  # a caller that does not wait need not look
        if not self.lost.done():
            self.lost.set_result(None)


class RedisWire:
    """A multiplexed connection that is kept up in the background.

    While it is down, every call fails at once. Use it as an asynchronous context, or call `start`
    and `close`.
    """

    def __init__(self, url: str) -> None:
        self._address = Address.of(url)
        self._link: _Link | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def connected(self) -> bool:
        """Whether calls are sent now, rather than refused."""
        return self._link is not None and not self._link.lost.done()

    async def start(self, wait_seconds: float = CONNECT_SECONDS) -> bool:
        """Begin to keep a connection; returns whether there is one within `wait_seconds`."""
        self._loop = asyncio.get_running_loop()
        if self._keeper is None:
            self._keeper = self._loop.create_task(self._keep())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ready.wait(), wait_seconds)
        return self.connected

    async def close(self) -> None:
        """Close the connection and stop reconnecting."""
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
            self._keeper = None

    async def get(self, key: bytes, deadline_seconds: float) -> bytes | None:
        """The value of `key`, or None where there is none.

        Raises: StoreUnavailableError when Redis is away or does not answer in time.
        """
        answer: bytes | None = await self.call(b"GET", key, deadline_seconds=deadline_seconds)
        return answer

    async def call(self, *words: bytes, deadline_seconds: float) -> Any:
        """The answer to any one command.

        Raises: StoreUnavailableError when Redis is away, late, or refuses.
        """
        if self._link is None or self._loop is None or self._link.lost.done():
            raise StoreUnavailableError("Redis is away")
        future = self._link.send(*words)
        alarm = self._loop.call_later(deadline_seconds, _late, future)
        try:
            return await future
        finally:
            alarm.cancel()

    def append(self, stream: bytes, *fields: bytes) -> asyncio.Future[bytes]:
        """Add an entry of field, value, field, value... to a stream.

        The caller need not wait; who waits gets the entry's id.
        Raises, when awaited: StoreUnavailableError; the entry may then be there or not.
        """
        if self._link is None or self._link.lost.done():
            failed: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
            failed.set_exception(StoreUnavailableError("Redis is away"))
            failed.exception()  # a caller that does not wait need not look
            return failed
        future = self._link.send(b"XADD", stream, b"*", *fields)
        future.add_done_callback(_look)
        return future

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def _keep(self) -> None:
        pause_seconds = FIRST_PAUSE_SECONDS
        while True:
            link = await self._connect()
            if link is not None:
                pause_seconds = FIRST_PAUSE_SECONDS
                await self._use(link)
            else:
                await asyncio.sleep(pause_seconds)
                pause_seconds = min(pause_seconds * 2, LONGEST_PAUSE_SECONDS)

    async def _use(self, link: _Link) -> None:
        """Serve calls by `link` until it is lost."""
        self._link = link
        self._ready.set()
        try:
            await link.lost
        finally:
            self._link = None
            self._ready.clear()
            link.drop("the connection to Redis was closed")

    async def _connect(self) -> _Link | None:
        loop = asyncio.get_running_loop()
        link = _Link(loop)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._open(loop, link)
                await self._greet(link)
        except (OSError, TimeoutError, StoreUnavailableError):
            link.drop("Redis cannot be reached")
            return None
        except asyncio.CancelledError:
            link.drop("the connection to Redis was closed")
            raise
        return link

    async def _open(self, loop: asyncio.AbstractEventLoop, link: _Link) -> None:
        address = self._address
        if address.path is not None:
            await loop.create_unix_connection(lambda: link, address.path)
        else:
            tls = True if address.tls else None
            await loop.create_connection(lambda: link, address.host, address.port, ssl=tls)

    async def _greet(self, link: _Link) -> None:
        """Log in, choose the database, and see that the server answers."""
        address = self._address
        if address.password is not None:
            name = [address.username.encode()] if address.username else []
            await link.send(b"AUTH", *name, address.password.encode())
        await link.send(b"SELECT", b"%d" % address.database)


def _late(future: asyncio.Future[Any]) -> None:
    if not future.done():
        future.set_exception(StoreUnavailableError("Redis did not answer in time"))


def _look(future: asyncio.Future[Any]) -> None:
    """Retrieve the outcome, so that asyncio does not report it as forgotten."""
    if not future.cancelled():
        future.exception()
