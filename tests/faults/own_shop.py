"""A shop on stores of its own, served and recorded by processes of their own, that may be harmed.

Whatever is acknowledged is written down by key, and compared with what Postgres holds at the end.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
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
    from collections.abc import AsyncIterator

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
    worker: asyncio.subprocess.Process | None = None

    async def page(self, **more: Any) -> list[dict[str, Any]]:
        """The ads of one page; what goes wrong is written down."""
        answer = await self._send("POST", "/v1/ads", 200, ASK | more)
        return answer.json()["ads"] if answer is not None else []

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
        try:
            answer = await self.client.request(method, self.server.url + path, json=body)
        except httpx.HTTPError as error:
            self.failures.append(f"{method} {path[:9]}: {error!r}")
            return None
        if answer.status_code != expected:
            self.failures.append(f"{method} {path[:9]}: {answer.status_code} {answer.text[:200]}")
            return None
        return answer

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


@asynccontextmanager
async def own_shop(
    state: Path, *, defect: str = "none", **environment: str
) -> AsyncIterator[OwnShop]:
    """Stores, a shop, a server and, once it is started, a worker; all end with the block."""
    with tempfile.TemporaryDirectory(prefix="salient-") as folder:
        stores = EmbeddedStores(Path(folder), tied=True)
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
