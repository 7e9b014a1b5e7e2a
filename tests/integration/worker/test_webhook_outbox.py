"""What webhooks are to be told: noted once, claimed by one, told again when that one dies."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from service.store.webhook_outbox import (
    claim_deliveries,
    forget_deliveries,
    gather_news,
    note_delivered,
    note_failed,
)
from tests.integration.worker.shop import column, one, open_shop

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.store.webhook_outbox import Delivery

LEASE_SECONDS = 60.0


async def open_with_webhooks(engine: AsyncEngine, number: int = 1) -> str:
    """A shop whose campaign has spent all, and so many webhooks; returns the store's id."""
    store, campaign = await open_shop(engine)
    async with engine.begin() as connection:
        await connection.exec_driver_sql("DELETE FROM webhook_events")
        for name in range(number):
            await connection.exec_driver_sql(
                "INSERT INTO webhooks (id, store_id, url, events, secret) VALUES"
                " (%s, %s, 'https://x.example', '{campaign.ended}', 's')",
                (f"wh_{store.store_id}{name}", store.store_id),
            )
        await connection.exec_driver_sql("UPDATE campaigns SET spent_micros = 0")
        await connection.exec_driver_sql(
            "UPDATE campaigns SET spent_micros = budget_micros WHERE id = %s",
            (campaign.campaign_id,),
        )
    return store.store_id


async def gather(engine: AsyncEngine) -> int:
    async with engine.begin() as connection:
        return await gather_news(connection)


async def claim(engine: AsyncEngine, *busy: str, limit: int = 10) -> list[Delivery]:
    async with engine.begin() as connection:
        return await claim_deliveries(
            connection, busy=busy, limit=limit, lease_seconds=LEASE_SECONDS
        )


async def run(engine: AsyncEngine, statement: str) -> None:
    async with engine.begin() as connection:
        await connection.exec_driver_sql(statement)


async def test_two_workers_that_look_at_once_note_it_once(engine: AsyncEngine) -> None:
    store_id = await open_with_webhooks(engine)
    made = await asyncio.gather(*(gather(engine) for _ in range(4)))
    assert sorted(made) == [0, 0, 0, 1]
    types = await column(
        engine, "SELECT type FROM webhook_events WHERE store_id = :it ORDER BY about", it=store_id
    )
    # two marks of the budget and its end; the webhook asked for the end only
    assert sorted(types) == ["campaign.budget_low", "campaign.budget_low", "campaign.ended"]


async def test_a_delivery_is_one_workers_until_its_lease_ends(engine: AsyncEngine) -> None:
    await open_with_webhooks(engine, number=3)
    assert await gather(engine) == 3
    claims = await asyncio.gather(*(claim(engine, limit=2) for _ in range(4)))
    claimed = [one.delivery_id for batch in claims for one in batch]
    claimed += [one.delivery_id for one in await claim(engine)]
    assert len(claimed) == len(set(claimed)) == 3
    assert await claim(engine) == []
    # the worker died before it could note what came of it
    await run(engine, "UPDATE webhook_deliveries SET next_try_at = now() - interval '1 second'")
    again = await claim(engine)
    assert {one.delivery_id for one in again} == set(claimed)
    assert {one.tries for one in again} == {2}


async def test_a_webhook_that_is_being_called_is_not_called_beside(engine: AsyncEngine) -> None:
    store_id = await open_with_webhooks(engine, number=2)
    await gather(engine)
    first, second = (f"wh_{store_id}{number}" for number in range(2))
    assert [one.webhook_id for one in await claim(engine, first)] == [second]
    assert await claim(engine, first) == []
    assert [one.webhook_id for one in await claim(engine)] == [first]


async def test_a_day_after_the_event_a_failure_is_the_last(engine: AsyncEngine) -> None:
    await open_with_webhooks(engine)
    await gather(engine)
    (delivery,) = await claim(engine)

    async def fail() -> str:
        async with engine.begin() as connection:
            await note_failed(
                connection, delivery.delivery_id, status=500, error="no", pause_seconds=3600
            )
        status: str = await one(
            engine,
            "SELECT status FROM webhook_deliveries WHERE id = :it",
            it=delivery.delivery_id,
        )
        return status

    await run(engine, "UPDATE webhook_deliveries SET created_at = now() - interval '22 hours'")
    assert await fail() == "waiting"
    await run(engine, "UPDATE webhook_deliveries SET created_at = now() - interval '23.5 hours'")
    assert await fail() == "given_up"  # its next try would come too late
    assert await claim(engine) == []


async def test_what_is_old_is_forgotten_but_not_that_it_was_told(engine: AsyncEngine) -> None:
    store_id = await open_with_webhooks(engine)
    await gather(engine)
    (delivery,) = await claim(engine)
    async with engine.begin() as connection:
        await note_delivered(connection, delivery.delivery_id, 204)
    for table in ("webhook_deliveries", "webhook_events"):
        await run(engine, f"UPDATE {table} SET created_at = now() - interval '31 days'")  # noqa: S608 - ours
    async with engine.begin() as connection:
        await forget_deliveries(connection)
    count = "SELECT count(*) FROM webhook_deliveries WHERE id = :it"
    assert await one(engine, count, it=delivery.delivery_id) == 0
    events = "SELECT count(*) FROM webhook_events WHERE store_id = :it"
    assert await one(engine, events, it=store_id) == 3
    assert await gather(engine) == 0
