"""The whole house in one process: the service behind its REST API, and a worker."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx

from service.main import create_app
from service.settings import Settings
from service.store.keys import create_key
from service.worker.refresh import refresh_once
from service.worker.run import run_worker
from tests.integration.worker.shop import column, eventually, one

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.decision.terms import Store


@dataclass(slots=True)
class House:
    """A running service of one shop, as its storefront sees it."""

    client: httpx.AsyncClient
    engine: AsyncEngine
    store: Store
    state: Path
    models: Path

    async def ads(
        self, query: str, user: str, *, consent: bool = True, device: str = "desktop"
    ) -> dict[str, Any]:
        """Ask for the ads of one page."""
        body = {
            "query": query,
            "placement": "search_top",
            "slots": 4,
            "user": {"id": user, "session": f"s-{user}", "consent": consent},
            "context": {"device": device},
            "timeout_ms": 1000,
        }
        answer = await self.client.post("/v1/ads", json=body)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    async def tell(self, *events: dict[str, Any], user: str, consent: bool = True) -> None:
        """Send events of one shopper."""
        who = {"id": user, "session": f"s-{user}", "consent": consent}
        told = []
        for event in events:
            own_key = "token" in event or "order_id" in event
            told.append(event if own_key else {"event_id": uuid4().hex, **event})
            if "token" not in event and "return_id" not in event:
                told[-1] = {"user": who, **told[-1]}
        answer = await self.client.post("/v1/events", json={"events": told})
        assert answer.json().get("rejected") == 0, answer.text

    async def chip(
        self, word: str, action: str, *, user: str, query: str = "lamp", consent: bool = True
    ) -> None:
        """Show or click a feature word."""
        event = {"type": "feature_word", "feature_word": word, "action": action, "query": query}
        await self.tell({**event, "position": 1}, user=user, consent=consent)

    async def see(self, page: dict[str, Any]) -> None:
        """Report every ad of the page as rendered."""
        events = [{"type": "impression", "token": ad["impression_url"]} for ad in page["ads"]]
        await self.tell(*events, user="-")

    async def click(self, ad: dict[str, Any]) -> None:
        """Click an ad."""
        await self.tell({"type": "click", "token": ad["click_url"]}, user="-")

    async def records(self) -> list[dict[str, Any]]:
        """The decisions on record, oldest first."""
        return await column(
            self.engine,
            "SELECT payload FROM decisions WHERE store_id = :id ORDER BY ts",
            id=self.store.store_id,
        )

    async def settled(self, *, events: int, decisions: int) -> None:
        """Wait until so many events and decisions are stored."""
        counting = "SELECT count(*) FROM {} WHERE store_id = :id"

        async def there() -> bool:
            found = [
                await one(self.engine, counting.format(table), id=self.store.store_id)
                for table in ("events", "decisions")
            ]
            return found == [events, decisions]

        await eventually(there)


@asynccontextmanager
async def open_house(
    engine: AsyncEngine,
    urls: tuple[str, str],
    store: Store,
    state: Path,
    models: Path,
) -> AsyncIterator[House]:
    """Serve `store` from the stores at `urls` (Postgres, Redis) for as long as the block lasts."""
    async with engine.begin() as connection:
        _, secret = await create_key(connection, store.store_id, "secret", ["serve", "events"])
    await refresh_once(engine, state=state, models=models)
    settings = Settings(database_url=urls[0], redis_url=urls[1], state=state, models=models)
    app = create_app(settings)
    stop = asyncio.Event()
    worker = asyncio.create_task(
        run_worker(database_url=urls[0], redis_url=urls[1], state=state, models=models, stop=stop)
    )
    transport = httpx.ASGITransport(app)
    headers = {"Authorization": f"Bearer {secret}"}
    try:
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(
                transport=transport, base_url="http://127.0.0.1", headers=headers
            ) as client,
        ):
            yield House(client, engine, store, state, models)
    finally:  # a worker that is only cancelled may not end
        stop.set()
        await worker
