"""Brings the real catalogue, its campaigns and its shoppers' past in by `salient import`."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import polars as pl

from service.decision.terms import KeyKind, Micros, Placement, Store
from service.store.campaigns import put_placements
from service.store.catalogue import put_store
from service.store.keys import PUBLIC_SCOPES, create_key
from service.store.postgres import open_engine
from tests.benchmarks.real_data import moved_to_end_at
from tests.benchmarks.real_shop import BUDGET_MICROS, make_campaigns
from tests.benchmarks.real_traffic import PLACEMENT, SLOTS

if TYPE_CHECKING:
    from pathlib import Path

    from rich.progress import Progress

    from tests.benchmarks.real_data import Files
    from tests.benchmarks.real_shop import RealCampaign
    from tests.benchmarks.running_service import Surroundings

STORE = Store("sto_real", "Real titles", "USD", "en", "https://shop.example")
_RESERVE = Micros(10_000)


def bring_in(around: Surroundings, files: Files, work: Path, seed: int, progress: Progress) -> str:
    """Make the store and import everything. Returns a publishable key."""
    task = progress.add_task("import of products, campaigns, past events", total=4)
    key = asyncio.run(_make_store(around.urls.database_url))
    bookings, facets, clicks = work / "campaigns.ndjson", work / "f.parquet", work / "c.parquet"
    write_bookings(files, bookings, seed)
    now = time.time()
    for source, target in ((files.past_facets, facets), (files.past_clicks, clicks)):
        moved_to_end_at(pl.read_parquet(source), now).write_parquet(target)
    for what, file in (
        ("products", files.items),
        ("campaigns", bookings),
        ("events", facets),
        ("events", clicks),
    ):
        around.salient("import", what, file, "--store", STORE.store_id)
        progress.advance(task)
    return key


def write_bookings(files: Files, target: Path, seed: int) -> None:
    """Write the campaigns as `salient import` takes them, one a line."""
    items = pl.read_parquet(files.items)
    ids = items["product_uid"].cast(pl.String).to_list()
    campaigns = make_campaigns(ids, items["title"].to_list(), seed)
    lines = (json.dumps(_booking(campaign)) for campaign in campaigns)
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _booking(campaign: RealCampaign) -> dict[str, Any]:
    broad = [{"text": text, "match_type": "broad"} for text in campaign.broad]
    phrases = [{"text": text, "match_type": "phrase"} for text in campaign.phrases]
    return {
        "advertiser": campaign.merchant,
        "name": campaign.name,
        "status": "active",
        "bid_micros": campaign.bid_micros,
        "budget_micros": BUDGET_MICROS,
        "keywords": broad + phrases,
        "product_ids": list(campaign.products),
    }


async def _make_store(database_url: str) -> str:
    engine = open_engine(database_url)
    async with engine.begin() as connection:
        await put_store(connection, STORE)
        placement = Placement(PLACEMENT, "web", SLOTS, _RESERVE)
        await put_placements(connection, STORE.store_id, [placement])
        _, key = await create_key(connection, STORE.store_id, KeyKind.PUBLISHABLE, PUBLIC_SCOPES)
    await engine.dispose()
    return key
