"""The whole service on real stores, in process: API, worker, two shops."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sqlalchemy import text

from service.main import create_app
from service.settings import Settings
from service.store.keys import create_key
from service.store.postgres import open_engine
from service.worker.refresh import refresh_once
from service.worker.run import run_worker
from tests.integration.worker.shop import open_shop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.api.state import State
    from service.decision.terms import Campaign, Store

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36"
PAGE = "https://lamps.example"


@dataclass(frozen=True)
class Shop:
    """A shop with a campaign on everything it sells, and its two keys."""

    store: Store
    campaign: Campaign
    publishable: str
    secret: str


class Cuttable:
    """A way to a unix socket that can be cut and mended, frozen and thawed."""

    def __init__(self, target: str, path: Path) -> None:
        self._target, self.path = target, path
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._flows = asyncio.Event()
        self._flows.set()

    async def mend(self) -> None:
        self._server = await asyncio.start_unix_server(self._carry, str(self.path))

    async def cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._open):
            writer.transport.abort()
        self.path.unlink(missing_ok=True)
        await asyncio.sleep(0.01)

    def freeze(self) -> None:
        """Carry nothing, and say nothing: as a server that hangs."""
        self._flows.clear()

    def thaw(self) -> None:
        self._flows.set()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(self._target)
        self._open |= {writer, back}
        with suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(self._pump(reader, back), self._pump(there, writer))
        for one in (writer, back):
            one.transport.abort()
            self._open.discard(one)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65_536):
            await self._flows.wait()
            sink.write(data)
            await sink.drain()
        sink.transport.abort()


async def within(seconds: float, look: Callable[[], Awaitable[Any]]) -> Any:
    """The first thing that is not nothing, looked for every 20 ms; none is a failure."""
    for _ in range(round(seconds / 0.02)):
        if found := await look():
            return found
        await asyncio.sleep(0.02)
    pytest.fail(f"nothing within {seconds} s")


@dataclass(frozen=True)
class Service:
    """The running service, and what a test wants to look at."""

    client: httpx.AsyncClient
    engine: AsyncEngine
    state: State
    redis: Cuttable
    shop: Shop
    other: Shop

    async def ads(self, shop: Shop | None = None, **more: Any) -> dict[str, Any]:
        """Ask for lamps with the shop's publishable key."""
        body = {"query": "lamp", "placement": "search_top"} | more
        key = (shop or self.shop).publishable
        response = await self.client.post(
            "/v1/ads", json=body, headers={"authorization": f"Bearer {key}"}
        )
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def tell(self, *events: dict[str, Any], shop: Shop | None = None) -> httpx.Response:
        """Send events with the shop's publishable key."""
        return await self.client.post(
            "/v1/events",
            json={"events": events},
            headers={"authorization": f"Bearer {(shop or self.shop).publishable}"},
        )

    async def rows(self, query: str, **values: Any) -> list[Any]:
        """What the database says."""
        async with self.engine.connect() as connection:
            return list((await connection.execute(text(query), values)).all())

    async def rows_within(self, seconds: float, query: str, **values: Any) -> list[Any]:
        """The first rows that the database gives within `seconds`; none is a failure."""
        found: list[Any] = await within(seconds, lambda: self.rows(query, **values))
        return found


async def _shop(engine: AsyncEngine, **options: Any) -> Shop:
    store, campaign = await open_shop(engine, **options)
    async with engine.begin() as connection:
        _, publishable = await create_key(
            connection, store.store_id, "publishable", ("serve", "events"), (PAGE,)
        )
        _, secret = await create_key(connection, store.store_id, "secret", ("admin",))
    return Shop(store, campaign, publishable, secret)


@pytest.fixture
def shop_options() -> dict[str, Any]:
    """How the first shop is opened; a test may override it."""
    return {}


@pytest.fixture
def private_webhooks() -> bool:
    """Whether webhooks may lead to this host; a test may override it."""
    return False


@pytest.fixture
async def service(
    database_url: str,
    redis_url: str,
    tmp_path: Path,
    shop_options: dict[str, Any],
    private_webhooks: bool,
) -> AsyncIterator[Service]:
    engine = open_engine(database_url)
    shop, other = await _shop(engine, **shop_options), await _shop(engine)
    models = tmp_path / "models"
    models.mkdir()
    await refresh_once(engine, state=tmp_path, models=models)
    socket, _, options = redis_url.removeprefix("unix://").partition("?")
    redis = Cuttable(socket, tmp_path / "r.sock")
    await redis.mend()
    settings = Settings(
        database_url=database_url,
        redis_url=f"unix://{redis.path}?{options}",
        state=tmp_path,
        models=models,
        private_webhooks=private_webhooks,
    )
    app = create_app(settings)
    stop = asyncio.Event()
    worker = asyncio.create_task(
        run_worker(
            database_url=database_url,
            redis_url=redis_url,
            state=tmp_path,
            models=models,
            stop=stop,
            private_webhooks=private_webhooks,
        )
    )
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app),
            base_url="http://ads.example",
            headers={"user-agent": BROWSER},
        ) as client,
    ):
        yield Service(client, engine, app.state.salient, redis, shop, other)
        stop.set()
        await worker
    await redis.cut()
    await engine.dispose()
