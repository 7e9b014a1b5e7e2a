"""Days that are planned anew while clicks are charged: limits add up to the budget, and hold."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import count
from time import time
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from service.store import allocations
from service.store.ledger import Due, charge
from service.worker import platform_looks, replanning
from tests.integration.worker.spread import Spread, open_spread
from tests.integration.worker.test_allocating import look

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from service.store.allocations import NewAllocation

DAILY = 10_000_000
CHARGERS, PLANS, PRICE = 3, 6, 9_700


@dataclass
class Till:
    """What the chargers saw."""

    paid: int = 0
    broken: int = 0  # charges that the schema alone refused


async def charge_on_and_on(spread: Spread, name: int, till: Till, stop: asyncio.Event) -> None:
    """Charge clicks on both platforms, one transaction each."""
    for n in count():
        if stop.is_set():
            return
        due = Due(
            "click", f"imp_{spread.id}_{name}_{n}", spread.store.store_id, spread.id, PRICE,
            time(), platform=("web", "app")[n % 2],
        )  # fmt: skip
        try:
            async with spread.engine.begin() as connection:
                done = await charge(connection, [due])
        except IntegrityError:
            till.broken += 1
        else:
            till.paid += sum(one.price for one in done.paid)


async def race(engine: AsyncEngine, models: Path) -> tuple[list[int], int, Till]:
    """Sums of the limits after each plan; what the platforms spent, and what the chargers saw."""
    spread = await open_spread(engine, daily=DAILY)
    await spread.change("platforms = '{app, web}'")
    stop, till = asyncio.Event(), Till()
    chargers = [
        asyncio.create_task(charge_on_and_on(spread, name, till, stop)) for name in range(CHARGERS)
    ]
    sums = []
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
    stop.set()
    await asyncio.gather(*chargers)
    return sums, sum(spent for _, spent in (await spread.limits()).values()), till


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
    sums, spent, till = await race(engine, tmp_path)
    assert sums == [DAILY] * PLANS
    assert 0 < spent == till.paid <= DAILY
    assert till.broken == 0


async def test_mutant_that_keeps_the_plan_of_before_the_lock_is_caught(
    engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def as_it_was(
        _: object, __: object, known: platform_looks.Known
    ) -> platform_looks.Known:
        await asyncio.sleep(0.05)
        return known

    monkeypatch.setattr(replanning, "_held", as_it_was)
    sums, _, till = await race(engine, tmp_path)
    assert max(sums) > DAILY or till.broken


async def test_mutant_that_plans_without_a_lock_is_caught(
    engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unlocked(*_: object, **__: object) -> bool:
        return True

    monkeypatch.setattr(replanning, "hold_campaign", unlocked)
    monkeypatch.setattr(allocations, "_LOCK", text("SELECT CAST(:campaign_id AS text)"))
    sums, _, till = await race(engine, tmp_path)
    assert max(sums) > DAILY or till.broken
