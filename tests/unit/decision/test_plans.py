from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from service.contract.platform_days import DayRow, PlatformDays, platform_days
from service.decision.allocation import AllocationError
from service.decision.plans import Goal, Mode, Plan, Policy, Reason, plan
from service.decision.responses import Responses
from service.decision.terms import PPM, Micros

if TYPE_CHECKING:
    from collections.abc import Mapping

DAY = date(2026, 3, 11)
BUDGET = Micros(4_000_000)


@dataclass(frozen=True)
class Known:
    """The curves are given: scale by platform, all with the same rate."""

    scale: Mapping[str, float]
    sd: float = 0.0
    name: str = "known"

    def responses(self, days: PlatformDays, goal: Goal) -> Responses:
        assert goal in Goal
        scale = np.array([self.scale[name] for name in days.platforms])
        return Responses(scale, np.full(len(scale), 1e-6), np.full(len(scale), self.sd))


# with 4 units: 200 / (1 + 3) = 100 / (1 + 1) a unit
TWO = Known({"app": 100, "web": 200})


def history(*platforms: str, named: tuple[str, ...] = (), spend: int = 9) -> PlatformDays:
    rows = [DayRow(date(2026, 3, 10), name, spend, 0, 5, 1) for name in platforms]
    return platform_days(rows, until=date(2026, 3, 10), platforms=named)


def planned(
    policy: Policy,
    model: Known = TWO,
    days: PlatformDays | None = None,
    before: Mapping[str, Micros] | None = None,
    **more: Any,
) -> Plan:
    known = history("app", "web") if days is None else days
    return plan(known, policy, BUDGET, model, before or {}, day=DAY, **more)


def spends(got: Plan) -> dict[str, int]:
    return {line.platform: line.spend for line in got.lines}


def reasons(got: Plan) -> dict[str, str]:
    return {line.platform: line.reason for line in got.lines}


def test_the_best_split_with_what_it_brings_and_why() -> None:
    got = planned(Policy())
    app, web = got.lines
    assert (app.platform, app.spend, app.share_ppm) == ("app", 1_000_000, 250_000)
    assert (web.platform, web.spend, web.share_ppm) == ("web", 3_000_000, 750_000)
    assert app.predicted == pytest.approx(100 * np.log(2))
    assert app.predicted_sd == pytest.approx((100 * np.log(2)) ** 0.5)
    assert got.value == pytest.approx(100 * np.log(2) + 200 * np.log(4))
    assert got.gap < 1e-12
    assert reasons(got) == {"app": "best_return", "web": "best_return"}
    expected = "the best return: one more unit of money would bring 50 clicks here, 50 elsewhere"
    assert app.detail == expected


def test_what_is_not_known_of_a_curve_widens_what_is_predicted() -> None:
    app, _ = planned(Policy(), Known(TWO.scale, sd=0.5)).lines
    value = 100 * np.log(2)
    assert app.predicted_sd == pytest.approx((value + (value / 2) ** 2) ** 0.5)


def test_floors_caps_and_the_largest_change_say_so() -> None:
    got = planned(Policy(floors={"app": 400_000}))
    assert spends(got) == {"app": 1_600_000, "web": 2_400_000}
    assert reasons(got) == {"app": "at_floor", "web": "best_return"}
    assert got.lines[0].detail.startswith(
        "its floor: one more unit of money would bring 38.5 clicks"
    )

    got = planned(Policy(caps={"web": 500_000}))
    assert reasons(got) == {"app": "best_return", "web": "at_cap"}

    got = planned(Policy(max_change_ppm=100_000), before={"app": Micros(5), "web": Micros(5)})
    assert spends(got) == {"app": 1_600_000, "web": 2_400_000}
    assert reasons(got) == {"app": "largest_change", "web": "largest_change"}


def test_a_platform_that_brings_too_little_gets_nothing() -> None:
    got = planned(Policy(goal=Goal.CONVERSIONS), Known({"app": 1, "web": 200}))
    assert spends(got) == {"app": 0, "web": 4_000_000}
    assert reasons(got)["app"] == "low_return"
    expected = "nothing: one more unit of money would bring 1 conversions here, 40 elsewhere"
    assert got.lines[0].detail == expected


def test_new_platforms_are_said_to_be_new() -> None:
    model = Known({"app": 100, "new": 100, "named": 100, "web": 100})
    days = history("app", "web", named=("new",))
    got = planned(Policy(floors={"named": 0}), model, days)
    assert [line.platform for line in got.lines] == ["app", "named", "new", "web"]
    assert set(spends(got).values()) == {1_000_000}
    assert reasons(got)["new"] == reasons(got)["named"] == "new_platform"


def test_days_without_spend_and_no_days_at_all_are_told_apart() -> None:
    idle = history("app", "web", spend=0)
    assert set(reasons(planned(Policy(), days=idle)).values()) == {"no_spend_yet"}
    empty = history(named=("app", "web"))
    assert set(reasons(planned(Policy(), days=empty)).values()) == {"no_history"}


def test_of_the_only_platform_nothing_is_said_of_others() -> None:
    web = history("web")
    (line,) = planned(Policy(), days=web).lines
    assert (line.spend, line.reason) == (4_000_000, "only_platform")
    # 200 / (1 + 4) a unit
    assert line.detail == "the only platform: one more unit of money would bring 40 clicks here"
    (line,) = planned(Policy(floors={"web": PPM}), Known(TWO.scale, sd=1.0), web, lots=[3.0]).lines
    assert line.reason == "only_platform"
    (line,) = planned(Policy(), days=history(named=("web",))).lines
    assert line.detail == "the only platform: nothing is known of it yet"


def test_the_only_platform_may_be_capped_or_have_spent_more() -> None:
    (line,) = planned(Policy(caps={"web": 500_000}), days=history("web")).lines
    assert (line.spend, line.reason) == (2_000_000, "at_cap")
    assert line.detail == "its cap: one more unit of money would bring 66.7 clicks here"
    (line,) = planned(Policy(), days=history("web"), spent={"web": Micros(9_000_000)}).lines
    assert (line.spend, line.reason) == (9_000_000, "already_spent")
    assert line.detail.endswith("would bring 20 clicks here")


def test_exploring_moves_money_by_the_lots_and_says_so() -> None:
    unsure = Known(TWO.scale, sd=1.0)
    got = planned(Policy(), unsure, lots=[3.0, -3.0, 9.0])
    assert spends(got)["app"] > 2_000_000
    assert reasons(got) == {"app": "exploring", "web": "best_return"}
    assert "more than the 25.0% of the best guess" in got.lines[0].detail
    left = 200 / (1 + spends(got)["web"] / 1e6)
    assert got.lines[1].detail.endswith(f"would bring {left:.3g} clicks here, 50 elsewhere")
    # the prediction is that of the best guess at what curves are, not of the draw
    assert got.value < planned(Policy(), unsure).value


def test_who_does_not_explore_gets_the_best_guess_whatever_the_lots() -> None:
    unsure = Known(TWO.scale, sd=1.0)
    got = planned(Policy(explore=False), unsure, lots=[3.0, -3.0])
    assert spends(got) == spends(planned(Policy(), unsure))


def test_fixed_shares_are_kept_to_the_micro() -> None:
    policy = Policy(mode=Mode.FIXED, shares={"app": 333_333, "web": 666_667})
    got = plan(history("app", "web"), policy, Micros(100), TWO, {}, day=DAY)
    assert spends(got) == {"app": 33, "web": 67}
    assert reasons(got) == {"app": "fixed", "web": "fixed"}
    assert got.gap == 0.0


def test_what_the_day_cost_already_stays_and_the_rest_is_spread() -> None:
    spent = {"app": Micros(3_000_000)}
    got = planned(Policy(), spent=spent)
    assert spends(got) == {"app": 3_000_000, "web": 1_000_000}
    assert reasons(got) == {"app": "already_spent", "web": "best_return"}
    fixed = Policy(mode=Mode.FIXED, shares={"app": 500_000, "web": 500_000})
    got = planned(fixed, spent=spent)
    assert spends(got) == {"app": 3_000_000, "web": 1_000_000}
    assert reasons(got) == {"app": "already_spent", "web": "fixed"}


@pytest.mark.parametrize(
    "policy", [Policy(), Policy(mode=Mode.FIXED, shares={"web": PPM})], ids=["auto", "fixed"]
)
def test_more_spent_than_the_budget_is_the_plan(policy: Policy) -> None:
    spent = {"app": Micros(3_000_000), "web": Micros(2_000_000)}
    assert spends(planned(policy, spent=spent)) == spent


def test_a_floor_gives_way_where_the_money_is_gone() -> None:
    got = planned(Policy(floors={"web": 500_000}), spent={"app": Micros(3_500_000)})
    assert spends(got) == {"app": 3_500_000, "web": 500_000}
    assert reasons(got) == {"app": "already_spent", "web": "at_floor"}


def test_without_a_budget_nothing_is_spread() -> None:
    got = plan(history("app", "web"), Policy(), Micros(0), TWO, {}, day=DAY)
    assert [(line.spend, line.share_ppm, line.predicted) for line in got.lines] == [
        (0, 0, 0.0)
    ] * 2
    assert set(reasons(got).values()) == {Reason.NO_BUDGET}
    assert got.lines[0].detail == "there is nothing to spread"


def test_where_nothing_is_left_neither_a_cap_nor_the_return_is_blamed() -> None:
    gone = {"app": Micros(4_000_000)}
    got = planned(Policy(), spent=gone)
    assert reasons(got) == {"app": "already_spent", "web": "no_budget"}
    assert got.lines[1].detail.startswith("nothing is left for it")
    # a budget that is lower than what is spent: web's cap, all of it, is below that too
    got = plan(history("app", "web"), Policy(), Micros(0), TWO, {}, day=DAY, spent=gone)
    assert reasons(got) == {"app": "already_spent", "web": "no_budget"}
    # web would bring more than app here, so app's floor alone is why
    got = planned(Policy(floors={"app": PPM}))
    assert reasons(got) == {"app": "at_floor", "web": "no_budget"}
    got = planned(Policy(floors={"app": PPM - 1}))
    assert reasons(got) == {"app": "at_floor", "web": "best_return"}


def test_what_the_lots_moved_of_an_unknown_platform_is_said() -> None:
    unsure, unknown = Known({"app": 100, "web": 100}, sd=1.0), history(named=("app", "web"))
    got = planned(Policy(), unsure, unknown, lots=[3.0, -3.0])
    assert set(reasons(got).values()) == {"no_history"}
    assert all(line.detail.endswith("by lot, to learn, not the 50.0% of that")
               for line in got.lines)  # fmt: skip
    got = planned(Policy(explore=False), unsure, unknown)
    assert [line.detail for line in got.lines] == [
        "nothing is known of any platform yet: all are taken alike"
    ] * 2


def test_caps_below_the_budget_leave_shares_below_one() -> None:
    got = planned(Policy(caps={"app": 100_000, "web": 200_000}))
    assert [line.share_ppm for line in got.lines] == [100_000, 200_000]


@pytest.mark.parametrize(
    ("policy", "more", "message"),
    [
        (
            Policy(mode=Mode.FIXED, shares={"app": 1, "web": 2}),
            {},
            "add up to 3 ppm, not to 1000000",
        ),
        (
            Policy(mode=Mode.FIXED),
            {},
            "of 'app', 'web' add up to 0 ppm, not to 1000000: give shares of the platforms",
        ),
        (
            Policy(mode=Mode.FIXED, shares={"app": -PPM, "web": 2 * PPM}),
            {},
            "shares of 'app': -1000000 ppm is not from 0",
        ),
        (Policy(), {"lots": [1.0]}, "1 lots for 2 platforms: give one for each"),
        (
            Policy(),
            {"days": platform_days([DayRow(DAY, "app", 1, 1, 1, 1)])},
            "goes on to 2026-03-11",
        ),
    ],
)
def test_what_cannot_be_planned_is_refused(
    policy: Policy, more: dict[str, Any], message: str
) -> None:
    with pytest.raises(AllocationError, match=message):
        planned(policy, **more)
