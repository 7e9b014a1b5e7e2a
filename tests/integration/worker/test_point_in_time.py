"""No feature of an exported row is newer than the row."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from service.contract.history_log import LoggedRows, build_history
from service.worker import layouts
from service.worker.export import export_training_set
from tests.integration.worker.shop import NOW, as_entries, click, feature_word, open_shop, products

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.decision.terms import Campaign, Store
    from service.store.events import Event
    from service.store.stream import EventStream
    from service.worker.consume import Consumer

PAGES = 120


@dataclass(frozen=True, slots=True)
class Visits:
    """A made-up log whose texts name their page, so that each can be looked up."""

    entries: list[Event | dict[str, Any]]
    decided: dict[str, float]  # the query of a page -> when it was decided
    known: dict[str, float]  # a word or title clicked -> when that was known


def visits(store: Store, campaign: Campaign, seed: int) -> Visits:
    """Pages of three shoppers a few seconds apart; clicks up to a minute after their page."""
    chance = random.Random(seed)  # noqa: S311 - a simulation
    titles = [product.title for product in products(PAGES)]
    made = Visits([], {}, {})
    now = NOW
    for page in range(PAGES):
        now += chance.choice([0.3, 2.0, 7.0, 30.0])
        user, query, word = chance.choice(["1", "2", "cy"]), f"lamp {page}", f"word {page}"
        clicked_at, chip_at = now + chance.uniform(0.1, 60), now + chance.uniform(0.1, 60)
        made.decided[query] = now
        made.entries.append(page_of(store, page, now, user, query))
        event = {
            "user_id": user,
            "impression_id": f"imp_{page}",
            "product_id": str(100_001 + page),
        }
        seen = click(
            campaign, store, page, type="impression", event_key=f"i{page}", ts=now, **event
        )
        made.entries.append(seen)
        chip = {"query": query, "user_id": user}
        made.entries.append(
            feature_word(store, word, 1000 + page, action="shown", ts=now, received_at=now, **chip)
        )
        if chance.random() < 0.6:
            made.entries.append(
                click(campaign, store, page, ts=now, received_at=clicked_at, **event)
            )
            made.known[titles[page]] = clicked_at
        if chance.random() < 0.6:
            made.entries.append(
                feature_word(store, word, 3000 + page, ts=chip_at, received_at=chip_at, **chip)
            )
            made.known[word] = chip_at
    return made


def page_of(store: Store, page: int, now: float, user: str, query: str) -> dict[str, Any]:
    award = {
        "slot": 0,
        "impression_id": f"imp_{page}",
        "product_id": str(100_001 + page),
        "reason": "plain",
        "chosen": [],
    }
    return {
        "store_id": store.store_id,
        "ts": now,
        "request_id": f"req_{store.store_id}_{page}",
        "request": {"query": query, "user_id": user, "device": "desktop"},
        "awards": [award],
        "propensity": 1.0,
    }


def logged(rows: pl.DataFrame, texts: list[str | None]) -> LoggedRows:
    return LoggedRows(
        shoppers=rows["user_id"].to_numpy(),
        ts=rows["ts"].to_numpy().astype(np.float64),
        queries=rows["query"].to_list(),
        texts=texts,
        clicked=rows["click"].to_numpy(),
    )


def too_new(folder: Path, log: Visits) -> tuple[list[str], int]:
    """What histories built from the export know too early, and how much they know in all."""
    facets = pl.read_parquet(folder / "facets.parquet")
    clicks = pl.read_parquet(folder / "clicks.parquet")
    items = pl.read_parquet(folder / "items.parquet")
    titles = dict(items.select("product_uid", "title").rows())
    history_log = build_history(
        logged(facets, facets["sf_keyword"].to_list()),
        logged(clicks, [titles[product] for product in clicks["product_uid"]]),
    )
    found: list[str] = []
    features = 0
    for table in (facets, clicks):
        rows = history_log.at(table["user_id"].to_numpy(), table["ts"].to_numpy())
        for index, query in enumerate(table["query"]):
            history = rows.history(index)
            for text, age in (*history.feature_words, *history.titles):
                features += 1
                if not (age > 0 and log.known[text] < log.decided[query]):
                    found.append(f"{query} of {log.decided[query]} knows {text}")
    return found, features


async def exported(
    engine: AsyncEngine, stream: EventStream, consumer: Consumer, out: Path, seed: int
) -> Visits:
    store, campaign = await open_shop(engine, size=PAGES, budget=10_000_000_000)
    log = visits(store, campaign, seed)
    await stream.append(as_entries(log.entries))
    while await consumer.step():
        pass
    rows = await export_training_set(engine, out, store_id=store.store_id, until=NOW + 1e6)
    assert (rows.facets, rows.clicks) == (PAGES, PAGES)
    return log


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_no_feature_is_newer_than_its_row(
    engine: AsyncEngine, stream: EventStream, consumer: Consumer, tmp_path: Path, seed: int
) -> None:
    log = await exported(engine, stream, consumer, tmp_path, seed)
    found, features = too_new(tmp_path, log)
    assert found == []
    assert features > 20 * PAGES  # and yet most of what was known is there


async def test_mutant_that_takes_each_rows_own_time_is_caught(
    engine: AsyncEngine,
    stream: EventStream,
    consumer: Consumer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(layouts, "date_back", lambda rows: rows.with_columns(ts=pl.col("shown")))
    log = await exported(engine, stream, consumer, tmp_path, 1)
    found, _ = too_new(tmp_path, log)
    assert len(found) > 10
