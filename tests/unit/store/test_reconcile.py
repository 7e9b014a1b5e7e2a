"""Whatever happens to the money, it adds up; and where it does not, that is seen."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from service.store.events import add_events
from service.store.ledger import Due, charge
from service.store.postgres import open_engine
from service.store.reconcile import compare, reconcile
from service.store.refunds import ChargeName, Refund, RefundReason, refund_charges
from service.worker.charging import dues_of
from tests.unit.store.made import campaign, click, fill

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from service.store.events import Event

NOW = time.time() // 1
CAMPAIGNS = ("cmp_1", "cmp_2", "cmp_3")
MAKE_OLDER = (
    "UPDATE charges SET day = day - 1",
    "UPDATE campaign_days SET day = day - 1000",  # past each other, as the key is unique
    "UPDATE campaign_days SET day = day + 999",
    "UPDATE campaign_platform_days SET day = day - 1000",
    "UPDATE campaign_platform_days SET day = day + 999",
)
PLATFORMS = ("web", "app", None)  # tokens of the version before name none


def at(number: int, price: int, campaign_id: str, **more: object) -> Event:
    values = {"ts": NOW + number / 1000, "payload": shown_on(number), **more}
    return click(number, price, campaign_id, **values)


def shown_on(number: int) -> dict[str, object]:
    platform = PLATFORMS[number % 3]
    return {} if platform is None else {"platform": platform}


async def recorded(connection: AsyncConnection, events: Sequence[Event]) -> None:
    """Store and charge them as the worker does."""
    await charge(connection, dues_of(await add_events(connection, events)))


class Shop:
    """Three campaigns of one merchant, to whom things happen."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self.clicks: list[Event] = []

    async def execute(self, statement: str, **values: object) -> None:
        await self.connection.execute(text(statement), values)

    async def click(self, where: int, price: int) -> None:
        self.clicks.append(at(len(self.clicks), price, CAMPAIGNS[where]))
        await recorded(self.connection, self.clicks[-1:])

    async def batch(self, where: int, price: int) -> None:
        first = len(self.clicks)
        self.clicks += [at(first + n, price, CAMPAIGNS[(where + n) % 3]) for n in range(5)]
        await recorded(self.connection, [*self.clicks[first:], *self.clicks[first:]])

    async def again(self, which: int, _: int) -> None:
        if self.clicks:
            await recorded(self.connection, [self.clicks[which % len(self.clicks)]])

    async def bot(self, where: int, price: int) -> None:
        self.clicks.append(at(len(self.clicks), price, CAMPAIGNS[where], invalid_reason="bot"))
        await recorded(self.connection, self.clicks[-1:])

    async def seen(self, where: int, price: int) -> None:
        """An impression that is paid for as such."""
        number = len(self.clicks) + 10_000
        told = {"pricing": "impression", "price": price} | shown_on(price)
        event = at(number, 0, CAMPAIGNS[where], type="impression", payload=told)
        await recorded(self.connection, [event, event])

    async def order(self, where: int, price: int) -> None:
        """An order's line that is paid for, and comes back in part."""
        named = ("imp_order", "sto_1", CAMPAIGNS[where])
        due = Due("order", *named, price, NOW, f"k{price}", PLATFORMS[price % 3])
        await charge(self.connection, [due])
        name = ChargeName("imp_order", "order", due.key)
        back = Refund(name, RefundReason.RETURNED, f"return {where}", price // 3)
        await refund_charges(self.connection, [back])

    async def give_back(self, which: int, micros: int) -> None:
        """A part as goodwill, or all as invalid."""
        if not self.clicks:
            return
        name = ChargeName(f"imp_{which % len(self.clicks)}", "click", "")
        part = Refund(name, RefundReason.GOODWILL, f"part {micros}", micros)
        whole = Refund(name, RefundReason.TOO_MANY)
        await refund_charges(self.connection, [part if micros % 2 else whole])

    async def total(self, where: int, micros: int) -> None:
        statement = (
            "UPDATE campaigns SET budget_micros = greatest(spent_micros, :micros) WHERE id = :id"
        )
        await self.execute(statement, micros=micros * 7, id=CAMPAIGNS[where])

    async def daily(self, where: int, micros: int) -> None:
        statement = "UPDATE campaigns SET daily_budget_micros = :micros WHERE id = :id"
        await self.execute(statement, micros=micros * 2 or None, id=CAMPAIGNS[where])

    async def limit(self, where: int, micros: int) -> None:
        """What one platform may spend today, no less than it has."""
        statement = (
            "INSERT INTO campaign_platform_days AS old (campaign_id, day, platform, limit_micros)"
            " SELECT id, (now() AT TIME ZONE time_zone)::date, :platform, :micros"
            " FROM campaigns WHERE id = :id ON CONFLICT (campaign_id, day, platform) DO UPDATE"
            " SET limit_micros = greatest(old.spent_micros, excluded.limit_micros)"
        )
        there = PLATFORMS[micros % 2]
        await self.execute(statement, micros=micros * 2, id=CAMPAIGNS[where], platform=there)

    async def night(self, _: int, __: int) -> None:
        await self.execute("SET LOCAL session_replication_role = replica")
        for statement in MAKE_OLDER:
            await self.execute(statement)
        await self.execute("SET LOCAL session_replication_role = origin")

    async def pay(self, sign: int, micros: int) -> None:
        statement = (
            "INSERT INTO payments (id, store_id, advertiser_id, amount_micros, key_id)"
            " VALUES (new_id('pay'), 'sto_1', 'adv_1', :amount, 'key_1')"
        )
        amount = (-1 if sign == 2 else 1) * (micros + 1)
        try:
            async with self.connection.begin_nested():
                await self.execute(statement, amount=amount)
        except IntegrityError:  # more than is left
            assert amount < 0

    async def limits_hold(self) -> None:
        over = (
            "SELECT count(*) FROM campaigns LEFT JOIN campaign_days ON campaign_id = id"
            " WHERE campaigns.spent_micros > budget_micros"
            " OR campaign_days.spent_micros > ceiling_micros"
        )
        assert (await self.connection.execute(text(over))).scalar_one() == 0
        there = (
            "SELECT count(*) FROM campaign_platform_days WHERE spent_micros > limit_micros"
            " OR spent_micros < 0"
        )
        assert (await self.connection.execute(text(there))).scalar_one() == 0


WHAT = (
    "click",
    "seen",
    "order",
    "batch",
    "again",
    "bot",
    "give_back",
    "total",
    "daily",
    "limit",
    "night",
    "pay",
)
STEPS = st.lists(
    st.tuples(st.sampled_from(WHAT), st.integers(0, 2), st.integers(0, 300)),
    min_size=1,
    max_size=25,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_happens_it_adds_up(database_url: str, steps: list[tuple[str, int, int]]) -> None:
    async def live() -> None:
        engine = open_engine(database_url)
        try:
            async with engine.connect() as connection:  # rolled back at its end
                await happen(connection, steps)
        finally:
            await engine.dispose()

    asyncio.run(live())


async def happen(connection: AsyncConnection, steps: Sequence[tuple[str, int, int]]) -> None:
    await fill(connection, *[campaign(name, budget=1500) for name in CAMPAIGNS])
    shop = Shop(connection)
    for name, first, second in steps:
        await getattr(shop, name)(first, second)
        await shop.limits_hold()
    done = await compare(connection, "sto_1")
    assert (done.difference, done.found) == (0, ())
    assert done.ledger == done.spent == done.events


async def a_busy_shop(connection: AsyncConnection) -> None:
    """Three clicks of 100 and one of 40 with a balance of 1000; one of 100 went back."""
    await fill(connection, campaign(), campaign("cmp_2"))
    shop = Shop(connection)
    await shop.pay(0, 999)
    await recorded(connection, [*(at(n, 100, "cmp_1") for n in range(3)), at(3, 40, "cmp_2")])
    goodwill = Refund(ChargeName("imp_2", "click", ""), RefundReason.GOODWILL)
    await refund_charges(connection, [goodwill])


async def test_the_figures_are_the_sums(connection: AsyncConnection) -> None:
    await a_busy_shop(connection)
    await recorded(connection, [at(9, 2_000_000, "cmp_1")])
    done = await compare(connection, "sto_1")
    assert done.figures() == {
        "campaigns": 2,
        "ledger_micros": 240,
        "spent_micros": 240,
        "events_micros": 240,
        "difference_micros": 0,
        "unpaid_micros": 2_000_000,
    }
    other = await compare(connection, "sto_2")
    assert set(other.figures().values()) == {0}


DEFECTS = {
    "spent without a charge": (
        "UPDATE campaigns SET spent_micros = 247 WHERE id = 'cmp_1'",
        47 * 2,
    ),
    "one campaign's money in another": (
        "UPDATE campaigns SET spent_micros = spent_micros"
        " + CASE id WHEN 'cmp_1' THEN 7 ELSE -7 END",
        14,
    ),
    "a day that lost money": (
        "UPDATE campaign_days SET spent_micros = 1 WHERE campaign_id = 'cmp_2'",
        39,
    ),
    "a day that nobody charged": (
        "INSERT INTO campaign_days (campaign_id, day, spent_micros)"
        " VALUES ('cmp_1', '2020-02-29', 5)",
        5,
    ),
    "a platform that lost money": (
        "UPDATE campaign_platform_days SET spent_micros = 83 WHERE campaign_id = 'cmp_1'"
        " AND platform = 'web'",
        17,
    ),
    "one platform's money on another": (
        "UPDATE campaign_platform_days SET platform = platform || '!' WHERE campaign_id = 'cmp_2'",
        40 * 2,
    ),
    "a balance that lost money": ("UPDATE advertisers SET spent_micros = 230", 10),
    "an event that was lost": ("DELETE FROM events WHERE event_key = 'imp_1'", 100),
    "an event that was dearer": (
        "UPDATE events SET price_micros = 103 WHERE event_key = 'imp_1'",
        3,
    ),
    "a bot that was charged": (
        "UPDATE events SET invalid_reason = 'bot' WHERE event_key = 'imp_1'",
        100,
    ),
    "a click that was not charged": (
        "INSERT INTO events (store_id, ts, type, event_key, received_at, impression_id,"
        " campaign_id, price_micros) VALUES ('sto_1', now(), 'click', 'imp_8', now(), 'imp_8',"
        " 'cmp_1', 60)",
        60,
    ),
    "an impression that was not charged": (
        "INSERT INTO events (store_id, ts, type, event_key, received_at, impression_id,"
        " campaign_id, payload) VALUES ('sto_1', now(), 'impression', 'imp_8', now(), 'imp_8',"
        ' \'cmp_1\', \'{"pricing": "impression", "price": 9}\')',
        9,
    ),
    "a charge that went unpaid, too": (
        "INSERT INTO unpaid (store_id, campaign_id, impression_id, kind, price_micros, reason, ts)"
        " VALUES ('sto_1', 'cmp_1', 'imp_0', 'click', 100, 'day', now())",
        100,
    ),
}


@pytest.mark.parametrize("name", DEFECTS)
async def test_a_deliberate_defect_is_seen_with_its_size(
    connection: AsyncConnection, name: str
) -> None:
    await a_busy_shop(connection)
    assert (await compare(connection)).difference == 0
    statement, size = DEFECTS[name]
    await connection.execute(text(statement))
    done = await compare(connection)
    assert done.difference == size
    assert done.found


async def test_clicks_that_a_double_charge_paid_for_are_seen(connection: AsyncConnection) -> None:
    """As if neither the lock nor the key were there: the same click under another name."""
    await a_busy_shop(connection)
    twice = replace(at(0, 100, "cmp_1"), impression_id="imp_0 again")
    await charge(connection, dues_of([twice]))
    assert (await compare(connection)).difference == 100


async def test_charges_from_before_the_kept_events_are_not_missed(
    connection: AsyncConnection,
) -> None:
    await fill(connection, campaign())
    await charge(connection, dues_of([click(1, 100)]))
    done = await compare(connection, "sto_1")
    assert (done.difference, done.ledger, done.events) == (0, 100, 100)


async def test_it_sees_one_moment_while_others_charge(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await fill(connection, campaign(budget=10_000_000))
    stop = asyncio.Event()

    async def go_on() -> int:
        number = 0
        while not stop.is_set():
            async with engine.begin() as connection:
                await recorded(connection, [at(number, 10, "cmp_1")])
            number += 1
        return number

    charging = asyncio.create_task(go_on())
    seen = [await reconcile(engine, "sto_1") for _ in range(20)]
    stop.set()
    assert await charging > 5
    assert [one.difference for one in seen] == [0] * 20
    assert seen[-1].ledger > seen[0].ledger


async def test_its_figures_are_of_one_moment(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await fill(connection, campaign("cmp_moment", budget=15))
        await recorded(connection, [at(9001, 10, "cmp_moment")])
    before = await reconcile(engine, "sto_1")
    async with asyncio.timeout(30), engine.begin() as connection:
        await connection.execute(text("LOCK TABLE unpaid IN ACCESS EXCLUSIVE MODE"))
        seeing = asyncio.create_task(reconcile(engine, "sto_1"))  # reads the ledger, and waits
        await until_somebody_waits(engine)
        await recorded(connection, [at(9002, 10, "cmp_moment")])
    assert await seeing == before
    assert (await reconcile(engine, "sto_1")).unpaid == before.unpaid + 10


async def until_somebody_waits(engine: AsyncEngine) -> None:
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation IS NOT NULL")
    async with engine.connect() as connection:
        for _ in range(1000):
            if (await connection.execute(waiting)).scalar_one():
                return
            await asyncio.sleep(0.01)
    raise TimeoutError
