from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from service.decision.pace import UNPACED, Pace
from service.decision.terms import CampaignStatus
from service.store.campaigns import put_campaigns
from service.store.events import add_decisions
from service.store.paces import (
    PacedCampaign,
    PaceRow,
    Sales,
    Shown,
    paced_campaigns,
    paces_by_store,
    requests_by_hour,
    sales_of,
    shown_between,
    state_of_paces,
    write_paces,
)
from tests.unit.store.made import campaign, click, fill, pay
from tests.unit.store.test_platform_limits import limit

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


async def alter(connection: AsyncConnection, assignments: str, campaign_id: str = "cmp_1") -> None:
    statement = f"UPDATE campaigns SET {assignments} WHERE id = :id"  # noqa: S608 - ours
    await connection.execute(text(statement), {"id": campaign_id})


async def only(connection: AsyncConnection) -> PacedCampaign:
    (found,) = await paced_campaigns(connection)
    return found


def decision(ts: float, request_id: str, *awards: tuple[str, int, int]) -> dict[str, Any]:
    sold = [{"campaign_id": one, "price": price, "quality_ppm": ppm} for one, price, ppm in awards]
    return {"store_id": "sto_1", "ts": ts, "request_id": request_id, "awards": sold}


@pytest.mark.parametrize(
    ("assignments", "paced"),
    [
        ("pacing = 'even'", False),  # neither a daily budget nor an end: as soon as possible
        ("daily_budget_micros = 100", True),
        ("ends_at = now() + interval '3 days'", True),
        ("daily_budget_micros = 100, pacing = 'asap'", False),
        ("pacing = 'asap', target_roas_ppm = 4000000", True),
        ("daily_budget_micros = 100, status = 'paused'", False),
        ("daily_budget_micros = 100, starts_at = now() + interval '1 hour'", False),
        ("daily_budget_micros = 100, ends_at = now() - interval '1 hour'", False),
    ],
)
async def test_who_is_paced(connection: AsyncConnection, assignments: str, *, paced: bool) -> None:
    await fill(connection)
    await alter(connection, assignments)
    assert len(await paced_campaigns(connection)) == paced


async def test_a_campaign_is_read_with_its_day_and_its_money(connection: AsyncConnection) -> None:
    # bid 300,000 beside a reserve of 10,000; 100,000 of 1,000,000 were charged today
    await fill(connection, campaign(budget=1_000_000))
    await alter(connection, "daily_budget_micros = 400000, time_zone = 'Asia/Tokyo'")
    await pay(connection, [click(1)])
    one = await only(connection)
    assert (one.campaign_id, one.store_id, one.bid) == ("cmp_1", "sto_1", 300_000)
    assert one.least_bid == pytest.approx(1 / 30)
    await alter(connection, "pricing = 'impression'")
    other = await only(connection)
    assert (other.by_click, other.least_bid) == (False, 0.0)
    assert (one.by_click, one.even, one.target_roas_ppm) == (True, True, None)
    assert (one.pace, one.roas_ppm, one.was_paced) == (UNPACED, 1_000_000, False)
    assert (one.flight.daily, one.flight.left, one.flight.spent) == (400_000, 900_000, 100_000)
    assert one.flight.budget == 400_000
    day = datetime.fromtimestamp(one.flight.starts, ZoneInfo("Asia/Tokyo"))
    assert (day.date().isoformat(), day.hour, day.minute) == (one.day, 0, 0)
    assert one.flight.ends - one.flight.starts == 86_400
    assert one.flight.starts <= one.now < one.flight.ends
    assert one.now == pytest.approx(datetime.now(UTC).timestamp(), abs=60)


async def test_the_day_is_as_long_as_the_campaign_runs_on_it(connection: AsyncConnection) -> None:
    await fill(connection)
    await alter(
        connection,
        "starts_at = now() - interval '1 minute', ends_at = now() + interval '1 minute'",
    )
    flight = (await only(connection)).flight
    assert flight.ends - flight.starts <= 120
    assert flight.ends_for_good == pytest.approx(flight.ends, abs=61)
    assert flight.budget is not None


async def test_schedules_are_minutes_of_the_local_week(connection: AsyncConnection) -> None:
    await fill(connection)
    await alter(
        connection,
        "daily_budget_micros = 100, time_zone = 'America/New_York',"
        " schedule = '{[60,120), [600,1200)}'",
    )
    flight = (await only(connection)).flight
    assert flight.schedule == ((60, 120), (600, 1200))
    monday = datetime.fromtimestamp(flight.monday, ZoneInfo("America/New_York"))
    assert (monday.weekday(), monday.hour, monday.minute) == (0, 0, 0)


async def test_requests_are_counted_by_hour_in_two_minutes_of_each_quarter(
    connection: AsyncConnection,
) -> None:
    await fill(connection)
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=5)
    at = hour.timestamp()
    moments = [at + 1, at + 119, at + 121, at + 901, at + 3_601, at - 9 * 86_400]
    await add_decisions(
        connection, [decision(ts, f"req_{number}") for number, ts in enumerate(moments)]
    )
    # 121 s is past the two minutes; nine days ago is past the week
    assert await requests_by_hour(connection, "sto_1") == {at // 3600: 3, at // 3600 + 1: 1}
    assert await requests_by_hour(connection, "sto_2") == {}


async def test_what_was_shown_is_summed_by_campaign_and_ten_seconds(
    connection: AsyncConnection,
) -> None:
    await fill(connection)
    at = datetime.now(UTC).timestamp() // 10 * 10 - 100
    await add_decisions(
        connection,
        [
            decision(at, "req_1", ("cmp_1", 100_000, 50_000), ("cmp_2", 200_000, 10_000)),
            decision(at + 9, "req_2", ("cmp_1", 100_000, 20_000)),
            decision(at + 11, "req_3", ("cmp_1", 300_000, 10_000)),
            decision(at + 12, "req_4"),
            decision(at + 20, "req_5", ("cmp_1", 900_000, 10_000)),
        ],
    )
    found = await shown_between(connection, ["sto_1"], at, at + 20)
    assert sorted(found, key=lambda one: (one.campaign_id or "", one.ts)) == [
        Shown("sto_1", None, at + 12, 0.0, 0.0),
        Shown("sto_1", "cmp_1", at + 9, 7_000.0, 0.07),
        Shown("sto_1", "cmp_1", at + 11, 3_000.0, 0.01),
        Shown("sto_1", "cmp_2", at, 2_000.0, 0.01),
    ]
    assert await shown_between(connection, ["sto_2"], at, at + 20) == []


async def test_sales_are_those_of_seven_days_less_what_came_back(
    connection: AsyncConnection,
) -> None:
    # sold for 500 and 300, of which 100 came back, and for 999 eight days ago; three clicks, of
    # which one was refunded
    await fill(connection, campaign(), campaign("cmp_2"))
    await pay(connection, [click(1), click(2), click(3)])
    sold = text(
        "INSERT INTO attributions (store_id, order_key, line, kind, impression_id, campaign_id,"
        " ad_id, product_id, touch, halo, quantity, value_micros, converted_at) VALUES"
        " ('sto_1', 'o', :line, :kind, 'imp_1', 'cmp_1', 'ad_1', '100001', 'click', false,"
        "  sign(:value), :value, now() - make_interval(days => :days))"
    )
    for line, value, days in (("1", 500, 0), ("2", 300, 6), ("3", -100, 1), ("4", 999, 8)):
        kind = "sale" if value > 0 else "return"
        values = {"line": line, "kind": kind, "value": value, "days": days}
        await connection.execute(sold, values)
    refund = text(
        "INSERT INTO charges (impression_id, kind, charge_key, store_id, campaign_id,"
        " price_micros, ts, day, of_kind, of_key, reason) SELECT impression_id, 'refund', 'r',"
        " store_id, campaign_id, -price_micros, ts, day, kind, charge_key, 'r' FROM charges"
        " WHERE impression_id = 'imp_3'"
    )
    await connection.execute(refund)
    found = await sales_of(connection, ["cmp_1", "cmp_2"])
    assert found == {"cmp_1": Sales(700, 3), "cmp_2": Sales(0, 0)}


async def test_paces_are_written_read_and_taken_up_again(connection: AsyncConnection) -> None:
    await fill(connection, campaign(), campaign("cmp_2"), campaign("cmp_3"))
    rows = [
        PaceRow("cmp_1", Pace(500_000, 900_000), 700_000, 5),
        PaceRow("cmp_2", Pace(), 1_000_000, 6),
        PaceRow("cmp_gone", Pace(1), 1, 7),  # deleted since it was read
    ]
    await write_paces(connection, rows)
    assert await paces_by_store(connection) == {"sto_1": {"cmp_1": Pace(500_000, 900_000)}}
    await alter(connection, "daily_budget_micros = 100")
    one = await only(connection)
    assert (one.pace, one.roas_ppm, one.was_paced) == (Pace(500_000, 900_000), 700_000, True)


async def test_what_is_paced_no_longer_is_freed_and_what_is_paused_waits(
    connection: AsyncConnection,
) -> None:
    await fill(connection, campaign(), campaign("cmp_2"))
    await write_paces(connection, [PaceRow(one, Pace(5), 5, 5) for one in ("cmp_1", "cmp_2")])
    await alter(connection, "status = 'paused'", "cmp_2")
    await write_paces(connection, [])
    left = await connection.execute(text("SELECT campaign_id FROM campaign_paces"))
    assert left.scalars().all() == ["cmp_2"]
    assert await paces_by_store(connection) == {}


async def test_the_state_differs_when_a_pace_does(connection: AsyncConnection) -> None:
    await fill(connection)
    states = [await state_of_paces(connection)]
    for ppm in (500_000, 400_000, 400_000):
        await write_paces(connection, [PaceRow("cmp_1", Pace(ppm), 1_000_000, 5)])
        states.append(await state_of_paces(connection))
    await write_paces(connection, [])
    states.append(await state_of_paces(connection))
    assert len(set(states[:3])) == 3
    assert states[2] == states[3]
    assert states[4] == states[0]


async def test_a_deleted_campaign_takes_its_pace_along(connection: AsyncConnection) -> None:
    await fill(connection, campaign("cmp_9", status=CampaignStatus.PAUSED))
    await put_campaigns(connection, "sto_1", [campaign("cmp_9")])
    await write_paces(connection, [PaceRow("cmp_9", Pace(5), 5, 5)])
    await connection.execute(text("DELETE FROM campaigns WHERE id = 'cmp_9'"))
    left = await connection.execute(text("SELECT count(*) FROM campaign_paces"))
    assert left.scalar_one() == 0


async def there(connection: AsyncConnection) -> list[PacedCampaign]:
    return [one for one in await paced_campaigns(connection) if one.platform]


async def test_accounts_are_read_behind_their_campaigns(connection: AsyncConnection) -> None:
    # no daily budget and no end: the campaign itself is not paced
    await fill(connection, campaign(budget=1_000_000))
    await limit(connection, "web", 300_000)
    await limit(connection, "app", None)
    payload = {"platform": "web"}
    await pay(connection, [click(1, payload=payload), click(2, payload={"platform": "app"})])
    one = await only(connection)
    assert (one.account, one.campaign_id, one.platform) == ("cmp_1@web", "cmp_1", "web")
    assert (one.flight.daily, one.flight.spent, one.flight.budget) == (300_000, 100_000, 300_000)
    # what is left of the campaign bounds it, an end does not: the day's plan has spread that
    await alter(connection, "budget_micros = 250000, ends_at = now() + interval '30 days'")
    whole, one = await paced_campaigns(connection)
    assert (whole.account, one.account) == ("cmp_1", "cmp_1@web")
    assert one.flight.budget == 150_000
    for other in ("pacing = 'asap'", "status = 'paused'", "starts_at = now() + interval '1 day'"):
        await alter(connection, "pacing = 'even', status = 'active', starts_at = NULL")
        assert len(await there(connection)) == 1
        await alter(connection, other)
        assert await there(connection) == []


async def test_an_account_begins_as_its_campaign_was_and_goes_on_by_itself(
    connection: AsyncConnection,
) -> None:
    await fill(connection)
    await alter(connection, "daily_budget_micros = 400000")
    await limit(connection, "web", 300_000)
    assert [one.was_paced for one in await there(connection)] == [False]
    await write_paces(connection, [PaceRow("cmp_1", Pace(500_000), 1_000_000, 0)])
    assert [(one.pace, one.was_paced) for one in await there(connection)] == [
        (Pace(500_000), True)
    ]
    both = [PaceRow("cmp_1", Pace(500_000), 1_000_000, 0), PaceRow("cmp_1@web", Pace(), 10**6, 0)]
    before = await state_of_paces(connection)
    await write_paces(connection, both)
    assert await state_of_paces(connection) != before
    assert [one.pace for one in await there(connection)] == [Pace()]
    # one in full is told as well: it stands in place of its campaign's
    assert await paces_by_store(connection) == {
        "sto_1": {"cmp_1": Pace(500_000), "cmp_1@web": Pace()}
    }


async def test_the_pace_of_an_account_outlives_the_night_and_goes_with_its_limits(
    connection: AsyncConnection,
) -> None:
    await fill(connection)
    await limit(connection, "web", 300_000, days=-1)
    await limit(connection, "app", 300_000, days=-2)
    row = PaceRow("cmp_1@web", Pace(5), 10**6, 0)
    gone = PaceRow("cmp_gone@web", Pace(5), 10**6, 0)  # deleted since it was read
    await write_paces(connection, [row, row._replace(account="cmp_1@app"), gone])
    await write_paces(connection, [])  # today has no limits yet
    assert await paces_by_store(connection) == {"sto_1": {"cmp_1@web": Pace(5)}}
    await alter(connection, "pacing = 'asap'")
    await write_paces(connection, [])
    assert await paces_by_store(connection) == {}


async def test_what_was_shown_is_told_by_platform(connection: AsyncConnection) -> None:
    await fill(connection)  # search_top stands on the web
    at = datetime.now(UTC).timestamp() // 10 * 10 - 100
    award = ("cmp_1", 100_000, 50_000)
    asked = [
        decision(at + n, f"req_{n}", award) | {"request": {"placement": name}}
        for n, name in enumerate(("search_top", "search_top", "gone"))
    ]
    await add_decisions(connection, asked)
    found = await shown_between(connection, ["sto_1"], at, at + 10)
    assert {(one.platform, one.micros) for one in found} == {("web", 10_000.0), (None, 5_000.0)}
