"""The management API on a real Postgres: the real application, two shops, keys of all sorts."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sqlalchemy import text

from service.api.application import make_application
from service.api.keys import LiveStores
from service.api.metrics import Metrics
from service.api.state import State
from service.api.tokens import TokenSigner
from service.decision.live import Live
from service.decision.snapshot import build_snapshot
from service.store.catalogue import load_catalogue
from service.store.keys import create_key
from service.store.postgres import open_engine
from tests.integration.worker.shop import open_shop
from tests.unit.api.shop import Log, Profiles

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.decision.terms import Campaign, Store


@dataclass(frozen=True)
class Shop:
    """A shop with a merchant that has a campaign, and its keys."""

    store: Store
    campaign: Campaign
    admin: str
    manager: str
    merchant: str  # may manage, bound to the campaign's advertiser
    merchant_admin: str
    publishable: str
    reporter: str

    @property
    def store_id(self) -> str:
        return self.store.store_id


@dataclass
class House:
    """The application, and what a test wants to look at."""

    client: httpx.AsyncClient
    engine: AsyncEngine
    state: State
    shop: Shop
    other: Shop
    key: str = field(default="")  # who calls, if a call does not say

    async def call(
        self, method: str, path: str, *, key: str | None = None, **options: Any
    ) -> httpx.Response:
        """One request, by the first shop's admin if no key is given."""
        headers = {"authorization": f"Bearer {key or self.shop.admin}"}
        headers |= options.pop("headers", {})
        return await self.client.request(method, path, headers=headers, **options)

    async def made(self, path: str, body: dict[str, Any], **options: Any) -> dict[str, Any]:
        """What a POST made."""
        response = await self.call("POST", path, json=body, **options)
        assert response.status_code == 201, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def read(self, path: str, **options: Any) -> dict[str, Any]:
        """What a GET shows."""
        response = await self.call("GET", path, **options)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def rows(self, query: str, **values: Any) -> list[Any]:
        """What the database says."""
        async with self.engine.connect() as connection:
            return list((await connection.execute(text(query), values)).all())

    async def run(self, statement: str, **values: Any) -> None:
        """Change the database behind the API's back."""
        async with self.engine.begin() as connection:
            await connection.execute(text(statement), values)

    async def reload(self, *shops: Shop) -> None:
        """What the worker and the reloading task do within a second."""
        await load(self.engine, self.state.live, shops or (self.shop, self.other))


async def load(engine: AsyncEngine, live: LiveStores, shops: Sequence[Shop]) -> None:
    async with engine.connect() as connection:
        for shop in shops:
            catalogue = await load_catalogue(connection, shop.store_id)
            live[shop.store_id] = Live(build_snapshot(catalogue))


async def open_with_keys(engine: AsyncEngine) -> Shop:
    store, campaign = await open_shop(engine)
    advertiser = campaign.advertiser_id
    async with engine.begin() as connection:

        async def key(kind: str, scope: str, bound: str | None = None) -> str:
            made = await create_key(connection, store.store_id, kind, (scope,), (), bound)
            return made[1]

        return Shop(
            store=store,
            campaign=campaign,
            admin=await key("secret", "admin"),
            manager=await key("secret", "manage"),
            merchant=await key("secret", "manage", advertiser),
            merchant_admin=await key("secret", "admin", advertiser),
            publishable=await key("publishable", "serve"),
            reporter=await key("secret", "report"),
        )


@asynccontextmanager
async def open_house(database_url: str) -> AsyncIterator[House]:
    engine = open_engine(database_url, statement_seconds=5)
    shop, other = await open_with_keys(engine), await open_with_keys(engine)
    state = State(
        live=LiveStores(),
        signer=TokenSigner({1: b"k" * 32}),
        profiles=Profiles(),
        log=Log(),
        metrics=Metrics(),
        database=engine,
    )
    await load(engine, state.live, (shop, other))
    app = make_application("0")
    app.state.salient = state
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://ads.example") as client:
        yield House(client, engine, state, shop, other)
    await engine.dispose()


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    async with open_house(database_url) as opened:
        yield opened
