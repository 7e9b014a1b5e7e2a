"""Servers are stopped and started one after the other, and no shopper notices."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from service.store.snapshots import point_to, write_snapshot
from service.store.stream import STREAM
from tests.faults.balanced import Server, Shoppers
from tests.unit.api.shop import SHOE, snapshot_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from redis.asyncio import Redis

VIEWS_A_SECOND = 40.0  # three requests each
ROUNDS = 3
ASK = {"query": "running shoe", "placement": "search_top", "timeout_ms": 1000}


@pytest.fixture
def environment(tmp_path: Path, redis_url: str) -> dict[str, str]:
    """A state folder with one snapshot, which all servers share, and the stream."""
    point_to(write_snapshot(snapshot_of(SHOE, "a"), tmp_path / "snapshots" / SHOE))
    return {
        "DATABASE_URL": "",
        "REDIS_URL": redis_url,
        "SALIENT_STATE": str(tmp_path),
        "SALIENT_MODELS": str(tmp_path),
        "SALIENT_LINGER_SECONDS": "0.5",
    }


@pytest.fixture
async def started() -> AsyncIterator[list[Server]]:
    servers: list[Server] = []
    yield servers
    for server in servers:
        await server.end()


async def start_all(started: list[Server], *environments: dict[str, str]) -> Shoppers:
    """A server for each environment, and shoppers for all of them."""
    started += [Server(environment) for environment in environments]
    await asyncio.gather(*(server.start() for server in started))
    return Shoppers(started, ASK, "sk_a")


async def restart_each(shoppers: Shoppers, *, rounds: int = 1) -> None:
    """Each server stops and starts again, `rounds` times, while shoppers come."""
    async with shoppers.at(VIEWS_A_SECOND):
        for server in shoppers.servers * rounds:
            await server.stop()
            await server.start()


async def kept(redis: Redis) -> set[str]:
    """The keys of all searches and clicks in the stream."""
    entries: Any = await redis.xrange(STREAM)
    events = [json.loads(fields[b"b"]) for _, fields in entries if fields[b"k"] == b"event"]
    return {one["event_key"] for one in events if one["type"] in {"search", "click"}}


async def test_a_server_of_two_processes_leaves_and_nobody_notices(
    started: list[Server], environment: dict[str, str], redis: Redis
) -> None:
    shoppers = await start_all(started, environment | {"SALIENT_WORKERS": "2"}, environment)
    async with shoppers.at(VIEWS_A_SECOND):
        await asyncio.sleep(0.5)
        await started[0].stop()
        await asyncio.sleep(0.5)
    assert shoppers.failures == []
    assert shoppers.answered > VIEWS_A_SECOND
    await started[1].stop()
    assert (shoppers.told | shoppers.clicked) - await kept(redis) == set()


@pytest.mark.slow
@pytest.mark.parametrize("processes", ["1", "2"])
async def test_a_rolling_restart_fails_no_request_and_loses_no_event(
    started: list[Server], environment: dict[str, str], redis: Redis, processes: str
) -> None:
    environment |= {"SALIENT_WORKERS": processes}
    shoppers = await start_all(started, environment, environment)
    await restart_each(shoppers, rounds=ROUNDS)
    assert shoppers.failures == []
    assert shoppers.answered > 10 * VIEWS_A_SECOND
    for server in started:
        await server.stop()
    assert (shoppers.told | shoppers.clicked) - await kept(redis) == set()


@pytest.mark.slow
@pytest.mark.parametrize("processes", ["1", "2"])
async def test_mutant_that_leaves_without_a_word_is_caught(
    started: list[Server], environment: dict[str, str], processes: str
) -> None:
    environment |= {"SALIENT_WORKERS": processes, "SALIENT_LINGER_SECONDS": "0"}
    shoppers = await start_all(started, environment, environment)
    for _ in range(ROUNDS):
        if not shoppers.failures:
            await restart_each(shoppers)
    assert len(shoppers.failures) > 0
