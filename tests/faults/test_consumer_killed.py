"""Row 2: the consumer is killed between commit and acknowledgement."""

from __future__ import annotations

import asyncio
import sys
import time
from asyncio.subprocess import PIPE
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.integration.worker.shop import (
    as_entries,
    click,
    column,
    decision,
    eventually,
    feature_word,
    one,
    open_shop,
)

if TYPE_CHECKING:
    from asyncio.subprocess import Process

    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.decision.terms import Campaign, Store
    from service.store.stream import EventStream

PROCESS = Path(__file__).with_name("consumer_process.py")
PRICE = 250_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the stores hold against the list of keys that were sent."""

    missing: int
    double: int
    charges: int
    decisions: int
    spent: int
    kills: int
    drained_seconds: float  # after the start of the last process


async def send(stream: EventStream, store: Store, campaign: Campaign, number: int) -> set[str]:
    """Append `number` clicks, words and decisions each; returns the keys of the events."""
    keys = set()
    for start in range(0, number, 500):
        events = [
            made
            for row in range(start, min(start + 500, number))
            for made in (click(campaign, store, row), feature_word(store, "oak", row))
        ]
        keys |= {event.event_key for event in events}
        decisions = [decision(store, row) for row in range(start, min(start + 500, number))]
        await stream.append(as_entries([*events, *decisions]))
    return keys


async def consume_to_the_end(
    database_url: str, redis_url: str, stream: EventStream, *, defect: str, kill_every: int
) -> tuple[int, float]:
    """Run consumers, one after the other as they die, until the stream is empty."""
    kills, ready_at = 0, 0.0
    async with asyncio.timeout(60):
        while await stream.waiting():
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                str(PROCESS),
                database_url,
                redis_url,
                defect,
                str(kill_every),
                stdout=PIPE,
                env={"PYTHONPATH": str(Path(__file__).parents[2])},
            )
            assert process.stdout is not None
            await process.stdout.readline()
            ready_at = time.monotonic()

            async def over(process: Process = process) -> bool:
                return process.returncode is not None or not await stream.waiting()

            await eventually(over, seconds=30)
            if process.returncode is None:
                process.terminate()
            kills += await process.wait() == -9
    return kills, time.monotonic() - ready_at


async def outcome_of(
    engine: AsyncEngine,
    store: Store,
    campaign: Campaign,
    sent: set[str],
    ran: tuple[int, float],
) -> Outcome:
    stored = await column(
        engine, "SELECT event_key FROM events WHERE store_id = :id", id=store.store_id
    )
    plain = [key.partition("~")[0] for key in stored]
    charges = await column(
        engine, "SELECT price_micros FROM charges WHERE campaign_id = :id", id=campaign.campaign_id
    )
    spent = await one(
        engine, "SELECT spent_micros FROM campaigns WHERE id = :id", id=campaign.campaign_id
    )
    decisions = await one(
        engine, "SELECT count(*) FROM decisions WHERE store_id = :id", id=store.store_id
    )
    return Outcome(
        missing=len(sent - set(plain)),
        double=len(plain) - len(set(plain)),
        charges=len(charges),
        decisions=decisions,
        spent=spent,
        kills=ran[0],
        drained_seconds=ran[1],
    )


async def chaos(
    engine: AsyncEngine,
    stream: EventStream,
    urls: tuple[str, str],
    *,
    defect: str,
    number: int,
    kill_every: int,
) -> Outcome:
    store, campaign = await open_shop(engine, budget=10_000_000_000)
    sent = await send(stream, store, campaign, number)
    ran = await consume_to_the_end(*urls, stream, defect=defect, kill_every=kill_every)
    return await outcome_of(engine, store, campaign, sent, ran)


async def test_a_consumer_killed_before_it_acknowledges_loses_and_doubles_nothing(
    engine: AsyncEngine, stream: EventStream, database_url: str, redis_url: str
) -> None:
    # 2,400 entries in batches of 50: every tenth is killed after its commit
    outcome = await chaos(
        engine,
        stream,
        (database_url, redis_url),
        defect="none",
        number=800,
        kill_every=10,
    )
    assert outcome.kills >= 4
    assert (outcome.missing, outcome.double) == (0, 0)
    assert (outcome.charges, outcome.spent) == (800, 800 * PRICE)
    assert outcome.drained_seconds < 5
    assert outcome.decisions == 800


@pytest.mark.slow
async def test_mutant_acknowledged_before_it_is_stored_is_caught(
    engine: AsyncEngine, stream: EventStream, database_url: str, redis_url: str
) -> None:
    outcome = await chaos(
        engine,
        stream,
        (database_url, redis_url),
        defect="ack_first",
        number=100,
        kill_every=2,
    )
    assert outcome.kills > 0
    assert outcome.missing > 0


@pytest.mark.slow
async def test_mutant_without_a_deduplication_key_is_caught(
    engine: AsyncEngine, stream: EventStream, database_url: str, redis_url: str
) -> None:
    outcome = await chaos(
        engine,
        stream,
        (database_url, redis_url),
        defect="no_key",
        number=100,
        kill_every=3,
    )
    assert outcome.kills > 0
    assert outcome.missing == 0
    assert outcome.double > 0
    assert outcome.spent > 100 * PRICE
