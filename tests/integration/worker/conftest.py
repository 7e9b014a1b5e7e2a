from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis
from sqlalchemy import text

from service.contract.manifest import TEXT_KINDS, BundleKind
from service.store.stream import STREAM, EventStream
from service.worker.bundles import Bundles
from service.worker.consume import Consumer
from service.worker.refresh import Refresher
from tests.integration.worker.shop import open_shop
from tests.integration.worker.till import Till, forget_others
from tests.unit.inference.made_bundles import made_files, write_bundle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    yield client
    await client.delete(STREAM)
    await client.aclose()


@pytest.fixture
def stream(redis: Redis) -> EventStream:
    return EventStream(redis, "tester")


@pytest.fixture
def consumer(engine: AsyncEngine, redis: Redis, stream: EventStream) -> Consumer:
    return Consumer(engine, redis, stream, abandoned_after_seconds=0.05, claim_every_seconds=0.05)


@pytest.fixture
async def refresher(engine: AsyncEngine, tmp_path: Path) -> AsyncIterator[Refresher]:
    # other tests of the module left stores behind
    async with engine.begin() as connection:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        await connection.execute(text("DELETE FROM charges"))  # they hold on to their campaigns
        await connection.execute(text("SET LOCAL session_replication_role = origin"))
        await connection.execute(text("DELETE FROM stores"))
    made = Refresher(engine, tmp_path, Bundles(tmp_path / "models"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def files() -> dict[BundleKind, dict[str, bytes]]:
    return {kind: made_files(kind) for kind in TEXT_KINDS}


@pytest.fixture
def models(tmp_path: Path, files: dict[BundleKind, dict[str, bytes]]) -> Path:
    """A models folder with version 1 of both."""
    for kind, contents in files.items():
        write_bundle(tmp_path / "models" / kind / "1", kind, contents)
    return tmp_path / "models"


@pytest.fixture
async def till(engine: AsyncEngine) -> Till:
    await forget_others(engine)
    store, campaign = await open_shop(engine, budget=3_000_000)
    return Till(engine, store, campaign)
