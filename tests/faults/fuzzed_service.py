"""The API and the worker in processes of their own, on real stores, with two filled shops."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from service.store.postgres import open_engine
from tests.integration.api.filled_shops import FilledShop, fill, open_filled_shop
from tests.running_shop import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

CALLS_PER_MINUTE = 1_000_000  # of management: cases come faster than people call
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class FuzzedService:
    """Where it is, the process that serves, and what stands in it."""

    url: str
    api: subprocess.Popen[bytes]
    shops: tuple[FilledShop, FilledShop]

    def resident_bytes(self) -> int:
        """Resident memory of the serving process."""
        pages = Path(f"/proc/{self.api.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def fuzzed_service(database_url: str, redis_url: str, state: Path) -> Iterator[FuzzedService]:
    """Start both processes, fill the shops over the API, and wait until its keys are known."""
    shops = asyncio.run(_open_shops(database_url))
    port = free_port()
    environment = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SALIENT_STATE": str(state),
        "SALIENT_MODELS": str(state / "models"),
        "SALIENT_CALLS_PER_MINUTE": str(CALLS_PER_MINUTE),
        "PORT": str(port),
    }
    with (state / "output").open("wb") as output:
        started = [
            subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "service", command],
                cwd=Path(__file__).parents[2],
                env=os.environ | environment,
                stdout=output,
                stderr=output,
            )
            for command in ("worker", "serve")
        ]
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(f"{url}/readyz", shops[0].keys["admin"])
            asyncio.run(_fill(url, shops))
            yield FuzzedService(url, started[1], shops)
        finally:
            for process in started:
                process.terminate()
            for process in started:
                process.wait(30)


async def _open_shops(database_url: str) -> tuple[FilledShop, FilledShop]:
    engine = open_engine(database_url)
    try:
        return await open_filled_shop(engine, "a"), await open_filled_shop(engine, "b")
    finally:
        await engine.dispose()


async def _fill(url: str, shops: tuple[FilledShop, FilledShop]) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        for shop in shops:
            await fill(shop, client)


def _wait(url: str, key: str) -> None:
    """Until the service is ready and knows `key`."""
    started = time.monotonic()
    for path in (url, url.replace("/readyz", "/v1/campaigns")):
        request = urllib.request.Request(path, headers={"Authorization": f"Bearer {key}"})  # noqa: S310 - ours
        while True:
            try:
                with urllib.request.urlopen(request, timeout=5):  # noqa: S310 - ours
                    break
            except OSError:
                assert time.monotonic() - started < PATIENCE_SECONDS, "not ready"
                time.sleep(0.05)
