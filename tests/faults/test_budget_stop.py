"""A campaign whose charged clicks have used its budget stops within a second."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from service.contract.history import EMPTY_HISTORY
from service.decision.decide import decide
from service.decision.terms import AdQuery, Micros, Shopper
from service.store.campaigns import put_campaigns
from service.worker import reload
from service.worker.refresh import refresh_once
from service.worker.reload import follow_budgets, follow_snapshots, load_newest
from service.worker.run import run_worker
from tests.integration.worker.shop import NOW, as_entries, click, eventually, one, open_shop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.decision.live import Live
    from service.decision.terms import Decision, Store
    from service.store.stream import EventStream

BUDGET = 1_000_000
CLICKS = 4  # of 250,000: they use it to the last micro


@asynccontextmanager
async def serving(
    engine: AsyncEngine, database_url: str, redis_url: str, state: Path
) -> AsyncIterator[dict[str, Live]]:
    """A worker and the tasks of a serving process, sharing a state folder."""
    live: dict[str, Live] = {}
    models = state / "models"
    await refresh_once(engine, state=state, models=models)
    await load_newest(live, state=state, models=models)
    stop = asyncio.Event()
    worker = asyncio.create_task(
        run_worker(
            database_url=database_url, redis_url=redis_url, state=state, models=models, stop=stop
        )
    )
    followers = [
        asyncio.create_task(follow_snapshots(live, state=state, models=models)),
        asyncio.create_task(follow_budgets(live, engine)),
    ]
    yield live
    stop.set()
    for task in followers:
        task.cancel()
    await asyncio.gather(worker, *followers, return_exceptions=True)
    assert worker.exception() is None


def ask(live: Live) -> Decision:
    placement = live.snapshot.placements["search_top"]
    asked = AdQuery("lamp", "", placement, 4, Shopper(None, EMPTY_HISTORY))
    return decide(asked, live.snapshot, live.scorers, now=NOW, seed=1, spent_out=live.spent_out)


async def seconds_until_it_stops(
    live: dict[str, Live], store: Store, *, patience_seconds: float = 3
) -> float:
    started = time.monotonic()

    async def stopped() -> bool:
        return not ask(live[store.store_id]).awards

    await eventually(stopped, seconds=patience_seconds)
    return time.monotonic() - started


async def test_a_campaign_that_used_its_budget_stops_within_a_second(
    engine: AsyncEngine,
    stream: EventStream,
    database_url: str,
    redis_url: str,
    tmp_path: Path,
) -> None:
    store, campaign = await open_shop(engine, budget=BUDGET)
    clicks = [click(campaign, store, number) for number in range(CLICKS)]
    async with serving(engine, database_url, redis_url, tmp_path) as live:
        await stream.append(as_entries(clicks[:-1]))
        await asyncio.sleep(1)
        assert len(ask(live[store.store_id]).awards) == 4  # 250,000 are left
        await stream.append(as_entries(clicks[-1:]))
        assert await seconds_until_it_stops(live, store) < 1
        # a fresher snapshot must not bring it back, a larger budget must
        await asyncio.sleep(0.5)
        assert ask(live[store.store_id]).no_fill_reason == "spent_out"
        async with engine.begin() as connection:
            larger = replace(campaign, budget=Micros(2 * BUDGET))
            await put_campaigns(connection, store.store_id, [larger])

        async def back() -> bool:
            return len(ask(live[store.store_id]).awards) == 4

        await eventually(back, seconds=2)
    spent = await one(
        engine, "SELECT spent_micros FROM campaigns WHERE id = :id", id=campaign.campaign_id
    )
    assert spent == BUDGET


async def test_a_rest_that_pays_no_click_stops_it_too(
    engine: AsyncEngine,
    stream: EventStream,
    database_url: str,
    redis_url: str,
    tmp_path: Path,
) -> None:
    store, campaign = await open_shop(engine, budget=BUDGET + 1)
    async with serving(engine, database_url, redis_url, tmp_path) as live:
        clicks = [click(campaign, store, number) for number in range(CLICKS + 1)]
        await stream.append(as_entries(clicks))
        assert await seconds_until_it_stops(live, store) < 1
    spent = await one(
        engine, "SELECT spent_micros FROM campaigns WHERE id = :id", id=campaign.campaign_id
    )
    assert spent == BUDGET


@pytest.mark.slow
async def test_mutant_that_never_reads_the_budgets_is_caught(
    engine: AsyncEngine,
    stream: EventStream,
    database_url: str,
    redis_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def none_spent(_: object) -> dict[str, set[str]]:
        return {}

    monkeypatch.setattr(reload, "spent_out_campaigns", none_spent)
    store, campaign = await open_shop(engine, budget=BUDGET)
    async with serving(engine, database_url, redis_url, tmp_path) as live:
        await stream.append(as_entries([click(campaign, store, n) for n in range(CLICKS)]))
        with pytest.raises(TimeoutError):
            await seconds_until_it_stops(live, store, patience_seconds=1.5)
