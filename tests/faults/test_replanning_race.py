"""Days that are planned anew while clicks are charged: limits add up to the budget, and hold."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from service.store import allocations
from service.worker import platform_looks, replanning
from tests.faults.tills import Charges, open_tills
from tests.integration.worker.spread import open_spread
from tests.integration.worker.test_allocating import look

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from service.store.allocations import NewAllocation

DAILY = 10_000_000
PLANS = 4


async def race(engine: AsyncEngine, models: Path) -> tuple[list[int], int, Charges]:
    """Sums of the limits after each plan; what the platforms spent, and what the tills saw."""
    spread = await open_spread(engine, daily=DAILY)
    await spread.change("platforms = '{app, web}'")
    sums = []
    async with open_tills(engine, spread.store.store_id, spread.id) as charges:
        for number in range(PLANS):
            # app's share falls to what it spent, again and again
            app = 500_000 if number % 2 else 10_000
            shares = f'{{"app": {app}, "web": {1_000_000 - app}}}'
            await spread.policy(mode="fixed", shares=shares)
            while len(await spread.plans()) <= number:
                await look(engine, models)
            limits = (await spread.limits()).values()
            assert all(spent <= (limit or 0) for limit, spent in limits)
            sums.append(sum(limit or 0 for limit, _ in limits))
    return sums, sum(spent for _, spent in (await spread.limits()).values()), charges


@pytest.fixture(autouse=True)
def slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clicks come between what is read under the lock and what is written by it, if they can."""

    async def apply_late(connection: AsyncConnection, new: NewAllocation) -> str:
        await asyncio.sleep(0.05)
        return await allocations.apply_allocation(connection, new)

    monkeypatch.setattr(replanning, "apply_allocation", apply_late)


async def test_limits_add_up_to_the_budget_while_clicks_are_charged(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    sums, spent, charges = await race(engine, tmp_path)
    assert sums == [DAILY] * PLANS
    assert 0 < spent == charges.paid <= DAILY
    assert charges.broken == 0


async def test_mutant_that_keeps_the_plan_of_before_the_lock_is_caught(
    engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def as_it_was(
        _: object, __: object, known: platform_looks.Known
    ) -> platform_looks.Known:
        await asyncio.sleep(0.05)
        return known

    monkeypatch.setattr(replanning, "_held", as_it_was)
    sums, _, charges = await race(engine, tmp_path)
    assert max(sums) > DAILY or charges.broken


async def test_mutant_that_plans_without_a_lock_is_caught(
    engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unlocked(*_: object, **__: object) -> bool:
        return True

    monkeypatch.setattr(replanning, "hold_campaign", unlocked)
    monkeypatch.setattr(allocations, "_LOCK", text("SELECT CAST(:campaign_id AS text)"))
    sums, _, charges = await race(engine, tmp_path)
    assert max(sums) > DAILY or charges.broken
