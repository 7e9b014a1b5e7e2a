"""What a serving process holds while it runs: made by main, read by the routes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, cast

from service.api.docket import Docket
from service.api.management.rate_limit import RateLimiter
from service.api.sources import Sources
from service.decision.allowance import Allowance
from service.decision.claims import NO_TAGGER
from service.decision.pooled_responses import PooledResponses

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from redis.asyncio import Redis
    from sqlalchemy.ext.asyncio import AsyncEngine
    from starlette.requests import HTTPConnection

    from service.api.keys import LiveStores
    from service.api.metrics import Metrics
    from service.api.tokens import TokenSigner
    from service.contract.tagging import Tagger
    from service.decision.responses import ResponseModel


class ProfileSource(Protocol):
    """The one read on the hot path (`store.redis_wire.RedisWire`)."""

    async def get(self, key: bytes, deadline_seconds: float) -> bytes | None:
        """The value of `key`.

        Raises: StoreUnavailableError when Redis gives none in time.
        """


class Log(Protocol):
    """Where events and decisions go (`api.event_log.EventLog`)."""

    def append_soon(self, kind: bytes, body: bytes) -> None:
        """Write one entry; the caller does not wait."""

    def append_surely(self, kind: bytes, body: bytes) -> None:
        """As `append_soon`, and a kill right after it loses nothing."""

    async def append(
        self, kind: bytes, bodies: Sequence[bytes], *, surely: Collection[int] = ()
    ) -> None:
        """Return once `bodies` are kept, and those numbered `surely` on a disk of our own.

        Raises: StoreUnavailableError when they cannot be.
        """


@dataclass(slots=True)
class State:
    """The parts of one serving process."""

    live: LiveStores
    signer: TokenSigner
    profiles: ProfileSource
    log: Log
    metrics: Metrics
    docket: Docket = field(default_factory=Docket)
    allowances: defaultdict[str, Allowance] = field(default_factory=lambda: defaultdict(Allowance))
    database: AsyncEngine | None = None  # Postgres, for management routes only
    redis: Redis | None = None  # for management routes only
    private_webhooks: bool = False  # whether webhooks may lead to http:// and to private addresses
    limiter: RateLimiter = field(default_factory=RateLimiter)
    tagger: Tagger = NO_TAGGER  # finds attributes in titles and descriptions
    # what foretells the answers of platforms: the newest; one that is new takes a while to open
    response_model: Callable[[], ResponseModel] = PooledResponses
    explored_share: float = 0.0  # of titles, whose selling points are drawn by lot
    sources: Sources = field(default_factory=Sources)  # where requests come from
    base_url: str | None = None  # None: the host that the request names
    draining: bool = False  # SIGTERM came: not ready any more, but still serving
    linger_seconds: float = 0.5  # how long it serves on then


def state_of(connection: HTTPConnection) -> State:
    """The state of the process that serves `connection`."""
    return cast("State", connection.app.state.salient)
