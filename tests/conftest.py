"""A real Postgres and a real Valkey for every test that asks for them, started once a run."""

from __future__ import annotations

import itertools
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
import pytest_socket
import redis
from hypothesis import settings

from service.store.embedded.stores import EmbeddedStores
from service.store.migrate import migrate
from service.store.postgres import open_engine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

# titles show what the policy chooses, unless a test says otherwise
os.environ.setdefault("SALIENT_EXPLORED_SHARE", "0")

# how long an example takes says more of the machine's other work than of the code
settings.register_profile("salient", deadline=None)
settings.load_profile("salient")

_UNIT = Path(__file__).parent / "unit"
_TEMPLATE = "template_salient"
_FILLED = (  # and what hangs on them
    "stores, events, decisions, event_keys, charges, unpaid, payments, dead_letters, audit_log"
)
_numbers = itertools.count(1)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if _UNIT in item.path.parents:
        pytest_socket.disable_socket(allow_unix_socket=True)


@pytest.fixture(scope="session")
def stores() -> Iterator[EmbeddedStores]:
    # a short path, for sockets; `tied`: even a killed run leaves no server behind
    with tempfile.TemporaryDirectory(prefix="salient-") as folder:
        embedded = EmbeddedStores(Path(folder), tied=True, durable=False)
        with embedded:
            with psycopg.connect(embedded.postgres.url("postgres"), autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {_TEMPLATE}")
            migrate(embedded.postgres.url(_TEMPLATE))
            yield embedded


@pytest.fixture(scope="module")
def database_url(stores: EmbeddedStores) -> Iterator[str]:
    """A fresh, migrated database for each test module."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(stores.postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
        yield stores.postgres.url(name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty(database_url: str) -> Callable[[], None]:
    """Empties the database; the ledger, too, which only grows otherwise."""

    def now() -> None:
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(f"TRUNCATE {_FILLED} CASCADE")

    return now


@pytest.fixture
def emptied(empty: Callable[[], None]) -> Iterator[None]:
    """The test leaves the database empty for the next one."""
    yield
    empty()


@pytest.fixture(scope="module")
def redis_url(stores: EmbeddedStores) -> Iterator[str]:
    """A Redis database for each test module, empty at its start."""
    url = stores.valkey.url(next(_numbers) % 64)
    with redis.Redis.from_url(url) as client:
        client.flushdb()
        yield url
        client.flushdb()


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    made = open_engine(database_url)
    yield made
    await made.dispose()


@pytest.fixture
async def connection(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection inside a transaction that is rolled back after the test."""
    async with engine.connect() as opened:
        await opened.begin()
        yield opened
        await opened.rollback()
