"""What a serving process holds while it runs: made by main, read by the routes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable

    from starlette.requests import HTTPConnection

    from service.api.keys import LiveStores
    from service.api.metrics import Metrics
    from service.api.tokens import TokenSigner


class ProfileSource(Protocol):
    """The one read on the hot path (`store.redis_wire.RedisWire`)."""

    async def get(self, key: bytes, deadline_seconds: float) -> bytes | None:
        """The value of `key`.

        Raises: StoreUnavailableError when Redis gives none in time.
        """


class EventLog(Protocol):
    """Where events and decisions go: the stream, and the spool behind it."""

    def append_soon(self, kind: bytes, body: bytes) -> asyncio.Future[None] | None:
        """Start writing `body`; the caller does not wait."""

    def append(self, kind: bytes, bodies: list[bytes]) -> Awaitable[None]:
        """Return once the stream or the spool holds all of `bodies`.

        Raises: StoreUnavailableError when neither does.
        """


@dataclass(slots=True)
class State:
    """The parts of one serving process."""

    live: LiveStores
    signer: TokenSigner
    profiles: ProfileSource
    log: EventLog
    metrics: Metrics
    base_url: str | None = None  # None: the host that the request names
    draining: bool = False  # SIGTERM came: not ready any more, but still serving


def state_of(connection: HTTPConnection) -> State:
    """The state of the process that serves `connection`."""
    return cast("State", connection.app.state.salient)
