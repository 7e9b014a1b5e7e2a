"""A campaign that empties in half an hour, with clicks that come late: little goes unpaid."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from service.decision.allowance import Allowance
from service.decision.live import Live
from service.store.ledger import Due, charge
from service.store.redis_wire import RedisWire
from service.store.spent_out import spent_out_campaigns
from service.worker.allotment import Allotment
from service.worker.leasing import Lessee
from tests.integration.worker.shop import one, open_shop
from tests.unit.decision.shop import campaign as bidder
from tests.unit.decision.shop import product, snapshot
from tests.unit.decision.test_allowance import award

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio import Redis
    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.decision.terms import Campaign, Store

SERVED = snapshot([product("1", "Lamp")], [bidder("a", "lamp")])
PRICE = 100_000
RATE = 0.05
DELAY_SECONDS = 20.0


@dataclass
class Rush:
    """Two servers show one campaign as fast as they may; a second of it is a step.

    Clicks come as often as was foretold, late by 20 seconds on average.
    """

    engine: AsyncEngine
    wire: RedisWire
    store: Store
    campaign: Campaign
    shown_a_second: int
    lots: random.Random
    now: float = 0.0
    number: int = 0
    coming: dict[int, list[Due]] = field(default_factory=lambda: defaultdict(list))
    servers: list[Lessee] = field(default_factory=list)
    live: list[dict[str, Live]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for _ in range(2):
            made: defaultdict[str, Allowance] = defaultdict(Allowance)
            self.servers.append(Lessee(made, self.wire, clock=lambda: self.now))
            self.live.append({self.store.store_id: Live(SERVED)})

    def show(self) -> None:
        for server, live in zip(self.servers, self.live, strict=True):
            if self.campaign.campaign_id in live[self.store.store_id].spent_out:
                continue
            shown = [award(self.campaign.campaign_id, PRICE, int(RATE * 1_000_000))]
            server.allowances[self.store.store_id].take(shown * self.shown_a_second, self.now)
            for _ in range(self.shown_a_second):
                if self.lots.random() < RATE:
                    self._will_click()

    def _will_click(self) -> None:
        self.number += 1
        name = f"imp_{self.store.store_id}_{self.number}"
        named = (self.store.store_id, self.campaign.campaign_id)
        at = int(self.now + self.lots.expovariate(1 / DELAY_SECONDS)) + 1
        self.coming[at].append(Due("click", name, *named, PRICE, 1_790_000_000 + self.now))

    async def step(self, allotment: Allotment) -> None:
        self.now += 1
        async with self.engine.begin() as connection:
            await charge(connection, self.coming.pop(int(self.now), []))
            await allotment.tell(connection)
            out = frozenset((await spent_out_campaigns(connection)).get(self.store.store_id, ()))
        for server, live in zip(self.servers, self.live, strict=True):
            live[self.store.store_id] = live[self.store.store_id].stopping(used_up=out)
            await server.renew(live)


@pytest.fixture
async def wire(redis_url: str) -> AsyncIterator[RedisWire]:
    async with RedisWire(redis_url) as made:
        yield made


async def rush(
    engine: AsyncEngine, redis: Redis, wire: RedisWire, *, clicks: int, minutes: float, seed: int
) -> tuple[int, int]:
    """What was charged and what went unpaid of a budget of `clicks`, in clicks."""
    await redis.flushdb()
    store, campaign = await open_shop(engine, budget=clicks * PRICE)
    shown = round(clicks / RATE / minutes / 60 / 2)
    lots = random.Random(seed)  # noqa: S311 - a made-up shop
    made = Rush(engine, wire, store, campaign, shown, lots)
    allotment = Allotment(redis)
    while made.now < minutes * 60 * 1.2 + 5 * DELAY_SECONDS:
        made.show()
        await made.step(allotment)
    sums = (
        "SELECT (SELECT count(*) FROM charges WHERE campaign_id = :id) * 10000000"
        " + (SELECT count(*) FROM unpaid WHERE campaign_id = :id)"
    )
    found: int = await one(engine, sums, id=campaign.campaign_id)
    return divmod(found, 10_000_000)


async def test_a_budget_that_empties_in_minutes_leaves_little_unpaid(
    engine: AsyncEngine, redis: Redis, wire: RedisWire
) -> None:
    # 600 clicks in 3 minutes: a tenth of them is in flight at any time
    charged, unpaid = await rush(engine, redis, wire, clicks=600, minutes=3, seed=1)
    assert charged >= 594
    assert unpaid <= 12


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0])
async def test_a_budget_that_empties_in_half_an_hour_leaves_half_a_percent_unpaid(
    engine: AsyncEngine, redis: Redis, wire: RedisWire, seed: int
) -> None:
    charged, unpaid = await rush(engine, redis, wire, clicks=2_000, minutes=30, seed=seed)
    assert charged >= 1_980
    assert unpaid <= 10


async def test_mutant_that_counts_nothing_in_flight_is_caught(
    engine: AsyncEngine, redis: Redis, wire: RedisWire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Allowance, "take", lambda *_: None)

    _, unpaid = await rush(engine, redis, wire, clicks=600, minutes=3, seed=1)
    assert unpaid > 60
