from __future__ import annotations

from datetime import date

from service.contract.platform_days import DayRow, PlatformDays, platform_days
from service.decision.after_shock import Change, as_since
from service.decision.responses import Goal


def two_platforms() -> PlatformDays:
    # three days each: 100 clicks and 10 orders of 1,000 impressions, for 5 units of money
    return platform_days(
        DayRow(date(2026, 11, day), name, 5_000_000, 1_000, 100, 10)
        for name in ("mail", "web")
        for day in (1, 2, 3)
    )


def test_what_was_before_is_as_if_it_had_always_been_so() -> None:
    changed = as_since(two_platforms(), {"web": Change(date(2026, 11, 3), 0.5)}, Goal.CLICKS)
    assert changed.metric("clicks").tolist() == [[100, 100, 100], [50, 50, 100]]
    assert changed.metric("conversions").tolist() == [[10, 10, 10], [5, 5, 10]]
    assert (changed.metric("spend") == 5_000_000).all()
    assert (changed.metric("impressions") == 1_000).all()


def test_fewer_orders_do_not_mean_fewer_clicks() -> None:
    changed = as_since(two_platforms(), {"mail": Change(date(2026, 11, 4), 2.0)}, Goal.CONVERSIONS)
    assert changed.metric("conversions").tolist() == [[20, 20, 20], [10, 10, 10]]
    assert (changed.metric("clicks") == 100).all()


def test_a_change_before_all_history_and_one_of_an_unknown_platform_change_nothing() -> None:
    changes = {"web": Change(date(2026, 10, 1), 0.1), "app": Change(date(2026, 11, 3), 0.1)}
    days = two_platforms()
    changed = as_since(days, changes, Goal.CLICKS)
    assert (changed.totals == days.totals).all()


def test_the_history_that_was_given_stays_as_it_is() -> None:
    days = two_platforms()
    as_since(days, {"web": Change(date(2026, 11, 3), 0.5)}, Goal.CLICKS)
    assert (days.metric("clicks") == 100).all()
