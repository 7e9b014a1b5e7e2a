"""A shop on stores of its own, served and recorded by processes of their own, that may be harmed.

Whatever is acknowledged is written down by key, and compared with what Postgres holds at the end.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from redis import Redis

from service.store.embedded import processes
from service.store.embedded.stores import EmbeddedStores
from service.store.keys import create_key
from service.store.migrate import migrate
from service.store.postgres import open_engine
from service.worker.refresh import refresh_once
from tests.faults.balanced import Server
from tests.integration.worker.shop import column, eventually, one, open_shop
from tests.running_shop import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.decision.terms import Campaign, Store

ASK = {"query": "lamp", "placement": "search_top", "slots": 4, "timeout_ms": 1000}
BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/142.0"}
BUDGET = 1_000_000_000_000
DEFECTS = str(Path(__file__).with_name("defective.py"))


@dataclass(frozen=True, slots=True)
class Account:
    """What Postgres holds against what was acknowledged."""

    missing: int  # acknowledged, and not stored
    double: int
    uncharged: int  # acknowledged clicks
    difference: int  # micros between the campaign's spend and its charges


@dataclass
class OwnShop:
    """The shop, its processes, and the keys of what was acknowledged."""

    stores: EmbeddedStores
    engine: AsyncEngine
    store: Store
    campaign: Campaign
    client: httpx.AsyncClient
    server: Server
    environment: dict[str, str]
    clicked: set[str] = field(default_factory=set)  # impressions, by redirect or told
    told: set[str] = field(default_factory=set)  # keys of conversions and searches
    failures: list[str] = field(default_factory=list)
    without_ads: int = 0  # visits
    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))  # seconds
    worker: asyncio.subprocess.Process | None = None
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    async def answer(self, **more: Any) -> dict[str, Any]:
        """What the server says to a page; what goes wrong is written down."""
        answer = await self._send("POST", "/v1/ads", 200, ASK | more)
        return answer.json() if answer is not None else {"ads": [], "degraded": []}

    async def page(self) -> list[dict[str, Any]]:
        """The ads of one page."""
        ads: list[dict[str, Any]] = (await self.answer())["ads"]
        return ads

    async def click(self, ad: dict[str, Any]) -> None:
        """Follow the ad's link."""
        path = ad["click_url"].partition("/c/")[2]
        if await self._send("GET", f"/c/{path}", 302) is not None:
            self.clicked.add(ad["impression_id"])

    async def tell_click(self, ad: dict[str, Any]) -> None:
        """Tell of a click, as a shop does that has redirects of its own."""
        event = {"type": "click", "token": ad["click_url"]}
        if await self.tell(event):
            self.clicked.add(ad["impression_id"])

    async def tell_order(self, number: int) -> None:
        """Tell of an order."""
        event = {
            "type": "conversion",
            "order_id": f"order-{number}",
            "line": 1,
            "product_id": "100001",
        }
        if await self.tell(event):
            self.told.add(f"order-{number}/1")

    async def tell(self, *events: dict[str, Any]) -> bool:
        """Whether the events were taken."""
        return await self._send("POST", "/v1/events", 202, {"events": events}) is not None

    async def _send(
        self, method: str, path: str, expected: int, body: Any = None
    ) -> httpx.Response | None:
        started = time.perf_counter()
        try:
            answer = await self.client.request(method, self.server.url + path, json=body)
        except httpx.HTTPError as error:
            self.failures.append(f"{method} {path[:9]}: {error!r}")
            return None
        self.took[path[:3]].append(time.perf_counter() - started)
        if answer.status_code != expected:
            self.failures.append(f"{method} {path[:9]}: {answer.status_code} {answer.text[:200]}")
            return None
        return answer

    async def visit(self, number: int) -> None:
        """A page, a search told, a click on each of its first two ads, an order now and then."""
        ads = await self.page()
        self.without_ads += not ads
        event = {"type": "search", "event_id": f"visit-{number}", "query": "lamp"}
        if await self.tell(event):
            self.told.add(f"visit-{number}")
        if ads:
            await self.click(ads[0])
            await self.tell_click(ads[-1])
        if number % 5 == 0:
            await self.tell_order(number)

    @asynccontextmanager
    async def visited(self, visits_a_second: float) -> AsyncIterator[None]:
        """Visits at a steady rate for as long as the block lasts; what is under way may end."""
        async with asyncio.TaskGroup() as visits:
            coming = asyncio.create_task(self._come(visits, 1 / visits_a_second))
            try:
                yield
            finally:
                coming.cancel()

    async def _come(self, visits: asyncio.TaskGroup, pause_seconds: float) -> None:
        while True:
            visits.create_task(self.visit(next(self._numbers)))
            await asyncio.sleep(pause_seconds)

    async def start_worker(self, *, defect: str = "none") -> None:
        """A worker in a process of its own."""
        self.worker = await asyncio.create_subprocess_exec(
            *(sys.executable, DEFECTS, defect, "worker"),
            cwd=CHECKOUT,
            env={**os.environ, **self.environment, "PYTHONPATH": str(CHECKOUT)},
        )

    async def stop_worker(self) -> None:
        """It must end well."""
        assert self.worker
        if self.worker.returncode is None:
            self.worker.terminate()
        assert await asyncio.wait_for(self.worker.wait(), 20) == 0
        self.worker = None

    def kill_valkey(self) -> None:
        """SIGKILL, as by the kernel."""
        (pid,) = processes.find(self.stores.valkey.mark)
        os.kill(pid, signal.SIGKILL)
        assert processes.wait_until_gone(self.stores.valkey.mark, 5)

    def start_valkey(self) -> None:
        self.stores.valkey.start(tied=True)

    def kill_postgres(self) -> None:
        """As `pg_ctl stop -m immediate`: no checkpoint, no goodbye."""
        assert processes.end(self.stores.postgres.mark, ((signal.SIGQUIT, 10.0),))

    def start_postgres(self) -> None:
        self.stores.postgres.start(tied=True)

    def spooled_bytes(self) -> int:
        """How much the servers' segments hold."""
        folder = Path(self.environment["SALIENT_STATE"]) / "spool"
        return sum(path.stat().st_size for path in folder.glob("*.spool"))

    def redis(self) -> Redis:
        return Redis.from_url(self.stores.urls.redis_url)

    async def recorded(self, *, seconds: float = 20) -> float:
        """Wait until all that was acknowledged is stored; returns the seconds that it took."""
        clock = asyncio.get_running_loop().time
        started = clock()

        async def there() -> bool:
            return not (self.clicked | self.told) - set(await self.keys())

        with suppress(TimeoutError):
            await eventually(there, seconds=seconds)
        return clock() - started

    async def keys(self) -> list[str]:
        """The keys of all events that are stored."""
        query = "SELECT event_key FROM events WHERE store_id = :id"
        return await column(self.engine, query, id=self.store.store_id)

    async def account(self) -> Account:
        """The sums and, above all, the keys."""
        found = await column(
            self.engine,
            "SELECT type || event_key FROM events WHERE store_id = :id",
            id=self.store.store_id,
        )
        charges = await column(
            self.engine,
            "SELECT impression_id FROM charges WHERE campaign_id = :id",
            id=self.campaign.campaign_id,
        )
        difference = await one(
            self.engine,
            "SELECT spent_micros - (SELECT coalesce(sum(price_micros), 0) FROM charges"
            " WHERE campaign_id = :id) FROM campaigns WHERE id = :id",
            id=self.campaign.campaign_id,
        )
        return Account(
            missing=len((self.clicked | self.told) - set(await self.keys())),
            double=len(found) - len(set(found)) + len(charges) - len(set(charges)),
            uncharged=len(self.clicked - set(charges)),
            difference=int(difference),
        )


RIGHT = Account(missing=0, double=0, uncharged=0, difference=0)


def p99(seconds: list[float]) -> float:
    """The time within which 99 of 100 were done."""
    return sorted(seconds)[math.ceil(0.99 * len(seconds)) - 1]


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A file system of its own for `folder`, of so many bytes ("3m")."""
    folder.mkdir(parents=True, exist_ok=True)
    if _mount("-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", str(folder)):
        pytest.skip("a small disk needs the right to mount a tmpfs")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S603, S607 - ours


def grow_disk(folder: Path, size: str) -> None:
    """Make room on it."""
    assert not _mount("-o", f"remount,size={size}", str(folder))


def _mount(*words: str) -> int:
    return subprocess.run(["mount", *words], check=False, capture_output=True).returncode  # noqa: S603, S607 - ours


@asynccontextmanager
async def own_shop(
    state: Path, *, defect: str = "none", home: Path | None = None, **environment: str
) -> AsyncIterator[OwnShop]:
    """Stores, a shop, a server and, once it is started, a worker; all end with the block.

    The stores' folder is a new one, or `home`.
    """
    with tempfile.TemporaryDirectory(prefix="salient-") as folder:
        stores = EmbeddedStores(home or Path(folder), tied=True)
        with stores:
            migrate(stores.urls.database_url)
            engine = open_engine(stores.urls.database_url)
            store, campaign = await open_shop(engine, budget=BUDGET)
            async with engine.begin() as connection:
                _, key = await create_key(
                    connection, store.store_id, "secret", ["serve", "events"]
                )
            await refresh_once(engine, state=state, models=state / "models")
            known = {
                "DATABASE_URL": stores.urls.database_url,
                "REDIS_URL": stores.urls.redis_url,
                "SALIENT_STATE": str(state),
                "SALIENT_MODELS": str(state / "models"),
                **environment,
            }
            server = Server(known, program=(DEFECTS, defect, "serve", "--port"))
            headers = BROWSER | {"authorization": f"Bearer {key}"}
            async with httpx.AsyncClient(timeout=10, headers=headers) as client:
                shop = OwnShop(stores, engine, store, campaign, client, server, known)
                try:
                    await server.start()
                    yield shop
                finally:
                    await server.end()
                    if shop.worker is not None and shop.worker.returncode is None:
                        shop.worker.kill()
                        await shop.worker.wait()
                    await engine.dispose()
