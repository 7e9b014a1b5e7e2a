"""Put the demo shop into an empty database, and leave its keys where the page finds them."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from service.decision.plans import Policy
from service.decision.terms import KeyKind
from service.demo.merchants import DEMO_SEED, make_shop
from service.demo.outreach import DAILY, outreach_campaign, outreach_hours
from service.demo.queries import make_queries
from service.store.campaign_terms import put_terms
from service.store.campaigns import put_ads, put_advertisers, put_campaigns, put_placements
from service.store.catalogue import list_stores, put_products, put_store
from service.store.keys import PUBLIC_SCOPES, SCOPES, create_key
from service.store.management.allocations import put_policy
from service.store.platform_results import HourResult, put_results
from service.store.postgres import open_engine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncConnection

    from service.demo.merchants import DemoShop

FILE: Final = "demo.json"
_QUERIES: Final = 12


async def seed_demo(
    database_url: str,
    state: Path,
    url: str,
    *,
    seed: int = DEMO_SEED,
    force: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> bool:
    """Make the demo shop if the database has no store at all (or `force`), with keys.

    Writes `state`/demo.json {url, publishable_key, secret_key, placement, queries}, readable by
    its owner only; a later start at another address changes `url` in it.
    Returns: whether the shop was put in now.
    """
    engine = open_engine(database_url)
    try:
        async with engine.begin() as connection:
            stores = {store.store_id: store for store in await list_stores(connection)}
            shop = make_shop(seed, url)
            fresh = shop.store.store_id not in stores
            if stores and fresh and not force:
                return False
            if fresh or force:
                say(f"Demo shop {shop.store.name!r}: {len(shop.products):,} products")
                await put_shop(connection, shop)
                await put_outreach(connection, shop, seed)
            elif stores[shop.store.store_id].site_url != url:
                await put_store(connection, replace(stores[shop.store.store_id], site_url=url))
            told = _told(state)
            if fresh or not told:
                told = await _keys(connection, shop, seed)
    finally:
        await engine.dispose()
    _write(state / FILE, {**told, "url": url})
    return fresh or force


async def put_shop(connection: AsyncConnection, shop: DemoShop) -> None:
    """Put a whole made-up shop into the database."""
    store_id = shop.store.store_id
    await put_store(connection, shop.store)
    await put_products(connection, store_id, shop.products)
    await put_advertisers(connection, store_id, shop.advertisers)
    await put_campaigns(connection, store_id, shop.campaigns)
    await put_ads(connection, store_id, shop.ads)
    await put_placements(connection, store_id, shop.placements)


async def put_outreach(connection: AsyncConnection, shop: DemoShop, seed: int) -> None:
    """Put a campaign on platforms outside the shop, whose budget the worker then spreads."""
    store_id, campaign = shop.store.store_id, outreach_campaign(shop, seed)
    campaign_id = campaign.campaign_id
    await put_campaigns(connection, store_id, [campaign])
    await put_terms(connection, {campaign_id: {"daily_budget_micros": DAILY}})
    told = [
        HourResult(one.platform, campaign_id, *one[1:])
        for one in outreach_hours(seed, datetime.now(UTC))
    ]
    await put_results(connection, store_id, told, "reported")
    await put_policy(connection, campaign_id, Policy())


async def _keys(connection: AsyncConnection, shop: DemoShop, seed: int) -> dict[str, Any]:
    store_id = shop.store.store_id
    _, publishable = await create_key(connection, store_id, KeyKind.PUBLISHABLE, PUBLIC_SCOPES)
    _, secret = await create_key(connection, store_id, KeyKind.SECRET, SCOPES)
    # the first that shoppers type for each kind of product
    plain = [query.text for query in make_queries(seed) if query.weight >= 1.0]
    return {
        "url": shop.store.site_url,
        "publishable_key": publishable,
        "secret_key": secret,
        "placement": shop.placements[0].name,
        "queries": plain[:: max(1, len(plain) // _QUERIES)][:_QUERIES],
        "store_id": store_id,
        "seed": seed,
        "spread_campaign": outreach_campaign(shop, seed).campaign_id,
    }


def _told(state: Path) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads((state / FILE).read_text())
    except (OSError, ValueError):
        return {}
    return told


def _write(file: Path, told: dict[str, Any]) -> None:
    partial = file.with_suffix(".part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as out:
        json.dump(told, out, indent=2, ensure_ascii=False)
        out.write("\n")
    partial.replace(file)
