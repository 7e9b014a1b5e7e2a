"""Budgets are spread for each day, again every few hours, and at once after a shock."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from time import time
from typing import TYPE_CHECKING

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text
from sqlalchemy.exc import ResourceClosedError

from service.store.ledger import Due, charge
from service.store.postgres import open_engine
from service.worker import replanning
from service.worker.allocating import Allocating, keep_allocating
from service.worker.response_models import ResponseModels
from tests.integration.worker.shop import eventually
from tests.integration.worker.spread import DAILY, UNIT, Spread, open_spread

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine

TOLD = "UPDATE allocations SET created_at = created_at - interval '{}' WHERE campaign_id = :id"
POLICY_OF = (
    "UPDATE allocation_policies SET updated_at = now() - interval '{}' WHERE campaign_id = :id"
)


def steady(_: datetime) -> int:
    return 20


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def look(engine: AsyncEngine, models: Path, *, times: int = 1) -> Allocating:
    allocating = Allocating(engine, ResponseModels(models))
    async with engine.connect() as connection:
        auto = await connection.execution_options(isolation_level="AUTOCOMMIT")
        for _ in range(times):
            await allocating.look(auto)
    return allocating


async def pay(spread: Spread, platform: str, micros: int, number: int = 0) -> None:
    """Charge one click on that platform."""
    due = Due(
        "click",
        f"imp_{spread.id}_{platform}_{number}",
        spread.store.store_id,
        spread.id,
        micros,
        time(),
        platform=platform,
    )
    async with spread.engine.begin() as connection:
        assert (await charge(connection, [due])).paid == [due]


async def test_a_day_is_planned_and_its_shares_are_limits(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    spread = await open_spread(engine)
    await spread.tell("mail", 10, steady)
    await spread.tell("social", 10, lambda _: 5)
    await look(engine, tmp_path)
    assert await spread.plans() == [("periodic", await spread.today(), DAILY, "simple")]
    lines = await spread.newest()
    assert lines.keys() == {"mail", "social", "web"}
    assert sum(line[0] for line in lines.values()) == DAILY
    assert lines["mail"][0] > lines["social"][0]
    assert lines["web"][1] == "new_platform"
    assert counted("salient_allocator_missing") == 1
    # what was reported of today stands in no ledger, but in the plan
    assert {name: one[0] for name, one in (await spread.limits()).items()} == {
        name: line[0] for name, line in lines.items()
    }


async def test_limits_add_up_to_the_budget_over_what_is_spent_already(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    # web may have a tenth, 2.4 units, and has spent 5 before anybody planned
    spread = await open_spread(engine)
    await spread.policy(caps='{"web": 100000}')
    await spread.tell("mail", 10, steady, spend=0)
    await pay(spread, "web", 5 * UNIT)
    await look(engine, tmp_path)
    limits = await spread.limits()
    assert limits["web"] == (5 * UNIT, 5 * UNIT)
    assert sum(limit or 0 for limit, _ in limits.values()) == DAILY


async def test_fixed_shares_are_limits_of_every_day_too(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    spread = await open_spread(engine)
    await spread.change("platforms = '{mail, web}'")
    await spread.policy(mode="fixed", shares='{"mail": 750000, "web": 250000}')
    await look(engine, tmp_path)
    assert await spread.limits() == {"mail": (18 * UNIT, 0), "web": (6 * UNIT, 0)}


async def test_a_plan_is_made_again_when_it_is_due_and_not_before(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    spread = await open_spread(engine)
    await spread.change("updated_at = now() - interval '1 day'")
    await spread.execute(POLICY_OF.format("1 day"), id=spread.id)
    await look(engine, tmp_path, times=3)
    await spread.execute(TOLD.format("3 hours 59 minutes"), id=spread.id)
    await look(engine, tmp_path)
    assert len(await spread.plans()) == 1
    await spread.execute(TOLD.format("2 minutes"), id=spread.id)
    await look(engine, tmp_path)
    assert len(await spread.plans()) == 2
    await spread.policy(mode="fixed", shares='{"web": 1000000}')
    await look(engine, tmp_path)
    assert len(await spread.plans()) == 3
    await spread.change("daily_budget_micros = 7, updated_at = clock_timestamp()")
    await look(engine, tmp_path)
    assert (await spread.plans())[3][2] == 7
    await spread.execute(
        "UPDATE allocations SET day = day - 1 WHERE campaign_id = :id", id=spread.id
    )
    await look(engine, tmp_path)
    assert len(await spread.plans()) == 5


async def test_only_campaigns_that_run_are_planned(engine: AsyncEngine, tmp_path: Path) -> None:
    waiting = [await open_spread(engine) for _ in range(3)]
    for spread, change in zip(
        waiting,
        ("status = 'paused'", "starts_at = now() + interval '1 h'", "ends_at = now()"),
        strict=True,
    ):
        await spread.change(change)
    await look(engine, tmp_path)
    assert [await spread.plans() for spread in waiting] == [[], [], []]


def a_third_since(start: datetime) -> Callable[[datetime], int]:
    return lambda hour: 20 if hour < start else 6


async def shaken(engine: AsyncEngine, tmp_path: Path) -> Spread:
    """Two platforms alike, of which one brings a third from noon of the day before yesterday."""
    spread = await open_spread(engine, daily=240 * UNIT)
    await spread.policy(caps='{"web": 0}')
    noon = datetime.combine(await spread.today(), datetime.min.time(), UTC) - timedelta(hours=36)
    await spread.tell("mail", 20, steady)
    await spread.tell("social", 20, steady)
    await look(engine, tmp_path)
    lines = await spread.newest()
    assert abs(lines["mail"][0] - lines["social"][0]) < 24 * UNIT
    await spread.tell("social", 20, a_third_since(noon))
    return spread


async def test_a_shock_moves_the_budget_at_once_and_once(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    before = counted("salient_worker_platform_shocks_total", to="down")
    spread = await shaken(engine, tmp_path)
    await look(engine, tmp_path)
    assert [plan[0] for plan in await spread.plans()] == ["periodic", "shock"]
    lines = await spread.newest()
    assert lines["social"][0] < lines["mail"][0] / 2
    assert "of late it brings 3" in lines["social"][2]  # per cent
    assert sum(line[0] for line in lines.values()) == 240 * UNIT
    assert counted("salient_worker_platform_shocks_total", to="down") == before + 1
    [(platform, ratio)] = await spread.rows(
        "SELECT platform, ratio FROM platform_shocks WHERE campaign_id = :id"
    )
    assert platform == "social"
    assert 0.25 < ratio < 0.4
    # a worker that takes over knows of it, and a plan that is due later still does
    await look(engine, tmp_path)
    assert len(await spread.plans()) == 2
    await spread.execute(TOLD.format("5 hours"), id=spread.id)
    await look(engine, tmp_path)
    assert [plan[0] for plan in await spread.plans()] == ["periodic", "shock", "periodic"]
    lines = await spread.newest()
    assert lines["social"][0] < lines["mail"][0] / 2


async def test_a_plan_that_fails_half_way_leaves_nothing(
    engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spread = await shaken(engine, tmp_path)

    async def killed(*_: object) -> str:
        raise asyncio.CancelledError

    monkeypatch.setattr(replanning, "apply_allocation", killed)
    task = asyncio.create_task(look(engine, tmp_path))
    await asyncio.wait([task])
    assert task.cancelled()
    assert await spread.rows("SELECT FROM platform_shocks WHERE campaign_id = :id") == []
    monkeypatch.undo()
    await look(engine, tmp_path)
    assert [plan[0] for plan in await spread.plans()] == ["periodic", "shock"]


async def test_two_workers_at_once_make_one_plan(engine: AsyncEngine, tmp_path: Path) -> None:
    spreads = [await open_spread(engine) for _ in range(5)]
    await asyncio.gather(*(look(engine, tmp_path) for _ in range(4)))
    assert [len(await spread.plans()) for spread in spreads] == [1] * 5


async def test_mutant_that_does_not_look_again_under_the_lock_is_caught(
    engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unchanged(*_: object) -> str | None:
        return None

    spreads = [await open_spread(engine) for _ in range(5)]
    monkeypatch.setattr(replanning, "newest_allocation", unchanged)
    await asyncio.gather(*(look(engine, tmp_path) for _ in range(4)))
    assert max([len(await spread.plans()) for spread in spreads]) > 1


async def test_one_that_is_held_or_cannot_be_planned_does_not_hold_up_others(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    held, wrong, good = [await open_spread(engine) for _ in range(3)]
    await wrong.change("platforms = '{mail, web}'")
    await wrong.policy(floors='{"web": 600000, "mail": 600000}')
    failed = counted("salient_worker_allocations_failed_total")
    async with engine.begin() as holding:
        await holding.execute(
            text("SELECT FROM campaigns WHERE id = :id FOR UPDATE"),
            {"id": held.id},
        )
        allocating = await look(engine, tmp_path, times=3)
        assert [len(await one.plans()) for one in (held, wrong, good)] == [0, 0, 1]
    # what failed is not tried at every look, and says so
    assert counted("salient_worker_allocations_failed_total") == failed + 1
    await wrong.change("updated_at = now() - interval '1 h'")
    await wrong.execute(POLICY_OF.format("20 minutes"), id=wrong.id)
    async with engine.connect() as connection:
        await allocating.look(await connection.execution_options(isolation_level="AUTOCOMMIT"))
    assert [len(await one.plans()) for one in (held, wrong, good)] == [1, 0, 1]
    today_began = time() % 86_400
    assert counted("salient_unallocated_seconds") > min(1_199, today_began - 5)
    # a worker that lost its connection does not go on telling what it knew last
    async with engine.connect() as connection:
        await connection.close()
        with pytest.raises(ResourceClosedError):
            await allocating.look(connection)
    assert counted("salient_unallocated_seconds") == 0


async def test_without_a_database_it_waits_and_then_goes_on(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    nowhere = open_engine("postgresql://127.0.0.1:1/none")
    stop = asyncio.Event()
    waiting = asyncio.create_task(keep_allocating(nowhere, tmp_path, stop, every_seconds=0.01))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    stop.set()
    await waiting
    await nowhere.dispose()
    spread, stop = await open_spread(engine), asyncio.Event()
    working = asyncio.create_task(keep_allocating(engine, tmp_path, stop, every_seconds=0.05))
    await eventually(spread.plans)
    stop.set()
    await working
    assert len(await spread.plans()) == 1
