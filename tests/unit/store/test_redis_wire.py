from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis

from service.errors import BadInputError, StoreUnavailableError
from service.store.embedded import processes
from service.store.embedded.stores import EmbeddedStores
from service.store.redis_wire import Address, RedisWire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path


@pytest.fixture
async def wire(redis_url: str) -> AsyncIterator[RedisWire]:
    async with RedisWire(redis_url) as opened:
        yield opened


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as opened:
        await opened.flushdb()
        yield opened


@pytest.fixture(scope="module")
def own_valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStores]:
    """A server that a test may stop and kill."""
    folder = tmp_path_factory.mktemp("valkey")
    with EmbeddedStores(folder, only="valkey", tied=True) as stores:
        yield stores


@pytest.mark.parametrize("value", [b"", b"x", b"\r\n\x00\xff", b"y" * 100_000])
async def test_a_value_reads_as_redis_py_wrote_it(
    wire: RedisWire, client: Redis, value: bytes
) -> None:
    await client.set(b"key", value)
    assert await wire.get(b"key", 1.0) == value == await client.get(b"key")


async def test_a_missing_key_is_none(wire: RedisWire) -> None:
    assert await wire.get(b"nothing", 1.0) is None


async def test_many_reads_at_once_get_their_own_answers(wire: RedisWire, client: Redis) -> None:
    await client.mset({f"key:{n}": f"value {n}" for n in range(0, 500, 2)})
    answers = await asyncio.gather(*[wire.get(b"key:%d" % n, 5.0) for n in range(500)])
    assert answers == [None if n % 2 else b"value %d" % n for n in range(500)]


async def test_what_is_appended_redis_py_reads_in_order(wire: RedisWire, client: Redis) -> None:
    futures = [wire.append(b"stream", b"k", b"event", b"b", b"%d" % n) for n in range(50)]
    ids = await asyncio.gather(*futures)
    entries = await client.xrange("stream") or []
    assert [entry[0] for entry in entries] == ids
    assert [entry[1] for entry in entries] == [
        {b"k": b"event", b"b": b"%d" % n} for n in range(50)
    ]


async def test_an_error_of_the_server_fails_its_own_call_only(
    wire: RedisWire, client: Redis
) -> None:
    await client.lpush("list", "x")
    await client.set("text", "good")
    bad, good = await asyncio.gather(
        wire.get(b"list", 1.0), wire.get(b"text", 1.0), return_exceptions=True
    )
    assert isinstance(bad, StoreUnavailableError)
    assert "WRONGTYPE" in str(bad)
    assert good == b"good"


async def test_any_command_has_its_answer(wire: RedisWire) -> None:
    assert await wire.call(b"INCRBY", b"count", b"5", deadline_seconds=1.0) == 5
    assert await wire.call(b"MGET", b"count", b"none", deadline_seconds=1.0) == [b"5", None]


async def test_the_database_of_the_url_is_chosen(stores: EmbeddedStores) -> None:
    async with (
        RedisWire(stores.valkey.url(62)) as left,
        RedisWire(stores.valkey.url(63)) as right,
    ):
        await left.call(b"SET", b"only:left", b"1", deadline_seconds=1.0)
        assert await right.get(b"only:left", 1.0) is None
        assert await left.get(b"only:left", 1.0) == b"1"


async def test_a_server_that_is_not_there_is_refused_at_once(tmp_path: Path) -> None:
    wire = RedisWire(f"unix://{tmp_path}/none.sock")
    assert not await wire.start(wait_seconds=0.05)
    started = time.perf_counter()
    with pytest.raises(StoreUnavailableError, match="away"):
        await wire.get(b"key", 1.0)
    with pytest.raises(StoreUnavailableError, match="away"):
        await wire.append(b"stream", b"k", b"v")
    wire.append(b"stream", b"k", b"v")  # nobody waits, and nothing is said about it
    assert time.perf_counter() - started < 0.05
    await wire.close()
    await wire.close()


@contextlib.contextmanager
def _stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def _until_connected(wire: RedisWire, patience_seconds: float) -> None:
    deadline = time.monotonic() + patience_seconds
    while not wire.connected:
        assert time.monotonic() < deadline, "the wire did not reconnect"
        await asyncio.sleep(0.01)


async def test_a_server_that_hangs_costs_one_deadline_then_nothing(
    own_valkey: EmbeddedStores,
) -> None:
    async with RedisWire(own_valkey.urls.redis_url) as wire:
        await wire.call(b"SET", b"key", b"value", deadline_seconds=1.0)
        (pid,) = processes.find(own_valkey.valkey.mark)
        with _stopped(pid):
            started = time.perf_counter()
            with pytest.raises(StoreUnavailableError, match="in time"):
                await wire.get(b"key", 0.01)
            assert 0.009 < time.perf_counter() - started < 0.1
            lost = wire.append(b"stream", b"k", b"v")
            with pytest.raises(StoreUnavailableError, match="silent"):
                await lost
            assert not wire.connected  # the breaker is open
            started = time.perf_counter()
            with pytest.raises(StoreUnavailableError, match="away"):
                await wire.get(b"key", 1.0)
            assert time.perf_counter() - started < 0.01
        await _until_connected(wire, 5.0)
        assert await wire.get(b"key", 1.0) == b"value"


async def test_a_server_that_dies_and_comes_back_is_found_again(
    own_valkey: EmbeddedStores,
) -> None:
    async with RedisWire(own_valkey.urls.redis_url) as wire:
        await wire.call(b"SET", b"key", b"value", deadline_seconds=1.0)
        await asyncio.sleep(1.1)  # everysec: now it is on the disk
        (pid,) = processes.find(own_valkey.valkey.mark)
        os.kill(pid, signal.SIGKILL)
        for _ in range(1_000):
            await asyncio.sleep(0.001)
            if not wire.connected:
                break
        with pytest.raises(StoreUnavailableError, match="away"):
            await wire.get(b"key", 0.5)
        await asyncio.to_thread(own_valkey.start)
        await _until_connected(wire, 5.0)
        assert await wire.get(b"key", 1.0) == b"value"


async def test_a_peer_that_talks_nonsense_is_dropped(tmp_path: Path) -> None:
    path = str(tmp_path / "liar.sock")
    greetings = 0

    async def lie(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal greetings
        greetings += 1
        await reader.read(100)
        writer.write(b"+OK\r\n+MORE\r\n" if greetings % 2 else b"?nonsense\r\n")
        await writer.drain()
        await reader.read(100)
        writer.close()

    server = await asyncio.start_unix_server(lie, path)
    async with server:
        wire = RedisWire(f"unix://{path}")
        await wire.start(wait_seconds=0.3)
        await wire.close()
    assert greetings >= 2
    assert not wire.connected


def test_urls_read_as_redis_py_reads_them() -> None:
    assert Address.of("redis://h:1234/5") == Address("h", 1234, database=5)
    assert Address.of("rediss://u:p%40ss@h") == Address(
        "h",
        username="u",
        password="p@ss",  # noqa: S106 - made up
        tls=True,
    )
    assert Address.of("unix:///run/a%20b.sock?db=3") == Address(path="/run/a b.sock", database=3)
    assert Address.of("valkey://h") == Address("h")
    for wrong in ("http://h", "redis://h/x"):
        with pytest.raises(BadInputError):
            Address.of(wrong)


async def test_a_password_is_told(client: Redis, redis_url: str) -> None:
    await client.acl_setuser(
        "tester", enabled=True, passwords=["+secret"], categories=["+@all"], keys=["*"]
    )
    path = redis_url.removeprefix("unix://").partition("?")[0]
    async with RedisWire(f"unix://tester:secret@{path}?db=9") as wire:
        assert await wire.call(b"ACL", b"WHOAMI", deadline_seconds=1.0) == b"tester"
    wrong = RedisWire(f"unix://tester:wrong@{path}")
    assert not await wrong.start(wait_seconds=0.2)
    await wrong.close()
    await client.acl_deluser("tester")
