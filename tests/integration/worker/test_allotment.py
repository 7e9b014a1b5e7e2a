"""Budgets from the ledger to the leases of servers, through a real Redis."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from service.decision.allowance import Allowance, Lease
from service.decision.live import Live
from service.decision.terms import Micros
from service.errors import StoreUnavailableError
from service.store.leases import renew_leases
from service.store.ledger import charge
from service.store.redis_wire import RedisWire
from service.worker.allotment import Allotment
from service.worker.charging import dues_of
from service.worker.leasing import Lessee
from tests.integration.worker.shop import click, open_shop
from tests.unit.decision.shop import campaign as bidder
from tests.unit.decision.shop import product, snapshot
from tests.unit.decision.test_allowance import award

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio import Redis
    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.decision.terms import Campaign, Store

BUDGET = 1_000_000
SERVED = snapshot([product("1", "Lamp")], [bidder("a", "lamp")])


@pytest.fixture
async def shop(engine: AsyncEngine, redis: Redis) -> tuple[Store, Campaign]:
    await redis.flushdb()
    return await open_shop(engine, budget=BUDGET)


@pytest.fixture
async def wire(redis_url: str) -> AsyncIterator[RedisWire]:
    async with RedisWire(redis_url) as made:
        yield made


@pytest.fixture
def allotment(redis: Redis) -> Allotment:
    return Allotment(redis)


async def tell(allotment: Allotment, engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await allotment.tell(connection)
        await connection.commit()


async def pay(engine: AsyncEngine, shop: tuple[Store, Campaign], *prices: int) -> None:
    store, campaign = shop
    clicks = [
        click(campaign, store, number, price=Micros(price)) for number, price in enumerate(prices)
    ]
    async with engine.begin() as connection:
        await charge(connection, dues_of(clicks))


async def test_servers_share_what_the_ledger_leaves(
    engine: AsyncEngine,
    wire: RedisWire,
    shop: tuple[Store, Campaign],
    allotment: Allotment,
) -> None:
    # 1,000,000 less a click of 250,000; one server holds 600,000, so the other gets 150,000
    store, campaign = shop
    await pay(engine, shop, 250_000)
    await tell(allotment, engine)
    first = await renew_leases(wire, store.store_id, "one", {campaign.campaign_id: 600_000})
    assert first.of == {campaign.campaign_id: Lease(600_000, 150_000)}
    second = await renew_leases(wire, store.store_id, "two", {campaign.campaign_id: 600_000})
    assert second.of == {campaign.campaign_id: Lease(150_000, 0)}
    assert (first.servers, second.servers) == (1, 2)
    # renewed, a lease replaces the one before; a campaign that nobody knows has none
    asked = {campaign.campaign_id: 100_000, "cmp_none": 5}
    assert (await renew_leases(wire, store.store_id, "one", asked)).of == {
        campaign.campaign_id: Lease(100_000, 500_000)
    }


@pytest.mark.parametrize("limit", ["day", "balance"])
async def test_the_nearest_limit_is_what_is_left(
    engine: AsyncEngine,
    wire: RedisWire,
    shop: tuple[Store, Campaign],
    allotment: Allotment,
    limit: str,
) -> None:
    store, campaign = shop
    await pay(engine, shop, 100_000)
    async with engine.begin() as connection:
        if limit == "day":
            change = text("UPDATE campaigns SET daily_budget_micros = 300000 WHERE id = :id")
            await connection.execute(change, {"id": campaign.campaign_id})
        else:
            pay_in = text(
                "INSERT INTO payments (id, store_id, advertiser_id, amount_micros, key_id)"
                " VALUES ('pay_' || :store, :store, :advertiser, 200000, 'key_1')"
            )
            named = {"store": store.store_id, "advertiser": campaign.advertiser_id}
            await connection.execute(pay_in, named)
    await tell(allotment, engine)
    leases = await renew_leases(wire, store.store_id, "one", {campaign.campaign_id: BUDGET})
    assert leases.of[campaign.campaign_id].granted == 200_000


async def test_the_lease_of_a_server_that_is_gone_ends(
    engine: AsyncEngine,
    redis: Redis,
    wire: RedisWire,
    shop: tuple[Store, Campaign],
    allotment: Allotment,
) -> None:
    store, campaign = shop
    await tell(allotment, engine)
    await renew_leases(wire, store.store_id, "gone", {campaign.campaign_id: BUDGET})
    wanted = {campaign.campaign_id: 10}
    assert (await renew_leases(wire, store.store_id, "one", wanted)).of == {
        campaign.campaign_id: Lease(0, 0)
    }
    # half a minute later
    await redis.zadd(f"salient:{{{store.store_id}}}:servers", {"gone": 1})
    assert (await renew_leases(wire, store.store_id, "one", wanted)).of == {
        campaign.campaign_id: Lease(10, BUDGET - 10)
    }


async def test_a_redis_that_was_emptied_is_told_all_again_in_a_new_epoch(
    engine: AsyncEngine,
    redis: Redis,
    wire: RedisWire,
    shop: tuple[Store, Campaign],
    allotment: Allotment,
) -> None:
    store, campaign = shop
    wanted = {campaign.campaign_id: 10}
    await tell(allotment, engine)
    before = await renew_leases(wire, store.store_id, "one", wanted)
    await tell(allotment, engine)
    same = await renew_leases(wire, store.store_id, "one", wanted)
    assert (same.epoch, same.of) == (before.epoch, before.of)
    assert same.tick != before.tick
    await redis.flushdb()
    with pytest.raises(StoreUnavailableError, match="knows no budgets"):
        await renew_leases(wire, store.store_id, "one", wanted)
    await tell(allotment, engine)
    after = await renew_leases(wire, store.store_id, "one", wanted)
    assert (after.epoch, after.of) == (before.epoch + 1, before.of)
    # another worker takes over where nothing was lost
    await tell(Allotment(redis), engine)
    assert (await renew_leases(wire, store.store_id, "one", wanted)).epoch == after.epoch


async def test_an_older_redis_does_not_bring_a_spent_budget_back(
    engine: AsyncEngine,
    redis: Redis,
    wire: RedisWire,
    shop: tuple[Store, Campaign],
    allotment: Allotment,
) -> None:
    # what Redis knew before the clicks, as after a restart from an older file
    store, campaign = shop
    await tell(allotment, engine)
    left, epoch = f"salient:{{{store.store_id}}}:left", "salient:epoch"
    older = {key: await redis.dump(key) or b"" for key in (left, epoch)}
    await pay(engine, shop, 250_000, 250_000)
    await redis.set(epoch, "other:run")  # Redis is another one, and so the epoch is raised
    await tell(allotment, engine)
    live = {store.store_id: Live(SERVED)}
    allowances: defaultdict[str, Allowance] = defaultdict(Allowance)
    allowances[store.store_id].take([award(campaign.campaign_id, 600_000, 1_000_000)], now=0.0)
    lessee = Lessee(allowances, wire, clock=lambda: 0.0)
    await lessee.renew(live)
    assert live[store.store_id].spent_out == {campaign.campaign_id}
    for key, value in older.items():
        await redis.restore(key, 0, value, replace=True)
    await lessee.renew(live)
    assert live[store.store_id].spent_out == {campaign.campaign_id}
    await tell(allotment, engine)
    await lessee.renew(live)
    assert live[store.store_id].spent_out == {campaign.campaign_id}


async def test_nothing_lands_while_the_ledger_lags(
    engine: AsyncEngine,
    redis: Redis,
    wire: RedisWire,
    shop: tuple[Store, Campaign],
    allotment: Allotment,
) -> None:
    store, campaign = shop
    await tell(allotment, engine)
    ticks = []
    await redis.xadd("salient:events", {"k": "event", "b": "{}"}, id="1-1")  # of 1970
    for _ in range(2):
        await tell(allotment, engine)
        leases = await renew_leases(wire, store.store_id, "one", {campaign.campaign_id: 1})
        ticks.append(leases.tick)
    await redis.delete("salient:events")
    await tell(allotment, engine)
    after = await renew_leases(wire, store.store_id, "one", {campaign.campaign_id: 1})
    assert ticks[0] == ticks[1] != after.tick


async def test_without_redis_what_was_leased_has_to_last(
    engine: AsyncEngine,
    redis: Redis,
    wire: RedisWire,
    shop: tuple[Store, Campaign],
    allotment: Allotment,
) -> None:
    store, campaign = shop
    await tell(allotment, engine)
    live = {store.store_id: Live(SERVED)}
    allowances: defaultdict[str, Allowance] = defaultdict(Allowance)
    allowance = allowances[store.store_id]
    lessee = Lessee(allowances, wire, clock=lambda: 0.0)
    allowance.take([award(campaign.campaign_id, 100_000, 1_000_000)], now=0.0)
    await lessee.renew(live)
    await redis.flushdb()
    for taken in range(2, 11):
        with pytest.raises(StoreUnavailableError):
            await lessee.renew(live)
        assert live[store.store_id].spent_out == frozenset(), taken
        allowance.take([award(campaign.campaign_id, 100_000, 1_000_000)], now=0.0)
    with pytest.raises(StoreUnavailableError):
        await lessee.renew(live)
    assert live[store.store_id].spent_out == {campaign.campaign_id}  # ten of 100,000


async def test_closed_campaigns_leave_redis(
    engine: AsyncEngine,
    wire: RedisWire,
    shop: tuple[Store, Campaign],
    allotment: Allotment,
) -> None:
    store, campaign = shop
    await tell(allotment, engine)
    async with engine.begin() as connection:
        pause = text("UPDATE campaigns SET status = 'paused' WHERE id = :id")
        await connection.execute(pause, {"id": campaign.campaign_id})
    await tell(allotment, engine)
    leases = await renew_leases(wire, store.store_id, "one", {campaign.campaign_id: 1})
    assert leases.of == {}
