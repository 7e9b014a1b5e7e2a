"""The worker waits out a store that is stopped, killed, or not there yet."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis

from service.store.embedded.stores import EmbeddedStores
from service.store.migrate import migrate
from service.store.postgres import open_engine
from service.store.stream import EventStream
from service.worker.run import run_worker
from tests.integration.worker.shop import as_entries, click, column, eventually, one, open_shop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.decision.terms import Campaign, Store

PRICE = 250_000


@pytest.fixture(scope="module")
def own_stores() -> Iterator[EmbeddedStores]:
    """Stores that only this module uses, so that it may stop them."""
    with tempfile.TemporaryDirectory(prefix="salient-") as folder:
        stores = EmbeddedStores(Path(folder), tied=True)
        with stores:
            migrate(stores.urls.database_url)
            yield stores


@asynccontextmanager
async def working(stores: EmbeddedStores, state: Path) -> AsyncIterator[None]:
    """A worker for as long as the block lasts."""
    stop = asyncio.Event()
    worker = asyncio.create_task(
        run_worker(
            database_url=stores.urls.database_url,
            redis_url=stores.urls.redis_url,
            state=state,
            models=state / "models",
            stop=stop,
        )
    )
    yield
    stop.set()
    await worker


async def send(stores: EmbeddedStores, store: Store, campaign: Campaign, *numbers: int) -> None:
    clicks = [click(campaign, store, number) for number in numbers]
    async with Redis.from_url(stores.urls.redis_url) as redis:
        await EventStream(redis, "sender").append(as_entries(clicks))


async def wait_for(engine: AsyncEngine, store: Store, number: int) -> None:
    """Wait until `number` events of the store are there, each once, each charged once."""
    query = "SELECT event_key FROM events WHERE store_id = :id"

    async def there() -> bool:
        return len(await column(engine, query, id=store.store_id)) >= number

    await eventually(there, seconds=15)
    keys = await column(engine, query, id=store.store_id)
    assert len(keys) == len(set(keys)) == number
    spent = await one(
        engine, "SELECT spent_micros FROM campaigns WHERE store_id = :id", id=store.store_id
    )
    assert spent == number * PRICE


async def test_postgres_stopped_and_started_again_loses_nothing(
    own_stores: EmbeddedStores, tmp_path: Path
) -> None:
    engine = open_engine(own_stores.urls.database_url)
    store, campaign = await open_shop(engine)
    async with working(own_stores, tmp_path):
        await send(own_stores, store, campaign, *range(50))
        await wait_for(engine, store, 50)
        own_stores.postgres.stop()
        await send(own_stores, store, campaign, *range(50, 150))
        await asyncio.sleep(1)
        own_stores.postgres.start(tied=True)
        await wait_for(engine, store, 150)
    await engine.dispose()


async def test_redis_stopped_and_started_again_goes_on(
    own_stores: EmbeddedStores, tmp_path: Path
) -> None:
    engine = open_engine(own_stores.urls.database_url)
    store, campaign = await open_shop(engine)
    async with working(own_stores, tmp_path):
        await send(own_stores, store, campaign, *range(50))
        await wait_for(engine, store, 50)
        own_stores.valkey.stop()
        await asyncio.sleep(1)
        own_stores.valkey.start(tied=True)
        await send(own_stores, store, campaign, *range(50, 100))
        await wait_for(engine, store, 100)
    await engine.dispose()


async def test_a_worker_started_before_its_stores_waits_for_them(
    own_stores: EmbeddedStores, tmp_path: Path
) -> None:
    engine = open_engine(own_stores.urls.database_url)
    store, campaign = await open_shop(engine)
    await send(own_stores, store, campaign, 1, 2, 3)
    await engine.dispose()
    own_stores.postgres.stop()
    own_stores.valkey.stop()
    async with working(own_stores, tmp_path):
        await asyncio.sleep(1)
        own_stores.valkey.start(tied=True)
        own_stores.postgres.start(tied=True)
        await wait_for(engine, store, 3)
    await engine.dispose()
