"""Row 1: one of several serving processes is killed every two seconds, under an open load."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import httpx
import pytest
from sqlalchemy import text

from tests.faults.own_shop import OwnShop, own_shop
from tests.integration.worker.shop import eventually

if TYPE_CHECKING:
    from tests.faults.own_shop import Account

KILL_EVERY_SECONDS = 2.0
VISITS_A_SECOND = 10.0
CONNECTIONS = 10
CLICKS_PAID = 60  # that the budget has room for
PRICE = 10_000  # alone on its query, an ad pays the reserve
SIZES = [(2, 3), pytest.param((4, 10), marks=pytest.mark.slow)]  # processes, kills


class Outcome(NamedTuple):
    """What came of the kills."""

    failures: int
    answered: int
    account: Account
    spent: int  # micros
    budget: int


def processes_of(shop: OwnShop) -> list[int]:
    """The ids of the serving processes behind the supervisor."""
    assert shop.server.process
    supervisor = shop.server.process.pid
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    return [pid for pid in map(int, children) if b"spawn_main" in command_of(pid)]


def command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


async def kill_one(shop: OwnShop, lot: random.Random) -> None:
    """SIGKILL; whoever supervises may start another."""
    found = processes_of(shop)
    if found:
        os.kill(lot.choice(found), signal.SIGKILL)
    await asyncio.sleep(KILL_EVERY_SECONDS)


async def outcome_of(state: Path, processes: int, kills: int, *, defect: str) -> Outcome:
    """Serve with so many processes, kill so many times, and account for everything."""
    budget = CLICKS_PAID * PRICE
    lot = random.Random(1)  # noqa: S311 - a plan, no secret
    async with own_shop(state, defect=defect, SALIENT_WORKERS=str(processes)) as shop:
        await set_budget(shop, budget)
        await shop.start_worker()
        limits = httpx.Limits(max_connections=CONNECTIONS)
        async with httpx.AsyncClient(
            limits=limits, headers=shop.client.headers, timeout=10
        ) as few:
            shop.client = few
            async with shop.visited(VISITS_A_SECOND):
                for _ in range(kills):
                    await kill_one(shop, lot)
        await shop.recorded()
        await eventually(lambda: settled(shop))
        spent = await shop_spent(shop)
        answered = sum(map(len, shop.took.values()))
        return Outcome(len(shop.failures), answered, await shop.account(), spent, budget)


async def set_budget(shop: OwnShop, micros: int) -> None:
    async with shop.engine.begin() as connection:
        statement = text("UPDATE campaigns SET budget_micros = :micros WHERE id = :id")
        await connection.execute(statement, {"micros": micros, "id": shop.campaign.campaign_id})


async def shop_spent(shop: OwnShop) -> int:
    async with shop.engine.connect() as connection:
        statement = text("SELECT spent_micros FROM campaigns WHERE id = :id")
        found = await connection.execute(statement, {"id": shop.campaign.campaign_id})
        return int(found.scalar_one())


async def settled(shop: OwnShop) -> bool:
    """Whether all clicks that were stored are charged, as far as the budget goes."""
    spent = await shop_spent(shop)
    await asyncio.sleep(0.5)
    return spent == await shop_spent(shop)


@pytest.mark.parametrize("size", SIZES)
async def test_a_kill_costs_a_connection_one_request_at_most(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    processes, kills = size
    outcome = await outcome_of(tmp_path, processes, kills, defect="none")
    assert outcome.failures <= CONNECTIONS * kills
    assert outcome.answered > CONNECTIONS * kills
    assert (outcome.account.missing, outcome.account.double, outcome.account.difference) == (
        0,
        0,
        0,
    )
    assert outcome.budget // 2 < outcome.spent <= outcome.budget


@pytest.mark.slow
async def test_mutant_that_restarts_nobody_is_caught(tmp_path: Path) -> None:
    outcome = await outcome_of(tmp_path, 2, 3, defect="restart_nobody")
    assert outcome.failures > 3 * CONNECTIONS
