"""What a plan is made from, and the limits that it becomes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from service.contract.platform_days import DayRow
from service.decision.plans import Mode, Plan, PlanLine, Policy, Reason
from service.decision.responses import Goal
from service.decision.terms import Micros, Placement
from service.store.allocations import (
    NewAllocation,
    apply_allocation,
    campaign_to_allocate,
    lift_limits,
)
from service.store.campaigns import put_placements
from service.store.management.allocations import put_policy
from service.store.platform_results import HourResult, history_of, put_results
from tests.unit.store.made import campaign, fill

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

PLACEMENT = Placement("search_top", "web", 4, Micros(10_000))
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def hour(hours: int, platform: str = "web", campaign_id: str | None = "cmp_1") -> HourResult:
    """An hour of 100 micros, 10 impressions, 4 clicks, 1 conversion; from today's first hour."""
    return HourResult(platform, campaign_id, TODAY + timedelta(hours=hours), 100, 10, 4, 1)


def line(platform: str, spend: int) -> PlanLine:
    return PlanLine(platform, Micros(spend), 0, 2.0, 1.0, Reason.BEST_RETURN, "as good as any")


def planned(day: date, *lines: PlanLine) -> NewAllocation:
    budget = Micros(sum(one.spend for one in lines))
    return NewAllocation("cmp_1", day, "asked", budget, Goal.CLICKS, "m", Plan(lines, 0.0, 4.0))


async def charge(connection: AsyncConnection, platform: str | None, micros: int) -> None:
    """Book a click of today on `platform`."""
    await connection.execute(
        text(
            "INSERT INTO charges"
            " (impression_id, store_id, campaign_id, price_micros, ts, day, platform)"
            " VALUES (new_id('imp'), 'sto_1', 'cmp_1', :micros, now(), :day, :platform)"
        ),
        {"micros": micros, "day": TODAY.date(), "platform": platform},
    )
    await connection.execute(
        text("UPDATE campaigns SET spent_micros = spent_micros + :micros"), {"micros": micros}
    )


async def limits(connection: AsyncConnection) -> dict[str, tuple[int | None, int]]:
    """(limit, spent) of today by platform."""
    found = await connection.execute(
        text("SELECT platform, limit_micros, spent_micros FROM campaign_platform_days")
    )
    return {row[0]: (row[1], row[2]) for row in found}


async def test_an_hour_told_again_replaces_what_it_told(
    connection: AsyncConnection,
) -> None:
    await fill(connection)
    await put_results(connection, "sto_1", [hour(-24), hour(-24), hour(-23)], "reported")
    again = hour(-24)._replace(spend=7, clicks=0)
    await put_results(connection, "sto_1", [again], "reported")
    # the second hour's 100 and 4 clicks, and what the first says now
    assert await history_of(connection, "cmp_1") == [
        DayRow(TODAY.date() - timedelta(days=1), "web", 107, 20, 4, 2)
    ]


async def test_days_are_the_campaigns_own(connection: AsyncConnection) -> None:
    await fill(connection)
    await connection.execute(text("UPDATE campaigns SET time_zone = 'Asia/Tokyo'"))
    # 15:00 in UTC is midnight in Tokyo
    await put_results(connection, "sto_1", [hour(-34), hour(-33)], "own")
    days = [row.day for row in await history_of(connection, "cmp_1")]
    assert days == [TODAY.date() - timedelta(days=2), TODAY.date() - timedelta(days=1)]


async def test_the_whole_store_stands_in_for_a_platform_that_is_new_to_the_campaign(
    connection: AsyncConnection,
) -> None:
    await fill(connection)
    of_all = [hour(-24, name, None) for name in ("instagram", "web")]
    other_shop = hour(-24, "video", None)
    await connection.execute(
        text(
            "INSERT INTO stores (id, name, currency, locale, site_url)"
            " VALUES ('sto_2', 'O', 'EUR', 'en', 'https://o')"
        )
    )
    await put_results(connection, "sto_2", [other_shop], "reported")
    await put_results(connection, "sto_1", [*of_all, hour(-24, "web")], "reported")
    assert [row.platform for row in await history_of(connection, "cmp_1")] == ["web"]
    await connection.execute(text("UPDATE campaigns SET platforms = '{web,instagram,video}'"))
    told = {row.platform: row.clicks for row in await history_of(connection, "cmp_1")}
    assert told == {"instagram": 4, "web": 4}


async def test_a_campaign_that_names_no_platform_runs_where_placements_are_and_reports_came_from(
    connection: AsyncConnection,
) -> None:
    await fill(connection)
    await put_placements(connection, "sto_1", [PLACEMENT])
    await put_results(connection, "sto_1", [hour(-24, "radio"), hour(-24, "tv", None)], "reported")
    found = await campaign_to_allocate(connection, "cmp_1")
    assert found is not None
    assert found.platforms == ("radio", "web")
    await connection.execute(text("UPDATE campaigns SET platforms = '{tv,app}'"))
    found = await campaign_to_allocate(connection, "cmp_1")
    assert found is not None
    assert found.platforms == ("app", "tv")


async def test_a_budget_is_for_the_day_and_counts_what_is_spent_outside(
    connection: AsyncConnection,
) -> None:
    await fill(connection, campaign(budget=1_000, platforms=("instagram", "web")))
    found = await campaign_to_allocate(connection, "cmp_1")
    assert found is not None
    assert (found.budget, found.policy, found.spent, found.day) == (1_000, None, {}, TODAY.date())
    await charge(connection, "web", 30)
    for elsewhere in (None, "app"):
        await charge(connection, elsewhere, 5)
    await put_results(
        connection, "sto_1", [hour(-24, "instagram"), hour(0, "instagram")], "reported"
    )
    found = await campaign_to_allocate(connection, "cmp_1")
    assert found is not None
    # yesterday's 100 are gone, and 5 + 5 were spent where none of its platforms is held to them
    assert (found.budget, found.spent) == (890, {"instagram": 100, "web": 30})
    await connection.execute(text("UPDATE campaigns SET daily_budget_micros = 400"))
    found = await campaign_to_allocate(connection, "cmp_1")
    assert found is not None
    assert found.budget == 390
    assert await campaign_to_allocate(connection, "cmp_none") is None


@pytest.mark.parametrize(
    ("begins", "ends", "budget"),
    [(None, None, 400), (2, None, 0), (2, 4, 0), (None, -2, 0), (-4, -2, 0), (-2, None, 400)],
)
async def test_a_day_on_which_the_campaign_does_not_run_has_nothing_to_spread(
    connection: AsyncConnection, begins: int | None, ends: int | None, budget: int
) -> None:
    await fill(connection, campaign(budget=1_000))
    dates = {
        name: None if days is None else TODAY + timedelta(days=days)
        for name, days in (("begins", begins), ("ends", ends))
    }
    update = "UPDATE campaigns SET daily_budget_micros = 400, starts_at = :begins, ends_at = :ends"
    await connection.execute(text(update), dates)
    found = await campaign_to_allocate(connection, "cmp_1")
    assert found is not None
    assert found.budget == budget


async def test_a_day_of_25_hours_is_counted_to_its_end(connection: AsyncConnection) -> None:
    now = datetime.now(UTC)
    # a zone where it is 23 o'clock, and where clocks went back an hour this night
    ahead = (23 - now.hour + 12) % 24 - 12
    day = (now + timedelta(hours=ahead)).timetuple().tm_yday - 1
    zone = f"AAA{-ahead:+d}BBB{-ahead - 1:+d},0/0,{day}/3"
    await fill(connection, campaign(platforms=("instagram", "web")))
    await connection.execute(text("UPDATE campaigns SET time_zone = :zone"), {"zone": zone})
    begins = now.replace(minute=0, second=0, microsecond=0)
    hours = [begins - timedelta(hours=back) for back in (0, 24, 25)]
    told = [hour(0, "instagram")._replace(hour=one) for one in hours]
    await put_results(connection, "sto_1", told, "reported")
    found = await campaign_to_allocate(connection, "cmp_1")
    assert found is not None
    # the 25th hour and the first, not the last of the day before
    assert found.spent == {"instagram": 200}


async def test_lines_become_limits_that_hold_and_what_is_spent_stays(
    connection: AsyncConnection,
) -> None:
    await fill(connection)
    await charge(connection, "web", 30)
    await charge(connection, "shop", 8)
    await apply_allocation(connection, planned(TODAY.date(), line("app", 50), line("web", 90)))
    # the shop has no line: it keeps what it spent, and may spend no more
    held = {"app": (50, 0), "shop": (8, 8), "web": (90, 30)}
    assert await limits(connection) == held
    await apply_allocation(connection, planned(TODAY.date(), line("app", 60), line("web", 20)))
    assert await limits(connection) == {"app": (60, 0), "shop": (8, 8), "web": (30, 30)}
    with pytest.raises(IntegrityError):
        async with connection.begin_nested():
            await charge(connection, "web", 1)
    await lift_limits(connection, "cmp_1")
    assert {limit for limit, _ in (await limits(connection)).values()} == {None}
    await charge(connection, "web", 1)


async def test_the_plan_before_is_the_last_of_an_earlier_day(connection: AsyncConnection) -> None:
    await fill(connection)
    for days, spend in ((3, 10), (1, 20), (1, 30), (0, 40)):
        day = TODAY.date() - timedelta(days=days)
        await apply_allocation(connection, planned(day, line("web", spend)))
    found = await campaign_to_allocate(connection, "cmp_1")
    assert found is not None
    assert found.before == {"web": 30}


async def test_what_a_policy_says_of_platforms_that_were_given_up_is_left_out(
    connection: AsyncConnection,
) -> None:
    await fill(connection, campaign(platforms=("app", "web")))
    policy = Policy(Mode.FIXED, shares={"app": 300_000, "tv": 400_000, "web": 300_000})
    await put_policy(connection, "cmp_1", policy)
    found = await campaign_to_allocate(connection, "cmp_1")
    assert found is not None
    assert found.policy is not None
    assert found.policy.shares == {"app": 500_000, "web": 500_000}
    narrow = Policy(Mode.AUTO, Goal.CONVERSIONS, {}, {"tv": 1, "web": 2}, {"web": 9}, 5, False)
    await put_policy(connection, "cmp_1", narrow)
    found = await campaign_to_allocate(connection, "cmp_1")
    assert found is not None
    assert found.policy == Policy(
        Mode.AUTO, Goal.CONVERSIONS, {}, {"web": 2}, {"web": 9}, 5, False
    )
