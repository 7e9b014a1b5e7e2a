from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from service.contract.platform_days import DayRow, PlatformDays, platform_days
from service.decision.live_engagement import HourTold
from service.decision.platform_watch import Lately, PastShock, as_known, noticed_shocks
from service.decision.responses import Goal, Responses
from service.decision.terms import Micros

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST = date(2026, 11, 1)
UNIT = 1_000_000  # micros
A_DAY = timedelta(days=1)


class Linear:
    """Platforms bring as many clicks a unit of money as they did on the days that are known."""

    name = "linear"

    def responses(self, days: PlatformDays, goal: Goal) -> Responses:
        known = np.maximum(days.metric("spend").sum(1), 1.0)
        per_micro = days.metric(goal).sum(1) / known
        rate = np.full(len(per_micro), 1e-12)  # a logarithm of so little is a line
        return Responses(per_micro / rate, rate, np.zeros(len(per_micro)))


def history(*, days: int = 10, platforms: tuple[str, ...] = ("mail", "web")) -> PlatformDays:
    """Days of 24 units of money, each of which brought 10 clicks."""
    return platform_days(
        DayRow(FIRST + place * A_DAY, name, 24 * UNIT, 9_000, 240, 24)
        for name in platforms
        for place in range(days)
    )


def hours(
    platform: str, day: int, clicks: Mapping[range, int], *, every: int = 1
) -> list[HourTold]:
    """A unit of money an hour, told every so many hours, and the clicks of each hour."""
    on = FIRST + day * A_DAY
    start = datetime(on.year, on.month, on.day, tzinfo=UTC)
    told = []
    for hour in range(0, 24, every):
        brought = sum(
            n for span, n in clicks.items() for one in span if hour <= one < hour + every
        )
        told.append(
            HourTold(start + timedelta(hours=hour), on, platform, every * UNIT, brought, brought)
        )
    return told


USUAL = {range(24): 10}
FEW = {range(24): 3}


def fewer_from(noon: int, until: int) -> list[HourTold]:
    """Web brings 10 clicks an hour until noon of that day, then 3."""
    fallen = hours("web", noon, {range(12): 10, range(12, 24): 3})
    return fallen + [one for day in range(noon + 1, until + 1) for one in hours("web", day, FEW)]


def test_what_comes_as_expected_is_no_shock() -> None:
    told = [*hours("mail", 10, USUAL), *hours("web", 10, USUAL)]
    lately = Lately(told, {}, [])
    assert noticed_shocks(history(), lately, Goal.CLICKS, Linear()) == []


def test_a_platform_that_brings_less_is_noticed_with_its_hours() -> None:
    told = [
        *(one for day in (10, 11, 12) for one in hours("mail", day, USUAL)),
        *hours("web", 10, USUAL),
        *fewer_from(11, 12),
    ]
    [found] = noticed_shocks(history(), Lately(told, {}, []), Goal.CLICKS, Linear())
    assert found.platform == "web"
    assert found.since == datetime(2026, 11, 12, 12, tzinfo=UTC)
    assert found.since < found.seen <= datetime(2026, 11, 13, 12, tzinfo=UTC)
    # 36 * 3 + 1 of 36 * 10 + 1 expected
    assert found.ratio == pytest.approx(109 / 361, rel=1e-4)


def test_days_that_are_told_as_a_whole_are_judged_as_such() -> None:
    # each day varies by a fifth: 60 of 240 is beyond it, 200 of 240 is not
    whole = [
        *(one for day in (10, 11) for one in hours("web", day, USUAL, every=24)),
        *hours("web", 12, {range(24): 0, range(6): 10}, every=24),
    ]
    [found] = noticed_shocks(history(), Lately(whole, {}, []), Goal.CLICKS, Linear())
    assert found.since == found.seen == datetime(2026, 11, 13, tzinfo=UTC)
    fewer = [*whole[:2], *hours("web", 12, {range(20): 10}, every=24)]
    assert noticed_shocks(history(), Lately(fewer, {}, []), Goal.CLICKS, Linear()) == []


def test_a_plan_that_spends_the_rest_later_is_no_shock() -> None:
    # 6 hours of a day for which 24 units are planned
    told = [one for one in hours("web", 10, USUAL) if one.hour.hour < 6]
    lately = Lately(told, {"web": Micros(24 * UNIT)}, [])
    assert noticed_shocks(history(), lately, Goal.CLICKS, Linear()) == []


def test_a_platform_that_is_hardly_known_is_not_judged() -> None:
    told = fewer_from(3, 5)
    assert noticed_shocks(history(days=3), Lately(told, {}, []), Goal.CLICKS, Linear()) == []
    told = fewer_from(4, 6)
    assert len(noticed_shocks(history(days=4), Lately(told, {}, []), Goal.CLICKS, Linear())) == 1


def test_a_shock_is_noticed_once_and_its_end_as_another() -> None:
    told = [*hours("web", 10, USUAL), *fewer_from(11, 12)]
    [first] = noticed_shocks(history(), Lately(told, {}, []), Goal.CLICKS, Linear())
    past = [PastShock("web", FIRST + 12 * A_DAY, first.seen, 0.3)]
    told += hours("web", 13, FEW)
    assert noticed_shocks(history(), Lately(told, {}, past), Goal.CLICKS, Linear()) == []
    told += hours("web", 14, USUAL)
    [second] = noticed_shocks(history(), Lately(told, {}, past), Goal.CLICKS, Linear())
    assert second.since == datetime(2026, 11, 15, tzinfo=UTC)
    # 240 + 1 of 72 + 1 expected
    assert second.ratio == pytest.approx(241 / 73, rel=1e-4)


def test_mutant_that_expects_what_it_just_saw_would_miss_it() -> None:
    """A history that holds the days that are judged hides half of the change."""
    told = [one for day in (10, 11, 12) for one in hours("web", day, {range(24): 5})]
    assert noticed_shocks(history(), Lately(told, {}, []), Goal.CLICKS, Linear())
    rows = [DayRow(one.day, "web", one.spend, 0, one.clicks, 0) for one in told]
    hiding = platform_days(
        [DayRow(FIRST + place * A_DAY, "web", 24 * UNIT, 0, 240, 0) for place in range(8, 10)]
        + rows
    )
    assert noticed_shocks(hiding, Lately(told, {}, []), Goal.CLICKS, Linear()) == []


def test_without_shocks_history_and_model_are_as_they_are() -> None:
    days, model = history(), Linear()
    known, same = as_known(days, model, [])
    assert same is model
    assert known.known.all()


def test_a_shock_in_the_history_makes_earlier_days_unknown_one_after_it_changes_the_curve() -> (
    None
):
    at = datetime(2026, 11, 5, tzinfo=UTC)
    shocks = [
        PastShock("web", FIRST + 2 * A_DAY, at, 9.0),
        PastShock("web", FIRST + 4 * A_DAY, at, 9.0),
        PastShock("mail", FIRST + 10 * A_DAY, at, 0.5),
        PastShock("mail", FIRST + 11 * A_DAY, at, 0.4),
        PastShock("gone", FIRST + 2 * A_DAY, at, 0.5),
    ]
    known, model = as_known(history(), Linear(), shocks)
    assert known.known.tolist() == [[True] * 10, [False] * 4 + [True] * 6]
    # a day of 24 units brought 240 clicks; mail now 0.5 * 0.4 of that
    value = model.responses(known, Goal.CLICKS).value([24 * UNIT, 24 * UNIT])
    assert value == pytest.approx([48, 240], rel=1e-3)
    assert model.name == "linear"


def weekly(days: int, clicks: int, weekend: int) -> PlatformDays:
    """A history of 24 units of money a day that ends on a Friday, with its own weekends."""
    friday = date(2026, 10, 30)
    return platform_days(
        DayRow(day, name, 24 * UNIT, 9_000, weekend if day.weekday() > 4 else clicks, 0)
        for name in ("mail", "web")
        for day in (friday - place * A_DAY for place in range(days))
    )


def test_a_weekend_as_usual_is_no_shock_and_is_planned_for() -> None:
    days = weekly(42, 240, 120)
    # Saturday and Sunday, the 31st of October and the 1st of November: 5 clicks an hour
    weekend = [one for day in (-1, 0) for one in hours("web", day, {range(24): 5})]
    week = [one for day in (1, 2, 3) for one in hours("web", day, {range(24): 10})]
    assert noticed_shocks(days, Lately(weekend + week, {}, []), Goal.CLICKS, Linear()) == []
    known, model = as_known(days, Linear(), [])
    on_saturday = model.responses(known, Goal.CLICKS).value([24 * UNIT, 24 * UNIT])
    assert on_saturday == pytest.approx([120, 120], rel=0.1)
    # where every day was alike, the same hours are one
    alike = weekly(42, 240, 240)
    assert noticed_shocks(alike, Lately(weekend, {}, []), Goal.CLICKS, Linear())
