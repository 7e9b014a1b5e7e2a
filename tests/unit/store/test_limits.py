"""A day's budget and an advertiser's balance bind as the budget in all does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from service.store.spent_out import spent_out_campaigns
from service.store.tables import campaigns
from tests.unit.store.made import campaign, click, fill, pay

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


async def _change(connection: AsyncConnection, **values: object) -> None:
    await connection.execute(update(campaigns).where(campaigns.c.id == "cmp_1").values(values))


async def _unpaid(connection: AsyncConnection) -> dict[str, str]:
    found = await connection.execute(
        text("SELECT impression_id, reason FROM unpaid WHERE campaign_id IN ('cmp_1', 'cmp_2')")
    )
    return {row[0]: row[1] for row in found}


async def _add_payment(connection: AsyncConnection, payment_id: str, amount: int) -> None:
    statement = (
        "INSERT INTO payments (id, store_id, advertiser_id, amount_micros, key_id)"
        " VALUES (:id, 'sto_1', 'adv_1', :amount, 'key_1')"
    )
    await connection.execute(text(statement), {"id": payment_id, "amount": amount})


async def _spent_of_advertiser(connection: AsyncConnection) -> int:
    statement = text("SELECT spent_micros FROM advertisers WHERE id = 'adv_1'")
    return int((await connection.execute(statement)).scalar_one())


async def test_a_day_pays_its_budget_and_no_more(connection: AsyncConnection) -> None:
    # daily 250: 100 + 100 fit, the third goes unpaid, and the campaign stops for today
    await fill(connection, campaign(budget=1_000_000))
    await _change(connection, daily_budget_micros=250)
    assert len(await pay(connection, [click(n, 100) for n in (1, 2, 3)])) == 2
    assert await _unpaid(connection) == {"imp_3": "day"}
    assert await spent_out_campaigns(connection) == {"sto_1": {"cmp_1"}}
    await _change(connection, daily_budget_micros=400)
    assert await spent_out_campaigns(connection) == {}
    assert len(await pay(connection, [click(3, 100), click(4, 100)])) == 1  # unpaid stays unpaid
    await _change(connection, daily_budget_micros=150)  # below what the day has spent
    assert await spent_out_campaigns(connection) == {"sto_1": {"cmp_1"}}
    assert await pay(connection, [click(5, 1)]) == []


async def test_the_day_is_that_of_the_campaigns_zone(connection: AsyncConnection) -> None:
    await fill(connection)
    for number, zone in enumerate(("Pacific/Kiritimati", "Pacific/Midway")):  # 25 hours apart
        await _change(connection, time_zone=zone)
        await pay(connection, [click(number)])
    days = await connection.execute(
        text(
            "SELECT array_agg(day - (now() AT TIME ZONE 'UTC')::date ORDER BY day)"
            " FROM campaign_days"
        )
    )
    assert days.scalar_one() in ([0, 1], [-1, 0], [-1, 1])


async def test_a_balance_is_shared_by_the_campaigns_of_an_advertiser(
    connection: AsyncConnection,
) -> None:
    # 100 were spent on account; then 150 are paid in: one more click of 100 fits, of either
    await fill(connection, campaign("cmp_1"), campaign("cmp_2"))
    await pay(connection, [click(1, 100)])
    await _add_payment(connection, "pay_1", 150)
    paid = await pay(connection, [click(2, 100, "cmp_2"), click(3, 100), click(4, 50)])
    assert [one.impression_id for one in paid] == ["imp_2", "imp_4"]
    assert await _unpaid(connection) == {"imp_3": "balance"}
    assert await spent_out_campaigns(connection) == {"sto_1": {"cmp_1", "cmp_2"}}
    await _add_payment(connection, "pay_2", 1_000)
    assert await spent_out_campaigns(connection) == {}
    balance = text("SELECT credit_micros, spent_micros FROM advertisers")
    assert tuple((await connection.execute(balance)).one()) == (1_250, 250)


async def test_a_balance_holds_against_concurrent_batches(engine: AsyncEngine) -> None:
    # one balance of 2,500 for five campaigns with 300 clicks of 100 to 106
    names = [f"cmp_{letter}" for letter in "pqrst"]
    async with engine.begin() as connection:
        await fill(connection, *[campaign(name, advertiser_id="adv_1") for name in names])
        await _add_payment(connection, "pay_shared", 2_500)
        spent_before = await _spent_of_advertiser(connection)
    clicks = [click(20_000 + n, 100 + n % 7, names[n % 5]) for n in range(300)]

    async def write(part: int) -> int:
        count = 0
        for start in range(part * 10, len(clicks), 80):
            async with engine.begin() as connection:
                count += len(await pay(connection, clicks[start : start + 10]))
        return count

    counts = await asyncio.gather(*map(write, range(8)))
    async with engine.begin() as connection:
        spent = await _spent_of_advertiser(connection) - spent_before
        charged = text("SELECT sum(price_micros)::bigint FROM charges WHERE campaign_id = ANY(:c)")
        assert (await connection.execute(charged, {"c": names})).scalar_one() == spent
        await connection.execute(text("UPDATE advertisers SET credit_micros = NULL"))
    assert 2_400 < spent <= 2_500
    assert sum(counts) in {23, 24}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE charges SET price_micros = 1",
        "DELETE FROM charges",
        "TRUNCATE charges CASCADE",
        "DELETE FROM payments",
    ],
)
async def test_what_was_booked_cannot_be_changed(
    connection: AsyncConnection, statement: str
) -> None:
    await fill(connection)
    await pay(connection, [click(1)])
    with pytest.raises(DBAPIError, match="what was booked stays"):
        await connection.execute(text(statement))


async def test_the_schema_itself_refuses_a_day_above_its_budget(
    connection: AsyncConnection,
) -> None:
    await fill(connection)
    await _change(connection, daily_budget_micros=250)
    with pytest.raises(IntegrityError, match="ck_campaign_days_spent_within_ceiling"):
        await connection.execute(
            text(
                "INSERT INTO charges (impression_id, store_id, campaign_id, price_micros, ts)"
                " VALUES ('imp_1', 'sto_1', 'cmp_1', 251, now())"
            )
        )
