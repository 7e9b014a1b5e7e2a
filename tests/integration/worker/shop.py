"""A small shop with one merchant, and the events of its shoppers."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import text

from service.decision.terms import (
    Ad,
    Campaign,
    CampaignStatus,
    Keyword,
    MatchType,
    Micros,
    Placement,
    Product,
    Store,
)
from service.store.campaigns import put_ads, put_advertisers, put_campaigns, put_placements
from service.store.catalogue import put_products, put_store
from service.store.events import Event, to_bytes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from sqlalchemy.ext.asyncio import AsyncEngine

Entry = Event | dict[str, Any] | tuple[bytes, bytes]

_numbers = count(1)

NOW = time.time() // 1 - 86_400
"""Yesterday: profiles last for a while only."""
WORDS = ("oak", "brass", "linen", "walnut", "steel", "glass", "wool", "bamboo")


def a_store() -> Store:
    """A store that no other test knows."""
    return Store(f"sto_{next(_numbers):032x}", "Lamps", "EUR", "en", "https://lamps.example")


def products(number: int) -> list[Product]:
    """Lamps, each with one material as its highlight."""
    return [
        Product(
            product_id=str(100_001 + row),
            title=f"Table Lamp {WORDS[row % len(WORDS)].title()} Model {row}",
            link=f"/p/{100_001 + row}",
            price=Micros(10_000_000 + 1000 * row),
            category="Home > Lamps",
            highlights=(f"{WORDS[row % len(WORDS)]} base",),
        )
        for row in range(number)
    ]


async def open_shop(
    engine: AsyncEngine, *, size: int = 8, budget: int = 100_000_000, bid: int = 500_000
) -> tuple[Store, Campaign]:
    """Store, placement, products, and one active campaign that bids on "lamp" with all of them."""
    store = a_store()
    suffix = store.store_id.removeprefix("sto_")
    campaign = Campaign(
        campaign_id=f"cmp_{suffix}",
        advertiser_id=f"adv_{suffix}",
        name="All lamps",
        status=CampaignStatus.ACTIVE,
        bid=Micros(bid),
        budget=Micros(budget),
        keywords=(Keyword("lamp", MatchType.BROAD),),
    )
    goods = products(size)
    ads = [
        Ad(ad_id(store, product), campaign.campaign_id, product.product_id) for product in goods
    ]
    async with engine.begin() as connection:
        await put_store(connection, store)
        await put_placements(
            connection, store.store_id, [Placement("search_top", "web", 4, Micros(10_000))]
        )
        await put_products(connection, store.store_id, goods)
        await put_advertisers(connection, store.store_id, [(campaign.advertiser_id, "Lux")])
        await put_campaigns(connection, store.store_id, [campaign])
        await put_ads(connection, store.store_id, ads)
    return store, campaign


def ad_id(store: Store, product: Product) -> str:
    return f"ad_{store.store_id.removeprefix('sto_')}{product.product_id}"


def click(campaign: Campaign, store: Store, number: int, **changes: Any) -> Event:
    """A paid click by the shopper "ann" on the first product."""
    event = Event(
        store_id=store.store_id,
        ts=NOW + number / 1000,
        type="click",
        event_key=f"imp_{store.store_id}_{number}",
        received_at=NOW + number / 1000 + 1,
        request_id=f"req_{store.store_id}_{number}",
        impression_id=f"imp_{store.store_id}_{number}",
        user_id="ann",
        ad_id=f"ad_{store.store_id.removeprefix('sto_')}100001",
        campaign_id=campaign.campaign_id,
        product_id="100001",
        slot=0,
        price=Micros(250_000),
    )
    return replace(event, **changes)


def feature_word(store: Store, word: str, number: int, **changes: Any) -> Event:
    """A click by the shopper "ann" on a feature word."""
    event = Event(
        store_id=store.store_id,
        ts=NOW + number / 1000,
        type="feature_word",
        event_key=f"{store.store_id}_{number}",
        received_at=NOW + number / 1000,
        user_id="ann",
        session="s1",
        query="lamp",
        feature_word=word,
        action="clicked",
        position=1,
    )
    return replace(event, **changes)


def search(store: Store, query: str, number: int, **changes: Any) -> Event:
    """A search by the shopper "ann"."""
    return feature_word(
        store, "", number, type="search", query=query, feature_word=None, action=None, **changes
    )


def decision(store: Store, number: int) -> dict[str, Any]:
    """A decision without awards."""
    return {
        "store_id": store.store_id,
        "ts": NOW + number / 1000,
        "request_id": f"req_{store.store_id}_{number}",
        "request": {"query": "lamp", "user_id": "ann"},
        "awards": [],
    }


def as_entries(
    items: Sequence[Entry],
) -> list[tuple[bytes, bytes]]:
    """What the servers append to the stream for these; pairs are passed on as they are."""
    entries = []
    for item in items:
        if isinstance(item, Event):
            entries.append((b"event", to_bytes(item)))
        elif isinstance(item, dict):
            entries.append((b"decision", orjson.dumps(item)))
        else:
            entries.append(item)
    return entries


async def eventually(check: Callable[[], Awaitable[object]], *, seconds: float = 10) -> None:
    """Return once `check` gives something true.

    Raises: TimeoutError after `seconds`.
    """
    async with asyncio.timeout(seconds):
        while True:
            if await check():
                return
            await asyncio.sleep(0.01)


async def one(engine: AsyncEngine, query: str, **values: object) -> Any:
    """The first column of the first row."""
    async with engine.connect() as connection:
        return (await connection.execute(text(query), values)).scalar_one()


async def column(engine: AsyncEngine, query: str, **values: object) -> list[Any]:
    """The first column of all rows."""
    async with engine.connect() as connection:
        return list((await connection.execute(text(query), values)).scalars())
