"""Paces from the ledger to the auction and into the record."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from math import exp
from time import time
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from service.decision.decide import Case, decide_together
from service.decision.pace import Pace
from service.decision.paced import Paces
from service.store.events import add_decisions
from service.store.ledger import charge
from service.store.paces import PaceRow, write_paces
from service.store.postgres import open_engine
from service.worker import pacing
from service.worker.bundles import Bundles
from service.worker.charging import dues_of
from service.worker.loading import load
from service.worker.pacing import Watch, keep_pacing
from service.worker.reload import follow_paces, follow_snapshots, load_newest
from service.worker.replay import differences, replay, snapshot_of
from tests.integration.worker.house import open_house
from tests.integration.worker.shop import click, column, eventually, one, open_shop
from tests.integration.worker.test_refresh import rename
from tests.unit.decision.shop import ask

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.decision.live import Live
    from service.decision.terms import Campaign, Store
    from service.worker.refresh import Refresher

_PACE = "SELECT bid_ppm FROM campaign_paces WHERE campaign_id = :id"


async def budget(engine: AsyncEngine, campaign: Campaign, micros: int) -> None:
    statement = text("UPDATE campaigns SET daily_budget_micros = :micros WHERE id = :id")
    async with engine.begin() as connection:
        await connection.execute(statement, {"micros": micros, "id": campaign.campaign_id})


def bids_of(live: Live) -> set[int]:
    """What the ads bid that are shown for "lamp"."""
    cases = [Case(ask("lamp"), time(), 1)]
    decisions = decide_together(
        cases, live.snapshot, live.scorers, spent_out=live.spent_out, paces=live.paces
    )
    return {one.award.ad.bid for one in decisions[0].awards}


async def spend(engine: AsyncEngine, store: Store, campaign: Campaign, clicks: range) -> None:
    """Charge clicks of 250,000 micros, and say that somebody asked for ads."""
    asked = {"store_id": store.store_id, "ts": time(), "request_id": f"req_{clicks}"}
    dues = dues_of([click(campaign, store, number) for number in clicks])
    async with engine.begin() as connection:
        assert len((await charge(connection, dues)).paid) == len(clicks)
        await add_decisions(connection, [{**asked, "awards": []}])


async def test_a_campaign_that_spends_too_fast_is_slowed(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    # a day's budget of 10 pays 20 clicks at the bid of 0.50, so the gain is 20 / 10; 2 are
    # charged at once: 2 * -2 / 10 = -0.4, less what a moment of the day may cost
    monkeypatch.setattr(pacing, "RECORDED_AFTER_SECONDS", 0.0)
    store, campaign = await open_shop(engine)
    await budget(engine, campaign, 10_000_000)
    async with engine.connect() as connection:
        auto = await connection.execution_options(isolation_level="AUTOCOMMIT")
        watch = Watch()
        await watch.look(auto)
        assert await one(engine, _PACE, id=campaign.campaign_id) == 1_000_000
        await spend(engine, store, campaign, range(8))
        await watch.look(auto)
    slowed = await one(engine, _PACE, id=campaign.campaign_id)
    assert slowed == pytest.approx(1e6 * exp(-0.4), rel=0.01)


async def test_a_target_return_is_held_against_what_was_sold(engine: AsyncEngine) -> None:
    # 300 clicks and no sale: (0 + 100) / (300 + 100) is aimed at, a tenth of the way a look
    store, campaign = await open_shop(engine)
    asked = text("UPDATE campaigns SET target_roas_ppm = 4000000 WHERE id = :id")
    async with engine.begin() as connection:
        await connection.execute(asked, {"id": campaign.campaign_id})
    await spend(engine, store, campaign, range(300))
    async with engine.connect() as connection:
        auto = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await Watch().look(auto)
    assert await one(engine, _PACE, id=campaign.campaign_id) == round(1e6 * 0.25**0.1)


async def test_without_anybody_to_pace_nothing_is_written(
    engine: AsyncEngine, refresher: Refresher
) -> None:
    assert await refresher.look() == 0  # there is no store but this one
    _, campaign = await open_shop(engine)
    async with engine.connect() as connection:
        auto = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await write_paces(auto, [PaceRow(campaign.campaign_id, Pace(5), 5, 5)])
        await Watch().look(auto)
    assert await column(engine, "SELECT bid_ppm FROM campaign_paces") == []


async def test_of_two_workers_one_paces_and_the_other_takes_over(
    engine: AsyncEngine, database_url: str
) -> None:
    _, campaign = await open_shop(engine)
    await budget(engine, campaign, 10_000_000)
    stop = asyncio.Event()
    engines = [open_engine(database_url) for _ in range(2)]
    both = [asyncio.create_task(keep_pacing(it, stop, every_seconds=0.05)) for it in engines]
    holder = (
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )

    async def held() -> bool:
        return len(await column(engine, holder)) == 1

    await eventually(held)
    (first,) = await column(engine, holder)
    await asyncio.sleep(0.3)
    assert await column(engine, holder) == [first]
    await one(engine, "SELECT pg_terminate_backend(:pid)", pid=first)

    async def taken_over() -> bool:
        now = await column(engine, holder)
        return len(now) == 1 and now != [first]

    await eventually(taken_over)
    stop.set()
    await asyncio.gather(*both)
    assert await column(engine, holder) == []
    for it in engines:
        await it.dispose()


async def test_a_server_bids_as_the_worker_paces(
    engine: AsyncEngine, refresher: Refresher, tmp_path: Path
) -> None:
    store, campaign = await open_shop(engine)  # bids 500,000
    await refresher.look()
    live: dict[str, Live] = {}
    await load_newest(live, state=tmp_path, models=tmp_path / "models")
    following = asyncio.create_task(follow_paces(live, engine, every_seconds=0.01))

    async def bids(micros: int) -> None:
        async def there() -> bool:
            return bids_of(live[store.store_id]) == {micros}

        await eventually(there)

    await bids(500_000)
    for ppm in (250_000, 100_000):
        async with engine.begin() as connection:
            await write_paces(connection, [PaceRow(campaign.campaign_id, Pace(ppm), 10**6, 5)])
        await bids(ppm // 2)
    async with engine.begin() as connection:
        await write_paces(connection, [])
    await bids(500_000)
    following.cancel()


async def test_a_swap_of_the_snapshot_keeps_the_paces(
    engine: AsyncEngine, refresher: Refresher, tmp_path: Path
) -> None:
    store, campaign = await open_shop(engine)
    await refresher.look()
    live: dict[str, Live] = {}
    await load_newest(live, state=tmp_path, models=tmp_path / "models")
    paces = Paces({campaign.campaign_id: Pace(250_000)})
    before = live[store.store_id] = replace(live[store.store_id], paces=paces)
    await rename(engine, store, "New")
    await refresher.look()
    following = asyncio.create_task(
        follow_snapshots(live, state=tmp_path, models=tmp_path / "models", every_seconds=0.01)
    )

    async def swapped() -> bool:
        return live[store.store_id].snapshot is not before.snapshot

    await eventually(swapped)
    following.cancel()
    assert live[store.store_id].paces is paces
    assert bids_of(live[store.store_id]) == {125_000}


async def test_without_a_database_the_paces_stay(
    engine: AsyncEngine, refresher: Refresher, tmp_path: Path
) -> None:
    store, campaign = await open_shop(engine)
    await refresher.look()
    live: dict[str, Live] = {}
    await load_newest(live, state=tmp_path, models=tmp_path / "models")
    paces = Paces({campaign.campaign_id: Pace(250_000)})
    live[store.store_id] = replace(live[store.store_id], paces=paces)
    nowhere = open_engine("postgresql://127.0.0.1:1/none")
    following = asyncio.create_task(follow_paces(live, nowhere, every_seconds=0.01))
    stop = asyncio.Event()
    keeping = asyncio.create_task(keep_pacing(nowhere, stop, every_seconds=0.01))
    await asyncio.sleep(0.2)
    assert not following.done()
    assert not keeping.done()
    following.cancel()
    stop.set()
    await keeping
    assert live[store.store_id].paces is paces
    await nowhere.dispose()


async def test_a_campaign_outside_its_hours_is_not_served(
    engine: AsyncEngine, refresher: Refresher, tmp_path: Path
) -> None:
    store, campaign = await open_shop(engine)
    await refresher.look()
    live: dict[str, Live] = {}
    await load_newest(live, state=tmp_path, models=tmp_path / "models")
    following = asyncio.create_task(follow_paces(live, engine, every_seconds=0.02))
    assert bids_of(live[store.store_id])
    # an hour of the week that is far from now, then all of it
    now = datetime.now(UTC)
    far = ((now.weekday() * 24 + now.hour + 84) % 168) * 60
    for hours, served in ((far, far + 60), False), ((0, 10_080), True):
        async with engine.begin() as connection:
            change = text(
                "UPDATE campaigns SET schedule = int4multirange(int4range(:first, :last))"
                " WHERE id = :id"
            )
            named = {"first": hours[0], "last": hours[1], "id": campaign.campaign_id}
            await connection.execute(change, named)

        async def as_told(wanted: bool = served) -> bool:
            return bool(bids_of(live[store.store_id])) == wanted

        await eventually(as_told)
    following.cancel()


async def test_a_paced_decision_is_recorded_with_its_paces_and_can_be_replayed(
    engine: AsyncEngine, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    store, campaign = await open_shop(engine)
    await budget(engine, campaign, 10_000_000)
    pace = Pace(20_000, 500_000)  # no lower, since the reserve is 10,000
    async with engine.begin() as connection:
        await write_paces(connection, [PaceRow(campaign.campaign_id, pace, 10**6, 5)])
    models = tmp_path / "models"
    async with open_house(engine, (database_url, redis_url), store, tmp_path, models) as house:
        asked = 0

        async def paced() -> bool:
            nonlocal asked
            asked += 1
            reason: str | None = (await house.ads("lamp", "ann"))["no_fill_reason"]
            return reason == "paced"

        await eventually(paced)
        for _ in range(10):
            await house.ads("lamp", "ann")
        await house.settled(events=0, decisions=asked + 10)
        records = await house.records()
    met = [record for record in records if "paces" in record["request"]]
    assert len(met) >= 11
    assert {tuple(one["request"]["paces"][campaign.campaign_id]) for one in met} == {pace}
    assert {award["bid"] for one in met for award in one["awards"]} == {10_000}
    assert {bool(one["awards"]) for one in met} == {True, False}
    for record in records:
        live = load(snapshot_of(record, state=tmp_path), Bundles(models))
        decision = replay(record, live.snapshot, live.scorers)
        assert differences(record, decision) == []
        assert decision.no_fill_reason == record["no_fill_reason"]
        forgotten = {**record, "request": {**record["request"], "paces": {}}}
        unpaced = replay(forgotten, live.snapshot, live.scorers)
        assert bool(differences(record, unpaced)) == ("paces" in record["request"])
