"""Everything that `make bench` measures, brought up and handed over ready."""

from __future__ import annotations

import asyncio
import json
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from typing import TYPE_CHECKING

from redis.asyncio import Redis

from service.store.profiles import profile_key, write_profiles
from tests.benchmarks.hot_path_pieces import CANDIDATES, SAMPLES, Sample, pieces
from tests.benchmarks.hot_path_shop import (
    SLOTS,
    big_shop,
    demo_queries,
    http_requests,
    known_shoppers,
    request_body,
)
from tests.benchmarks.running_service import ProcessFailedError, free_port, surroundings
from tests.benchmarks.shop_records import Keys, ask_for_ads, put_shop, socket_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from rich.progress import Progress

    from service.demo.merchants import DemoShop
    from service.store.profiles import StoredProfile
    from tests.benchmarks.hot_path_floor import Piece
    from tests.benchmarks.running_service import Surroundings

_REQUESTS = 4_000
_WORKER_NICE = 10  # the way back may lag behind; it must not take the server's core


@dataclass(frozen=True, slots=True)
class Prepared:
    """A warm service, a server of constant answers, and the pieces of the floor."""

    port: int
    pid: int
    constant_port: int
    constant_pid: int
    requests: Path
    socket_path: str
    profile_keys: list[bytes]
    pieces: list[Piece]
    queries: int
    answer_bytes: int


@contextmanager
def prepared(folder: Path, models: Path, seed: int, progress: Progress) -> Iterator[Prepared]:
    """Bring up the stores, the shop, the service and the floor; end them all afterwards."""
    step = progress.add_task("stores, shop and shoppers", total=3)
    shop, shoppers = big_shop(seed), known_shoppers(seed, folder / "log")
    with surroundings(folder / "state", models) as around:
        keys = asyncio.run(_fill(around, shop, shoppers))
        progress.update(step, advance=1, description="snapshot and service")
        with (
            around.process("service", "worker", nice=_WORKER_NICE),
            around.process("service", "serve") as server,
        ):
            around.wait_until_ready(server)
            progress.update(step, advance=1, description="the floor")
            user = next(iter(shoppers))
            queries = _full_queries(around.port, keys, demo_queries(seed), user)
            samples = _samples(around.port, keys, queries, shoppers)
            sent = http_requests(
                list(shoppers), queries, keys.publishable, around.port, _REQUESTS, seed
            )
            requests = folder / "requests.txt"
            requests.write_text("\n".join(map(json.dumps, sent)), encoding="utf-8")
            typical = sorted((sample.answer for sample in samples), key=len)[SAMPLES // 2]
            with _constant_server(around, folder, typical) as (port, pid):
                progress.update(step, advance=1, visible=False)
                yield Prepared(
                    port=around.port,
                    pid=server.pid,
                    constant_port=port,
                    constant_pid=pid,
                    requests=requests,
                    socket_path=socket_path(around.urls.redis_url),
                    profile_keys=[profile_key(shop.store.store_id, one) for one in shoppers],
                    pieces=pieces(models, samples),
                    queries=len(queries),
                    answer_bytes=len(typical),
                )


async def _fill(
    around: Surroundings, shop: DemoShop, shoppers: Mapping[str, StoredProfile]
) -> Keys:
    keys = await put_shop(around.urls.database_url, shop)
    async with Redis.from_url(around.urls.redis_url) as redis:
        await write_profiles(redis, shop.store.store_id, shoppers)
    return keys


def _samples(
    port: int, keys: Keys, queries: list[str], shoppers: Mapping[str, StoredProfile]
) -> list[Sample]:
    """Ask real requests of various shoppers, for the pieces of the floor."""
    asked = zip(cycle(queries), islice(shoppers.items(), SAMPLES), strict=False)
    return [
        Sample(query, profile, body, ask_for_ads(port, keys.publishable, body))
        for query, (user, profile) in asked
        for body in (request_body(query, user),)
    ]


def _full_queries(port: int, keys: Keys, queries: list[str], user: str) -> list[str]:
    """Keep the queries that all slots are sold for, among 100 candidates."""
    full = []
    for query in queries:
        body = request_body(query, user, explain=True)
        told = json.loads(ask_for_ads(port, keys.secret, body))
        if len(told["ads"]) == SLOTS and told["explain"]["candidates"] == CANDIDATES:
            full.append(query)
    if len(full) < len(queries) / 2:
        raise ProcessFailedError(
            f"only {len(full)} of {len(queries)} queries have {CANDIDATES} candidates"
            f" and fill {SLOTS} slots; the last answer: {json.dumps(told)[:2_000]}"
        )
    return full


@contextmanager
def _constant_server(
    around: Surroundings, folder: Path, answer: bytes
) -> Iterator[tuple[int, int]]:
    """Serve answers of that size and nothing else. Gives its port and process id."""
    file, port = folder / "answer.json", free_port()
    file.write_bytes(answer)
    options = "--loop uvloop --http httptools --no-access-log --log-level warning --lifespan off"
    command = [
        "uvicorn",
        *options.split(),
        f"--port={port}",
        "tests.benchmarks.hot_path_constant:app",
    ]
    with around.process(*command, extra={"CONSTANT_ANSWER": str(file)}) as process:
        around.wait_until_ready(process, port=port)
        yield port, process.pid
