"""Several processes charge the same clicks at the same moment: each is paid for once."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from tests.faults.charging_process import due_of
from tests.unit.store.made import campaign, fill

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from sqlalchemy.ext.asyncio import AsyncEngine

pytestmark = pytest.mark.usefixtures("emptied")

PROCESS = Path(__file__).with_name("charging_process.py")
PROCESSES = 3
CAMPAIGNS = 20
KEY = "PRIMARY KEY (impression_id, kind, charge_key)"
SUMS = (
    "SELECT id, budget_micros AS budget, spent_micros AS spent,"
    " (SELECT coalesce(sum(price_micros), 0)::bigint FROM charges WHERE campaign_id = id) AS paid,"
    " (SELECT coalesce(sum(spent_micros), 0)::bigint FROM campaign_days WHERE campaign_id = id)"
    " AS days FROM campaigns ORDER BY id"
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the ledger holds against the list of clicks that were sent."""

    missing: int  # neither charged nor kept as unpaid
    double: int
    strangers: int  # charged, but never sent
    overcharged: int  # campaigns above their budget
    uneven: int  # campaigns whose ledger, sum and days differ
    unpaid: int
    told: int  # how many the processes say they charged


@pytest.fixture
async def without_key(engine: AsyncEngine, empty: Callable[[], None]) -> AsyncIterator[None]:
    """Nothing in the schema forbids two charges of one name."""
    async with engine.begin() as connection:
        await connection.execute(text("ALTER TABLE charges DROP CONSTRAINT pk_charges CASCADE"))
    yield
    empty()
    async with engine.begin() as connection:
        await connection.execute(text(f"ALTER TABLE charges ADD CONSTRAINT pk_charges {KEY}"))


async def race(engine: AsyncEngine, database_url: str, clicks: int, defect: str) -> Outcome:
    """Let the processes loose on `clicks` of twenty campaigns, and look at what they leave.

    The last campaign has a budget for about half of its clicks.
    """
    each = clicks // CAMPAIGNS
    # even for charges made three times, lest the guard on budgets hides the defect
    rich = 1000 * each
    poor = rich if defect == "no_lock" else 50 * each
    async with engine.begin() as connection:
        made = [
            campaign(f"cmp_{n}", budget=poor if n == CAMPAIGNS - 1 else rich)
            for n in range(CAMPAIGNS)
        ]
        await fill(connection, *made)
    told = await run_all(database_url, defect, clicks)
    return await outcome_of(engine, clicks, told)


async def run_all(database_url: str, defect: str, clicks: int, *, apart: int = 0) -> int:
    """Run the processes side by side; returns how many charges they say they made."""
    running = []
    for seed in range(PROCESSES):
        figures = map(str, (seed, clicks, CAMPAIGNS, apart))
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(PROCESS),
            database_url,
            defect,
            *figures,
            stdin=PIPE,
            stdout=PIPE,
            env={"PYTHONPATH": str(Path(__file__).parents[2])},
        )
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
        running.append(process)
    answers = await asyncio.gather(*(one.communicate(b"go\n") for one in running))
    assert [one.returncode for one in running] == [0] * PROCESSES
    return sum(int(out) for out, _ in answers)


async def outcome_of(engine: AsyncEngine, clicks: int, told: int) -> Outcome:
    sent = {due_of(number, CAMPAIGNS).impression_id for number in range(clicks)}
    async with engine.connect() as connection:
        charged = (await connection.execute(text("SELECT impression_id FROM charges"))).scalars()
        names = list(charged)
        unpaid = (await connection.execute(text("SELECT impression_id FROM unpaid"))).scalars()
        refused = set(unpaid)
        rows = (await connection.execute(text(SUMS))).all()
    return Outcome(
        missing=len(sent - set(names) - refused),
        double=len(names) - len(set(names)) + len(set(names) & refused),
        strangers=len(set(names) - sent),
        overcharged=sum(row.spent > row.budget for row in rows),
        uneven=sum(not row.spent == row.paid == row.days for row in rows),
        unpaid=len(refused),
        told=told,
    )


def check(outcome: Outcome, clicks: int) -> None:
    # the poor campaign has 50 micros a click, its clicks cost 100 to 106: about half go unpaid
    each = clicks // CAMPAIGNS
    assert 0.45 * each <= outcome.unpaid <= 0.6 * each
    assert outcome == Outcome(
        missing=0,
        double=0,
        strangers=0,
        overcharged=0,
        uneven=0,
        unpaid=outcome.unpaid,
        told=clicks - outcome.unpaid,
    )


async def test_clicks_that_several_processes_charge_are_paid_once(
    engine: AsyncEngine, database_url: str
) -> None:
    check(await race(engine, database_url, 4_000, "none"), 4_000)


@pytest.mark.slow
async def test_a_hundred_thousand_races_charge_nothing_twice(
    engine: AsyncEngine, database_url: str
) -> None:
    check(await race(engine, database_url, 100_000, "none"), 100_000)


@pytest.mark.soak
async def test_a_million_races_charge_nothing_twice(
    engine: AsyncEngine, database_url: str
) -> None:
    check(await race(engine, database_url, 1_000_000, "none"), 1_000_000)


@pytest.mark.usefixtures("without_key")
async def test_mutant_without_lock_and_key_is_caught(
    engine: AsyncEngine, database_url: str
) -> None:
    outcome = await race(engine, database_url, 2_000, "no_lock")
    assert outcome.double > 0


@pytest.mark.usefixtures("without_key")
async def test_the_lock_alone_holds_where_the_key_is_gone(
    engine: AsyncEngine, database_url: str
) -> None:
    check(await race(engine, database_url, 2_000, "none"), 2_000)
