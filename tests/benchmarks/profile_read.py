"""What one profile read costs: our own wire against redis-py, on the same Valkey.

    python -m tests.benchmarks.profile_read

Prints, for one read at a time and for 50 at once, the median wall time and the CPU time of this
process for each read, in microseconds. The floor is a bare stream that writes the bytes of 50
GETs and parses the answers with hiredis, nothing else.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import hiredis
import redis.asyncio
import uvloop

from service.store.embedded.stores import EmbeddedStores
from service.store.redis_wire import RedisWire

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

ROUNDS = 40
READS = 500
KEY = b"{sto_1}:profile:u"
VALUE = b"x" * 1_500


async def measure(name: str, read: Callable[[], Awaitable[object]], at_once: int) -> None:
    """Print the cost of one read."""
    wall, cpu = [], []
    for _ in range(ROUNDS):
        started, worked = time.perf_counter(), time.process_time()
        for _ in range(READS // at_once):
            await asyncio.gather(*[read() for _ in range(at_once)])
        wall.append((time.perf_counter() - started) / READS * 1e6)
        cpu.append((time.process_time() - worked) / READS * 1e6)
    row = f"{name:24} {at_once:3} at once  {statistics.median(wall):7.1f} us wall"
    print(f"{row}  {statistics.median(cpu):7.1f} us CPU")  # noqa: T201 - its purpose


async def run(url: str, path: str) -> None:
    """Measure all three."""
    client = redis.asyncio.Redis.from_url(url)
    await client.set(KEY, VALUE)
    reader, writer = await asyncio.open_unix_connection(path)
    command, parser = b"*2\r\n$3\r\nGET\r\n$%d\r\n%b\r\n" % (len(KEY), KEY), hiredis.Reader()

    async def floor() -> None:
        writer.write(command * 50)
        for _ in range(50):
            while parser.gets() is False:
                parser.feed(await reader.read(65_536))

    async def piped() -> None:
        async with client.pipeline(transaction=False) as pipeline:
            pipeline.get(KEY)
            await pipeline.execute()

    async with RedisWire(url) as wire:
        for at_once in (1, 50):
            await measure("RedisWire", lambda: wire.get(KEY, 1.0), at_once)
            await measure("redis-py get", lambda: client.get(KEY), at_once)
            await measure("redis-py pipeline", piped, at_once)
    started = time.process_time()
    for _ in range(ROUNDS * READS // 50):
        await floor()
    each = (time.process_time() - started) / (ROUNDS * READS) * 1e6
    print(f"{'floor, 50 in one write':24}  50 at once  {'':18}{each:7.1f} us CPU")  # noqa: T201
    writer.close()
    await client.aclose()


if __name__ == "__main__":
    with (
        tempfile.TemporaryDirectory(prefix="salient-") as folder,
        EmbeddedStores(Path(folder), only="valkey", tied=True) as stores,
    ):
        uvloop.run(run(stores.urls.redis_url, str(Path(folder).resolve() / "valkey/valkey.sock")))
