from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from service.decision.terms import Micros
from service.errors import BadInputError
from service.store.campaigns import load_campaigns, put_campaigns
from service.store.catalogue import catalogue_version
from service.store.spent_out import spent_out_campaigns
from tests.unit.store.made import campaign, click, fill, pay

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


async def _spent(connection: AsyncConnection) -> dict[str, int]:
    return {c.campaign_id: c.spent for c in await load_campaigns(connection, "sto_1")}


async def test_a_click_is_charged_once(connection: AsyncConnection) -> None:
    await fill(connection, campaign(budget=1_000_000))
    first = await pay(connection, [click(1), click(1), click(2)])
    assert [c.impression_id for c in first] == ["imp_1", "imp_2"]
    assert await pay(connection, [click(1), click(2)]) == []
    assert await _spent(connection) == {"cmp_1": 200_000}


async def test_a_budget_is_used_to_its_last_micro_and_not_beyond(
    connection: AsyncConnection,
) -> None:
    # budget 250: 100 + 100 fit, the third 100 does not, a click of 50 still does
    await fill(connection, campaign(budget=250))
    clicks = [click(1, 100), click(2, 100), click(3, 100), click(4, 50)]
    charged = await pay(connection, clicks)
    assert [c.impression_id for c in charged] == ["imp_1", "imp_2", "imp_4"]
    assert await _spent(connection) == {"cmp_1": 250}
    assert await spent_out_campaigns(connection) == {"sto_1": {"cmp_1"}}


async def test_a_click_told_again_takes_no_room_from_a_new_one(
    connection: AsyncConnection,
) -> None:
    # budget 250, of which the first click took 100: 150 are left, and the second costs 100
    await fill(connection, campaign(budget=250))
    first, second = click(1, 100), click(2, 100)
    assert await pay(connection, [first]) == [first]
    assert await pay(connection, [first, second]) == [second]
    assert await spent_out_campaigns(connection) == {}


async def test_a_refused_click_spends_the_campaign_out_until_the_budget_grows(
    connection: AsyncConnection,
) -> None:
    await fill(connection, campaign(budget=250))
    assert await pay(connection, [click(1, 200)])
    assert await spent_out_campaigns(connection) == {}
    assert await pay(connection, [click(2, 100)]) == []  # 50 left
    assert await spent_out_campaigns(connection) == {"sto_1": {"cmp_1"}}
    await put_campaigns(connection, "sto_1", [campaign(budget=300)])
    assert await spent_out_campaigns(connection) == {}
    assert await pay(connection, [click(3, 100)])
    assert await spent_out_campaigns(connection) == {"sto_1": {"cmp_1"}}


async def test_what_is_not_a_valid_click_is_not_charged(connection: AsyncConnection) -> None:
    await fill(connection)
    wrong = [
        click(1, type="view"),
        click(2, invalid_reason="bot"),
        click(3, price=None),
        click(4, price=Micros(-1)),
        click(5, impression_id=None),
        click(6, campaign_id="cmp_none"),
    ]
    assert await pay(connection, wrong) == []
    assert await pay(connection, []) == []
    assert await _spent(connection) == {"cmp_1": 0}


async def test_concurrent_batches_charge_each_click_once_and_no_budget_twice(
    engine: AsyncEngine,
) -> None:
    # 8 writers, each with the same 300 clicks of 5 campaigns in an order of its own
    names = [f"cmp_{letter}" for letter in "abcde"]
    async with engine.begin() as connection:
        await fill(connection, *[campaign(name, budget=2_500) for name in names])
    clicks = [click(10_000 + n, 100 + n % 7, names[n % 5]) for n in range(300)]

    async def write(seed: int) -> list[str]:
        order = random.Random(seed).sample(clicks, len(clicks))  # noqa: S311 - an order
        charged = []
        for start in range(0, len(order), 30):
            async with engine.begin() as connection:
                charged += await pay(connection, order[start : start + 30])
        return [c.impression_id or "" for c in charged]

    charged = [name for done in await asyncio.gather(*map(write, range(8))) for name in done]
    async with engine.begin() as connection:
        sums = text("SELECT campaign_id, sum(price_micros)::bigint FROM charges GROUP BY 1")
        ledger = {row[0]: row[1] for row in await connection.execute(sums)}
        spent = await _spent(connection)
    assert len(charged) == len(set(charged))
    assert ledger == {name: spent[name] for name in names}
    assert all(2_400 < spent[name] <= 2_500 for name in names)


async def test_a_budget_cannot_go_below_what_is_spent(connection: AsyncConnection) -> None:
    await fill(connection, campaign(budget=250))
    await pay(connection, [click(1, 200)])
    with pytest.raises(BadInputError, match="below the 200"):
        await put_campaigns(connection, "sto_1", [campaign(budget=199)])
    await put_campaigns(connection, "sto_1", [campaign(budget=200)])
    assert "cmp_1" in (await spent_out_campaigns(connection))["sto_1"]


async def test_a_charge_makes_no_new_catalogue_version(connection: AsyncConnection) -> None:
    await fill(connection)
    before = await catalogue_version(connection, "sto_1")
    assert await pay(connection, [click(1)])
    assert await catalogue_version(connection, "sto_1") == before


async def test_a_busy_campaign_holds_up_only_its_own_clicks(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await fill(connection, campaign("cmp_x", budget=250), campaign("cmp_y", budget=250))
    async with engine.begin() as holder:
        await pay(holder, [click(901, 100, "cmp_x")])

        async def charge(number: int, campaign_id: str) -> int:
            async with engine.begin() as other:
                return len(await pay(other, [click(number, 100, campaign_id)]))

        waiting = asyncio.create_task(charge(902, "cmp_x"))
        assert await charge(903, "cmp_y") == 1
        assert not waiting.done()
    assert await waiting == 1
