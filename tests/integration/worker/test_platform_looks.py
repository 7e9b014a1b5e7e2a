"""Campaigns are looked at once their platforms told something, many at once, and held shortly."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import time
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, text

from service.store import platform_results
from service.store.accounts import hold_campaign
from service.store.allocations import apply_allocation
from service.store.due_allocations import spread_campaigns
from service.store.ledger import Due, charge
from service.store.platform_results import HourResult, put_results
from service.worker import replanning
from service.worker.allocating import AT_ONCE, Allocating
from service.worker.platform_news import PlatformNews
from service.worker.response_models import ResponseModels
from tests.integration.worker.shop import eventually
from tests.integration.worker.spread import UNIT, Spread, open_spread
from tests.integration.worker.test_allocating import (
    POLICY_OF,
    TOLD,
    a_third_since,
    counted,
    steady,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from service.store.allocations import NewAllocation

FREE = "{} FOR NO KEY UPDATE SKIP LOCKED"
OWNER_FREE = (
    "SELECT advertisers.id FROM advertisers JOIN campaigns ON advertiser_id = advertisers.id"
    " WHERE campaigns.id = :id FOR NO KEY UPDATE OF advertisers SKIP LOCKED"
)
PREPAID = (
    "UPDATE advertisers SET credit_micros = 1000000"
    " WHERE id = (SELECT advertiser_id FROM campaigns WHERE id = :id)"
)
LOOKS = "salient_worker_platform_looks_total"
FAILED = "salient_worker_allocations_failed_total"


class Worker:
    """One worker that looks again and again; own events are counted at its first look alone."""

    def __init__(self, engine: AsyncEngine, models: Path) -> None:
        self.engine = engine
        self.allocating = Allocating(engine, ResponseModels(models))

    async def look(self) -> int:
        """Returns: at how many campaigns it looked."""
        before = counted(LOOKS)
        async with self.engine.connect() as connection:
            auto = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await self.allocating.look(auto)
        return round(counted(LOOKS) - before)


@pytest.fixture
async def worker(engine: AsyncEngine, tmp_path: Path) -> Worker:
    async with engine.begin() as connection:  # other tests of the module left campaigns behind
        await connection.execute(text("UPDATE campaigns SET status = 'paused'"))
    return Worker(engine, tmp_path)


@contextmanager
def statements(engine: AsyncEngine) -> Iterator[list[str]]:
    """All that the database is asked meanwhile."""
    asked: list[str] = []

    def note(*told: Any) -> None:
        asked.append(told[2])

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine.sync_engine, "before_cursor_execute", note)


async def tell_more(spread: Spread) -> None:
    """An hour of the day before yesterday is told again, a little other."""
    today = datetime.combine(await spread.today(), datetime.min.time(), UTC)
    hour = HourResult("mail", spread.id, today - timedelta(hours=30), UNIT, 1_000, 21, 0)
    async with spread.engine.begin() as connection:
        await put_results(connection, spread.store.store_id, [hour], "reported")


async def planned(engine: AsyncEngine, worker: Worker, number: int) -> list[Spread]:
    spreads = [await open_spread(engine) for _ in range(number)]
    for one in spreads:
        await one.tell("mail", 6, steady)
    assert await worker.look() == number
    return spreads


async def test_a_look_costs_one_question_where_nothing_was_told(
    engine: AsyncEngine, worker: Worker
) -> None:
    await planned(engine, worker, 3)
    with statements(engine) as asked:
        assert await worker.look() == 0
    assert len(asked) == 1


async def test_only_what_was_told_of_is_looked_at_and_once(
    engine: AsyncEngine, worker: Worker
) -> None:
    spreads = await planned(engine, worker, 3)
    await tell_more(spreads[1])
    assert await worker.look() == 1
    assert await worker.look() == 0
    # another worker knows of no look
    assert await Worker(engine, worker.allocating.models.models).look() == 3


async def test_many_are_read_with_as_many_questions_as_one(
    engine: AsyncEngine, worker: Worker
) -> None:
    spreads = await planned(engine, worker, AT_ONCE)
    asked = []
    for told in (spreads[:1], spreads):
        for one in told:
            await tell_more(one)
        with statements(engine) as questions:
            assert await worker.look() == len(told)
        asked.append(len(questions))
    assert asked[0] == asked[1]


async def shaken(engine: AsyncEngine, worker: Worker) -> Spread:
    """A campaign that was looked at, and is told since that social brings a third."""
    spread = await open_spread(engine, daily=240 * UNIT)
    noon = datetime.combine(await spread.today(), datetime.min.time(), UTC) - timedelta(hours=36)
    await spread.tell("mail", 20, steady)
    await spread.tell("social", 20, steady)
    assert await worker.look() == 1
    await spread.tell("social", 20, a_third_since(noon))
    return spread


async def causes(spread: Spread) -> list[str]:
    return [plan[0] for plan in await spread.plans()]


async def test_a_shock_is_seen_at_the_next_look_after_it_was_reported(
    engine: AsyncEngine, worker: Worker
) -> None:
    spread = await shaken(engine, worker)
    assert await worker.look() == 1
    assert await causes(spread) == ["periodic", "shock"]


async def test_mutant_that_notes_no_report_is_caught(
    engine: AsyncEngine, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(*_: object) -> None:
        pass

    monkeypatch.setattr(platform_results, "note_told", silent)
    spread = await shaken(engine, worker)
    await worker.look()
    assert await causes(spread) == ["periodic"]


async def test_mutant_that_looks_once_only_is_caught(
    engine: AsyncEngine, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    spread = await shaken(engine, worker)
    monkeypatch.setattr(
        PlatformNews, "_is_news", lambda self, one: one.campaign_id not in self._seen
    )
    assert await worker.look() == 0
    assert await causes(spread) == ["periodic"]


async def test_a_shock_of_a_campaign_that_is_held_waits_for_the_next_look(
    engine: AsyncEngine, worker: Worker
) -> None:
    spread = await shaken(engine, worker)
    async with engine.begin() as holding:
        assert await hold_campaign(holding, spread.id, seconds=9)
        assert await worker.look() == 1
    assert await causes(spread) == ["periodic"]
    assert await worker.look() == 1
    assert await causes(spread) == ["periodic", "shock"]


async def test_who_waits_longest_for_a_plan_of_the_day_is_first(
    engine: AsyncEngine, worker: Worker
) -> None:
    has_one, late, long = [await open_spread(engine) for _ in range(3)]
    await late.change("status = 'paused'")
    await long.change("status = 'paused'")
    await worker.look()
    for one, minutes in ((late, 1), (long, 2), (has_one, 3)):
        since = f"now() - interval '{minutes} minutes'"
        await one.change(f"status = 'active', starts_at = {since}, updated_at = {since}")
        await one.execute(POLICY_OF.format(f"{minutes} minutes"), id=one.id)
    await has_one.execute(TOLD.format("5 hours"), id=has_one.id)
    async with engine.connect() as connection:
        found = await spread_campaigns(connection, every_seconds=4 * 3600)
    assert [one.campaign_id for one in found] == [long.id, late.id, has_one.id]
    assert [one.is_due for one in found] == [True] * 3


async def test_one_that_cannot_be_read_holds_up_nobody(
    engine: AsyncEngine, worker: Worker
) -> None:
    spreads = [await open_spread(engine) for _ in range(3)]
    most = 2**63 - 1  # twice that is no bigint
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=2)
    told = [
        HourResult("mail", spreads[1].id, hour + timedelta(hours=n), most, 1, 1, 0)
        for n in range(2)
    ]
    async with engine.begin() as connection:
        await put_results(connection, spreads[1].store.store_id, told, "own")
    failed = counted(FAILED)
    await worker.look()
    await worker.look()
    assert [len(await one.plans()) for one in spreads] == [1, 0, 1]
    assert counted(FAILED) == failed + 1


def click(spread: Spread, number: int) -> Due:
    return Due(
        "click",
        f"imp_{spread.id}_{number}",
        spread.store.store_id,
        spread.id,
        10,
        time(),
        platform="web",
    )


@dataclass(frozen=True, slots=True)
class Stalled:
    """Whoever plans `slow` stands still with it locked until `go`; `other` is as any."""

    slow: Spread
    other: Spread
    go: asyncio.Event

    async def is_held(self) -> bool:
        return not await self.slow.rows(FREE.format("SELECT id FROM campaigns WHERE id = :id"))


async def stalled(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch, *, held_seconds: float
) -> Stalled:
    made = Stalled(await open_spread(engine), await open_spread(engine), asyncio.Event())

    async def stand_still(connection: AsyncConnection, new: NewAllocation) -> str:
        if new.campaign_id == made.slow.id:
            await made.go.wait()
        return await apply_allocation(connection, new)

    monkeypatch.setattr(replanning, "apply_allocation", stand_still)
    monkeypatch.setattr(replanning, "HELD_SECONDS", held_seconds)
    return made


async def test_a_plan_that_stands_still_lets_go_of_its_campaign(
    engine: AsyncEngine, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await stalled(engine, monkeypatch, held_seconds=0.5)
    looking = asyncio.create_task(worker.look())
    await eventually(made.is_held)
    due = click(made.slow, 1)
    async with asyncio.timeout(10), engine.begin() as connection:
        assert (await charge(connection, [due])).paid == [due]
    assert not looking.done()  # it does not know yet
    made.go.set()
    await looking
    await worker.look()
    assert [len(await one.plans()) for one in (made.slow, made.other)] == [0, 1]


async def test_a_plan_leaves_the_balance_to_the_other_campaigns(
    engine: AsyncEngine, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await stalled(engine, monkeypatch, held_seconds=30)
    await made.slow.execute(PREPAID, id=made.slow.id)
    looking = asyncio.create_task(worker.look())
    await eventually(made.is_held)
    free = await made.slow.rows(OWNER_FREE)
    made.go.set()
    await looking
    assert len(free) == 1
    assert len(await made.slow.plans()) == 1
