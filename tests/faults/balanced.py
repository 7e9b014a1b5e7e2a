"""Servers behind a load balancer, and shoppers who never ask twice."""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from tests.running_shop import CHECKOUT, free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

LOOK_EVERY_SECONDS = 0.1
READY_SECONDS = 90.0


@dataclass
class Server:
    """A `salient serve` that is stopped and started on one port."""

    environment: Mapping[str, str]
    checkout: Path = CHECKOUT
    port: int = field(default_factory=free_port)
    program: tuple[str, ...] = ("-m", "service", "serve", "--port")
    process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, *self.program, str(self.port)),
            cwd=self.checkout,
            env={**os.environ, **self.environment, "PYTHONPATH": str(self.checkout)},
        )
        async with asyncio.timeout(READY_SECONDS), httpx.AsyncClient() as client:
            while not await is_ready(client, self.url):
                assert self.process.returncode is None, "it ended instead of serving"
                await asyncio.sleep(LOOK_EVERY_SECONDS / 2)

    async def stop(self) -> None:
        """SIGTERM, and wait; it must end well."""
        assert self.process
        self.process.terminate()
        assert await asyncio.wait_for(self.process.wait(), 20) == 0

    async def end(self) -> None:
        """Whatever state it is in."""
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


async def is_ready(client: httpx.AsyncClient, url: str) -> bool:
    with suppress(httpx.HTTPError):
        headers = {"connection": "close"}
        return (await client.get(f"{url}/readyz", headers=headers)).status_code == 200
    return False


@dataclass
class Shoppers:
    """Page views at a steady rate, each sent once to a server that said it was ready."""

    servers: list[Server]
    body: dict[str, Any]
    key: str
    ready: list[Server] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    answered: int = 0
    told: set[str] = field(default_factory=set)  # event ids that were taken
    clicked: set[str] = field(default_factory=set)  # impressions whose click was redirected
    _turns: itertools.count[int] = field(default_factory=itertools.count)

    @asynccontextmanager
    async def at(self, views_a_second: float) -> AsyncIterator[None]:
        """Shop for as long as the block lasts, and let what is under way end."""
        self.ready = list(self.servers)
        views: set[asyncio.Task[None]] = set()
        async with httpx.AsyncClient(timeout=5, headers={"user-agent": "Mozilla/5.0"}) as client:
            tasks = [
                asyncio.create_task(self._look(client)),
                asyncio.create_task(self._come(client, 1 / views_a_second, views)),
            ]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, *views, return_exceptions=True)

    async def _look(self, client: httpx.AsyncClient) -> None:
        """The balancer's health checks."""
        while True:
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            found = await asyncio.gather(*(is_ready(client, one.url) for one in self.servers))
            self.ready = [one for one, fit in zip(self.servers, found, strict=True) if fit]

    async def _come(
        self, client: httpx.AsyncClient, pause_seconds: float, views: set[asyncio.Task[None]]
    ) -> None:
        while True:
            view = asyncio.create_task(self._view(client, next(self._turns)))
            views.add(view)
            view.add_done_callback(views.discard)
            await asyncio.sleep(pause_seconds)

    async def _view(self, client: httpx.AsyncClient, number: int) -> None:
        """A page: ads, an event about it, and a click on the first ad."""
        ads = await self._send(client, "POST", "/v1/ads", 200, self.body)
        if ads is None:
            return
        event = {"type": "search", "event_id": f"view-{number}", "query": self.body["query"]}
        if await self._send(client, "POST", "/v1/events", 202, {"events": [event]}) is not None:
            self.told.add(f"view-{number}")
        first = ads.json()["ads"][0]
        path = first["click_url"].partition("/c/")[2]
        if await self._send(client, "GET", f"/c/{path}", 302) is not None:
            self.clicked.add(first["impression_id"])

    async def _send(
        self, client: httpx.AsyncClient, method: str, path: str, expected: int, body: Any = None
    ) -> httpx.Response | None:
        """The answer; None where it failed, which is written down."""
        if not self.ready:
            self.failures.append("no server is ready")
            return None
        url = self.ready[next(self._turns) % len(self.ready)].url
        headers = {"authorization": f"Bearer {self.key}"}
        try:
            answer = await client.request(method, url + path, json=body, headers=headers)
        except httpx.HTTPError as error:
            self.failures.append(f"{method} {path[:9]}: {error!r}")
            return None
        if answer.status_code != expected:
            self.failures.append(f"{method} {path[:9]}: {answer.status_code} {answer.text[:200]}")
            return None
        self.answered += 1
        return answer
