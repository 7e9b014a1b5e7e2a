"""What a campaign may spend on one platform binds to the micro, and only there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from service.store.allotments import left_of_campaigns
from service.store.refunds import ChargeName, Refund, RefundReason, refund_charges
from service.store.spent_out import limited_accounts, spent_out_campaigns
from tests.unit.store.made import campaign, click, fill, pay

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from service.store.events import Event

_LIMIT = text(
    "INSERT INTO campaign_platform_days AS old (campaign_id, day, platform, limit_micros)"
    " SELECT id, (clock_timestamp() AT TIME ZONE time_zone)::date + :days, :platform, :micros"
    " FROM campaigns WHERE id = :id ON CONFLICT (campaign_id, day, platform)"
    " DO UPDATE SET limit_micros = excluded.limit_micros"
)


async def limit(
    connection: AsyncConnection,
    platform: str,
    micros: int | None,
    campaign_id: str = "cmp_1",
    *,
    days: int = 0,
) -> None:
    lock = text("SELECT FROM campaigns WHERE id = :id FOR NO KEY UPDATE")
    await connection.execute(lock, {"id": campaign_id})
    values = {"platform": platform, "micros": micros, "id": campaign_id, "days": days}
    await connection.execute(_LIMIT, values)


def on(platform: str | None, number: int, price: int = 100, campaign_id: str = "cmp_1") -> Event:
    payload = {} if platform is None else {"platform": platform}
    return click(number, price, campaign_id, payload=payload)


async def paid(connection: AsyncConnection, *clicks: Event) -> list[str]:
    return [(one.impression_id or "")[4:] for one in await pay(connection, clicks)]


async def spent(connection: AsyncConnection, campaign_id: str = "cmp_1") -> dict[str, int]:
    found = await connection.execute(
        text("SELECT platform, spent_micros FROM campaign_platform_days WHERE campaign_id = :id"),
        {"id": campaign_id},
    )
    return {row[0]: row[1] for row in found}


async def test_a_platform_pays_its_limit_and_no_more(connection: AsyncConnection) -> None:
    # 250 on the web: 100 + 100 fit, the third does not, a click of 50 still does
    await fill(connection)
    await limit(connection, "web", 250)
    clicks = [on("web", n, 50 if n == 4 else 100) for n in (1, 2, 3, 4)]
    assert await paid(connection, *clicks) == ["1", "2", "4"]
    assert await spent(connection) == {"web": 250}
    unpaid = await connection.execute(
        text("SELECT impression_id, reason, platform FROM unpaid WHERE campaign_id = 'cmp_1'")
    )
    assert [tuple(row) for row in unpaid] == [("imp_3", "platform", "web")]
    assert await paid(connection, clicks[2]) == []  # unpaid stays unpaid


async def test_other_platforms_and_campaigns_go_on(connection: AsyncConnection) -> None:
    await fill(connection, campaign("cmp_1"), campaign("cmp_2"))
    await limit(connection, "web", 0)
    await limit(connection, "app", None)
    clicks = [
        on("web", 1),
        on("app", 2),
        on("mail", 3),
        on(None, 4),
        on("web", 5, campaign_id="cmp_2"),
    ]
    assert await paid(connection, *clicks) == ["2", "3", "4", "5"]
    assert await spent(connection) == {"web": 0, "app": 100, "mail": 100}
    assert await spent(connection, "cmp_2") == {"web": 100}


async def test_the_campaigns_own_limits_hold_beside_a_platforms(
    connection: AsyncConnection,
) -> None:
    # each platform may have 200, the campaign 250 in all
    await fill(connection, campaign(budget=250))
    for platform in ("web", "app"):
        await limit(connection, platform, 200)
    clicks = [on("web", 1), on("app", 2), on("web", 3), on("web", 4, 50), on("app", 5, 1)]
    assert await paid(connection, *clicks) == ["1", "2", "4"]
    unpaid = await connection.execute(text("SELECT impression_id, reason FROM unpaid ORDER BY 1"))
    assert dict(map(tuple, unpaid)) == {"imp_3": "budget", "imp_5": "budget"}


async def test_limits_are_of_their_day(connection: AsyncConnection) -> None:
    await fill(connection)
    await limit(connection, "web", 0, days=-1)
    await limit(connection, "web", 0, days=1)
    assert await paid(connection, on("web", 1)) == ["1"]
    assert await spent_out_campaigns(connection) == {}
    assert await limited_accounts(connection) == {}
    assert list((await left_of_campaigns(connection))["sto_1"]) == ["cmp_1"]


async def test_what_was_spent_before_the_limit_counts(connection: AsyncConnection) -> None:
    await fill(connection)
    assert await paid(connection, on("web", 1), on("web", 2)) == ["1", "2"]
    await limit(connection, "web", 250)
    assert await paid(connection, on("web", 3), on("web", 4, 50)) == ["4"]


async def test_a_refund_is_room_again_on_the_platform_that_paid(
    connection: AsyncConnection,
) -> None:
    await fill(connection)
    for platform in ("web", "app"):
        await limit(connection, platform, 100)
    assert await paid(connection, on("web", 1), on("app", 2), on("web", 3)) == ["1", "2"]
    back = Refund(ChargeName("imp_1", "click", ""), RefundReason.GOODWILL)
    await refund_charges(connection, [back])
    assert await spent(connection) == {"web": 0, "app": 100}
    assert await paid(connection, on("web", 4), on("app", 5)) == ["4"]


async def test_an_account_is_spent_out_until_there_is_room(connection: AsyncConnection) -> None:
    await fill(connection)
    await limit(connection, "web", 250)
    await limit(connection, "app", 100)
    assert await limited_accounts(connection) == {"sto_1": {"cmp_1@web", "cmp_1@app"}}
    await paid(connection, on("web", 1), on("app", 2))
    assert await spent_out_campaigns(connection) == {"sto_1": {"cmp_1@app"}}
    assert (await left_of_campaigns(connection))["sto_1"] == {
        "cmp_1": 1_000_000 - 200,
        "cmp_1@web": 150,
        "cmp_1@app": 0,
    }
    # 150 are left on the web, and a click of 200 came: another of 150 would fit, dear ones not
    await paid(connection, on("web", 3, 200))
    assert await spent_out_campaigns(connection) == {"sto_1": {"cmp_1@app", "cmp_1@web"}}
    await limit(connection, "web", 300)
    assert await spent_out_campaigns(connection) == {"sto_1": {"cmp_1@app"}}
    await connection.execute(text("UPDATE campaigns SET status = 'paused'"))
    assert await spent_out_campaigns(connection) == await limited_accounts(connection) == {}


async def test_what_was_refused_on_one_platform_stops_no_other(
    connection: AsyncConnection,
) -> None:
    await fill(connection)
    for platform in ("a@b", "a"):
        await limit(connection, platform, 150)
    assert await paid(connection, on("a@b", 1), on("a@b", 2), on("a", 3)) == ["1", "3"]
    assert await spent_out_campaigns(connection) == {"sto_1": {"cmp_1@a@b"}}


async def test_the_schema_itself_refuses_a_platform_above_its_limit(
    connection: AsyncConnection,
) -> None:
    await fill(connection)
    await limit(connection, "web", 250)
    with pytest.raises(IntegrityError, match="spent_within_limit"):
        await connection.execute(
            text(
                "INSERT INTO charges (impression_id, store_id, campaign_id, price_micros, ts,"
                " platform) VALUES ('imp_1', 'sto_1', 'cmp_1', 251, now(), 'web')"
            )
        )


async def test_a_limit_that_is_set_while_others_charge_binds_at_once(engine: AsyncEngine) -> None:
    # charging goes on in four places; no click is charged above the limit, nor lost
    async with engine.begin() as connection:
        await fill(connection, campaign("cmp_l", budget=10_000_000))
    clicks = [on("web", 30_000 + n, 100 + n % 7, "cmp_l") for n in range(400)]

    async def write(part: int) -> int:
        count = 0
        for start in range(part * 10, len(clicks), 40):
            async with engine.begin() as connection:
                count += len(await pay(connection, clicks[start : start + 10]))
        return count

    charging = [asyncio.create_task(write(part)) for part in range(4)]
    bound = None
    while bound is None:
        await asyncio.sleep(0.001)
        async with engine.begin() as connection:
            bound = await bind(connection)
    counts = await asyncio.gather(*charging)
    async with engine.begin() as connection:
        there = await spent(connection, "cmp_l")
        unpaid = text("SELECT count(*) FROM unpaid WHERE campaign_id = 'cmp_l'")
        refused = (await connection.execute(unpaid)).scalar_one()
    assert bound - 106 < there["web"] <= bound
    assert refused == len(clicks) - sum(counts) > 0


async def bind(connection: AsyncConnection) -> int | None:
    """Limit the campaign to 1,000 more than it has spent; None while that is little."""
    lock = text("SELECT spent_micros FROM campaigns WHERE id = 'cmp_l' FOR NO KEY UPDATE")
    already = int((await connection.execute(lock)).scalar_one())
    if already <= 2_000:
        return None
    await limit(connection, "web", already + 1_000, "cmp_l")
    return already + 1_000
