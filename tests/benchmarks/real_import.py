"""Brings the real catalogue, its campaigns and its shoppers' past in by `salient import`."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any

import polars as pl

from tests.benchmarks.real_data import moved_to_end_at
from tests.benchmarks.real_shop import BUDGET_MICROS, make_campaigns

if TYPE_CHECKING:
    from pathlib import Path

    from rich.progress import Progress

    from tests.benchmarks.real_data import Files
    from tests.benchmarks.real_shop import RealCampaign
    from tests.benchmarks.running_service import Surroundings

_STORE = ("--new-store", "Real titles", "--currency", "USD", "--site-url", "https://shop.example")
_KEY = re.compile(r"\bpk_[\w-]+")


def bring_in(around: Surroundings, files: Files, work: Path, seed: int, progress: Progress) -> str:
    """Make the store and import everything. Returns a publishable key."""
    bookings, facets, clicks = work / "campaigns.ndjson", work / "f.parquet", work / "c.parquet"
    write_bookings(files, bookings, seed)
    now = time.time()
    for source, target in ((files.past_facets, facets), (files.past_clicks, clicks)):
        moved_to_end_at(pl.read_parquet(source), now).write_parquet(target)
    for what, file, *options in (
        ("products", files.items, *_STORE),
        ("campaigns", bookings),
        ("events", facets),
        ("events", clicks),
    ):
        task = progress.add_task(f"import of {what}", total=None)
        said = around.salient("import", what, file, *options)
        progress.update(task, total=1, completed=1)
        progress.console.print(said.strip(), markup=False, highlight=False)
    found = _KEY.search(around.salient("keys", "create", "--kind", "publishable"))
    assert found is not None
    return found[0]


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
