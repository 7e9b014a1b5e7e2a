"""What goes back: out of campaign, day and balance, once, and never more than was paid."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from service.store.catalogue import load_catalogue
from service.store.events import add_events
from service.store.ledger import Due, charge
from service.store.refunds import (
    ChargeName,
    Refund,
    RefundQuery,
    RefundReason,
    find_charges,
    refund_charges,
)
from service.store.spent_out import spent_out_campaigns
from tests.unit.store.made import campaign, click, fill, pay

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

FIRST = ChargeName("imp_1", "click", "")
SUMS = text(
    "SELECT (SELECT sum(price_micros)::bigint FROM charges WHERE campaign_id = 'cmp_1'),"
    " (SELECT spent_micros FROM campaigns WHERE id = 'cmp_1'),"
    " (SELECT sum(spent_micros)::bigint FROM campaign_days WHERE campaign_id = 'cmp_1'),"
    " (SELECT spent_micros FROM advertisers WHERE id = 'adv_1')"
)


async def sums(connection: AsyncConnection) -> tuple[int, ...]:
    """Ledger, campaign, days, advertiser."""
    return tuple((await connection.execute(SUMS)).one())


async def pay_ahead(connection: AsyncConnection, amount: int) -> None:
    values = {"amount": amount}
    statement = (
        "INSERT INTO payments (id, store_id, advertiser_id, amount_micros, key_id)"
        " VALUES ('pay_1', 'sto_1', 'adv_1', :amount, 'key_1')"
    )
    await connection.execute(text(statement), values)


async def test_a_refund_lowers_campaign_day_and_balance(connection: AsyncConnection) -> None:
    await fill(connection, campaign(budget=250))
    await pay_ahead(connection, 1000)
    assert await pay(connection, [click(1, 100), click(2, 100)])
    assert await sums(connection) == (200, 200, 200, 200)
    done = await refund_charges(connection, [Refund(FIRST, RefundReason.GOODWILL)])
    assert [(one.campaign_id, one.micros) for one in done] == [("cmp_1", 100)]
    assert await sums(connection) == (100, 100, 100, 100)
    # the same again gives nothing, nor does another reason: nothing is left
    for reason in (RefundReason.GOODWILL, RefundReason.BOT):
        assert await refund_charges(connection, [Refund(FIRST, reason)]) == []
    assert await sums(connection) == (100, 100, 100, 100)


async def test_the_day_that_paid_gets_its_money_back(connection: AsyncConnection) -> None:
    await fill(connection, campaign())
    await pay(connection, [click(1, 100)])
    await connection.execute(text("SET LOCAL session_replication_role = replica"))
    for table in ("charges", "campaign_days"):
        await connection.execute(text(f"UPDATE {table} SET day = day - 1"))  # noqa: S608 - ours
    await connection.execute(text("SET LOCAL session_replication_role = origin"))
    await pay(connection, [click(2, 70)])
    await refund_charges(connection, [Refund(FIRST, RefundReason.GOODWILL)])
    days = text("SELECT spent_micros FROM campaign_days ORDER BY day")
    assert (await connection.execute(days)).scalars().all() == [0, 70]


async def test_parts_add_up_to_the_charge_at_most(connection: AsyncConnection) -> None:
    await fill(connection, campaign())
    order = Due("order", "imp_9", "sto_1", "cmp_1", 100, 1_790_000_000.0, key="0a1b")
    await charge(connection, [order, order._replace(key="2c3d", price=40)])
    name = ChargeName("imp_9", "order", "0a1b")
    back = RefundReason.RETURNED
    first = await refund_charges(connection, [Refund(name, back, "return-a", 30)])
    again = await refund_charges(connection, [Refund(name, back, "return-a", 30)])
    rest = await refund_charges(
        connection, [Refund(name, back, "return-b", 50), Refund(name, back, "return-c", 50)]
    )
    assert [one.micros for one in (*first, *again, *rest)] == [30, 50, 20]
    # the other line of the order is whole
    other = await refund_charges(connection, [Refund(name._replace(key="2c3d"), back, "return-a")])
    assert [one.micros for one in other] == [40]
    assert await sums(connection) == (0, 0, 0, 0)


async def test_more_than_the_charge_is_refused_by_the_database_itself(
    connection: AsyncConnection,
) -> None:
    await fill(connection, campaign())
    await pay(connection, [click(1, 100)])
    statement = (
        "INSERT INTO charges (impression_id, kind, charge_key, store_id, campaign_id,"
        " price_micros, ts, day, of_kind, of_key, reason) VALUES ('imp_1', 'refund', 'x',"
        " 'sto_1', 'cmp_1', -101, now(), now(), 'click', '', 'goodwill')"
    )
    with pytest.raises(IntegrityError, match="exceeds what is left"):
        await connection.execute(text(statement))


@pytest.mark.parametrize(
    "statement", ["UPDATE charges SET price_micros = 0", "DELETE FROM charges"]
)
async def test_what_is_booked_stays(connection: AsyncConnection, statement: str) -> None:
    await fill(connection, campaign())
    await pay(connection, [click(1, 100)])
    with pytest.raises(IntegrityError, match="what was booked stays"):
        await connection.execute(text(statement))


@pytest.mark.parametrize(
    ("reason", "kept"), [(RefundReason.TOO_FAST, "too_fast"), (RefundReason.GOODWILL, None)]
)
async def test_reasons_of_invalid_traffic_mark_the_event(
    connection: AsyncConnection, reason: RefundReason, kept: str | None
) -> None:
    await fill(connection, campaign())
    clicks = [click(1, 100), click(2, 100), replace(click(1), type="impression", price=None)]
    await add_events(connection, clicks)
    await pay(connection, clicks)
    await refund_charges(connection, [Refund(FIRST, reason)])
    marks = text("SELECT event_key, type, invalid_reason FROM events ORDER BY event_key, type")
    assert [tuple(row) for row in await connection.execute(marks)] == [
        ("imp_1", "click", kept),
        ("imp_1", "impression", None),
        ("imp_2", "click", None),
    ]


async def test_charges_are_found_by_impression_campaign_and_time(
    connection: AsyncConnection,
) -> None:
    await fill(connection, campaign(), campaign("cmp_2"))
    await pay(connection, [click(1, 100), click(2, 100), click(3, 100, "cmp_2")])
    await refund_charges(connection, [Refund(FIRST, RefundReason.GOODWILL)])

    async def found(query: RefundQuery, *, returned: bool = False, most: int = 9) -> list[str]:
        names = await find_charges(connection, query, returned=returned, most=most)
        return [one.impression_id for one in names]

    assert await found(RefundQuery("sto_1", campaign_id="cmp_1")) == ["imp_2"]
    assert await found(RefundQuery("sto_1", campaign_id="cmp_1"), returned=True) == [
        "imp_1",
        "imp_2",
    ]
    assert await found(RefundQuery("sto_1", ["imp_3", "imp_2"]), most=1) == ["imp_2"]
    assert await found(RefundQuery("sto_2", ["imp_3"])) == []
    now = (await connection.execute(text("SELECT now()"))).scalar_one()
    assert await found(RefundQuery("sto_1", None, "cmp_2", since=now)) == ["imp_3"]
    assert await found(RefundQuery("sto_1", None, "cmp_2", until=now)) == []


async def test_a_campaign_that_got_money_back_can_be_shown_again(
    connection: AsyncConnection,
) -> None:
    await fill(connection, campaign(budget=100))
    await pay(connection, [click(1, 100)])
    assert await spent_out_campaigns(connection) == {"sto_1": {"cmp_1"}}
    # the snapshot says nothing of it, for it is not made anew by a refund
    catalogue = await load_catalogue(connection, "sto_1")
    assert [one.spent for one in catalogue.campaigns] == [0]
    await refund_charges(connection, [Refund(FIRST, RefundReason.GOODWILL)])
    assert await spent_out_campaigns(connection) == {}


async def test_refunds_at_once_give_back_once(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await fill(connection, campaign(), campaign("cmp_2"))
        clicks = [click(n, 100, ("cmp_1", "cmp_2")[n % 2]) for n in range(40)]
        assert len(await pay(connection, clicks)) == 40
    refunds = [
        Refund(ChargeName(f"imp_{n}", "click", ""), RefundReason.GOODWILL) for n in range(40)
    ]

    async def give(reason: RefundReason) -> int:
        async with engine.begin() as connection:
            given = [one._replace(reason=reason) for one in refunds]
            return sum(one.micros for one in await refund_charges(connection, given))

    reasons = (RefundReason.GOODWILL, RefundReason.BOT, RefundReason.TOO_MANY, RefundReason.REPLAY)
    assert sorted(await asyncio.gather(*map(give, reasons))) == [0, 0, 0, 4000]
    async with engine.connect() as connection:
        assert (await sums(connection))[:3] == (0, 0, 0)
