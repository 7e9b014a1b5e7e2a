"""How often a shock is told where there is none, and how soon where there is one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import numpy as np

from service.contract.platform_days import DayRow, platform_days
from service.decision.live_engagement import HourTold
from service.decision.platform_watch import Lately, PastShock, noticed_shocks
from service.decision.pooled_responses import PooledResponses
from service.decision.responses import Goal
from service.demo.platform_world import LATE_DAYS, Market, Shock, make_world

PLATFORMS, BEFORE, DAYS = 8, 28, 60
FIRST = date(2026, 1, 5)
A_DAY = timedelta(days=1)
HALVED_ON = BEFORE + 30


@dataclass
class Told:
    """What platforms told, whole days and by the hour."""

    rows: list[DayRow]
    hours: list[list[HourTold]]


def tell(seed: int, *shocks: Shock) -> Told:
    """Days of which each varies by 13 to 26 per cent, on top of weekdays and a drift."""
    rng = np.random.default_rng([seed, 99])
    world = make_world(rng, platforms=PLATFORMS, days=BEFORE + DAYS, shocks=shocks)
    at_once = np.zeros((PLATFORMS, LATE_DAYS))
    at_once[:, 0] = 1
    market = Market(replace(world, late=at_once, carry=np.zeros(PLATFORMS)), rng)
    usual = world.half[0] / 4
    told = Told([], [])
    for number in range(BEFORE + DAYS):
        spend = (usual * np.exp(0.3 * rng.normal(size=PLATFORMS))).astype(np.int64)
        _, counts = market.spend(spend)
        day = FIRST + number * A_DAY
        start = datetime(day.year, day.month, day.day, tzinfo=UTC)
        clicks = rng.multinomial(counts.clicks, np.full(24, 1 / 24))  # (P, 24)
        told.hours.append([])
        for place in range(PLATFORMS):
            name, paid = f"p{place}", int(spend[place]) // 24
            told.rows.append(DayRow(day, name, 24 * paid, 0, int(counts.clicks[place]), 0))
            told.hours[-1] += [
                HourTold(start + timedelta(hours=hour), day, name, paid, int(n), 0)
                for hour, n in enumerate(clicks[place])
            ]
    return told


def watch(told: Told) -> list[tuple[str, int]]:
    """What is noticed, and on which day, by a watch at the end of each day after the first."""
    past: list[PastShock] = []
    found = []
    for number in range(BEFORE, BEFORE + DAYS):
        until = FIRST + (number - 3) * A_DAY
        days = platform_days((row for row in told.rows if row.day <= until), until=until)
        hours = [one for lately in told.hours[number - 2 : number + 1] for one in lately]
        lately = Lately(hours, {}, past)
        for one in noticed_shocks(days, lately, Goal.CLICKS, PooledResponses()):
            past.append(PastShock(one.platform, one.since.date(), one.seen, one.ratio))
            found.append((one.platform, number))
    return found


def test_there_is_at_most_one_false_alarm_a_platform_in_60_days() -> None:
    assert len(watch(tell(1))) <= PLATFORMS


def test_a_halving_is_noticed_on_its_day_or_one_of_the_next_two() -> None:
    halved = [Shock(HALVED_ON, place, "level", 0.5) for place in range(PLATFORMS)]
    found = watch(tell(5, *halved))
    soon = {name for name, day in found if HALVED_ON <= day <= HALVED_ON + 2}
    assert len(soon) == PLATFORMS
