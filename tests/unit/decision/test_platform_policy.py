from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.decision.allocation import AllocationError, Bounds
from service.decision.platform_policy import Policy, agreed_bounds, bounds_of
from service.decision.terms import PPM

THREE = ("app", "mail", "web")


def both(bounds: Bounds) -> list[tuple[int, int]]:
    return list(zip(bounds.floor.tolist(), bounds.cap.tolist(), strict=True))


def test_without_a_word_every_platform_may_have_nothing_or_all() -> None:
    assert both(bounds_of(Policy(), THREE, 100, {})) == [(0, 100)] * 3


def test_floors_are_rounded_down_and_caps_up_to_whole_micros() -> None:
    policy = Policy(floors={"app": 333_333}, caps={"web": 333_333})
    assert both(agreed_bounds(policy, THREE, 10)) == [(3, 10), (0, 10), (0, 4)]


def test_parts_may_be_micros_which_are_kept_exactly() -> None:
    # of 3,000,000,000,000 micros, of which one is less than a millionth
    policy = Policy(floors={"app": 7}, caps={"web": 11}, max_change_ppm=5, parts=3 * 10**12)
    assert both(agreed_bounds(policy, ("app", "web"), 3 * 10**12)) == [
        (7, 3 * 10**12),
        (0, 11),
    ]
    got = bounds_of(policy, ("app", "mail"), 3 * 10**12, {"app": 1, "mail": 1})
    assert both(got) == [(3 * 10**12 // 2 - 5, 3 * 10**12 // 2 + 5)] * 2
    with pytest.raises(AllocationError, match="floors add up to 9 of 8 parts, more than"):
        agreed_bounds(Policy(floors={"app": 4, "web": 5}, parts=8), THREE, 8)


def test_shares_that_are_floor_and_cap_can_always_be_met() -> None:
    thirds = {"app": 333_333, "mail": 333_333, "web": 333_334}
    got = bounds_of(Policy(floors=thirds, caps=thirds), THREE, 100_000_001, {})
    assert got.floor.sum() <= 100_000_001 <= got.cap.sum()


def test_a_share_may_not_leave_the_day_before_by_more_than_the_largest_change() -> None:
    # shares of 50, 30 and 20 %, of a budget twice as large
    got = bounds_of(Policy(max_change_ppm=100_000), THREE, 200, {"app": 50, "mail": 30, "web": 20})
    assert both(got) == [(80, 120), (40, 80), (20, 60)]


def test_a_platform_without_a_day_before_starts_from_nothing() -> None:
    got = bounds_of(Policy(max_change_ppm=50_000), THREE, 100, {"app": 100})
    assert both(got) == [(95, 100), (0, 5), (0, 5)]


def test_nothing_limits_change_after_a_day_without_spend() -> None:
    got = bounds_of(Policy(max_change_ppm=1), THREE, 100, {"app": 0, "gone": 50})
    assert both(got) == [(0, 100)] * 3


def test_floors_and_caps_go_before_the_largest_change_which_gives_way_by_no_more() -> None:
    # app comes from 90 and may have 40 at most: 50 are to be taken up, 45 by mail and 5 by change
    before = {"app": 90, "mail": 5, "web": 5}
    got = bounds_of(Policy(caps={"app": 400_000}, max_change_ppm=50_000), THREE, 100, before)
    assert both(got) == [(40, 40), (0, 30), (0, 30)]
    assert got.cap.sum() == 100


def test_what_is_spent_already_is_the_least_and_floors_share_the_rest() -> None:
    policy = Policy(floors={"mail": 400_000, "web": 200_000}, caps={"app": 300_000})
    got = bounds_of(policy, THREE, 100, {}, spent={"app": 70, "mail": 10})
    # 20 are left; mail lacks 30 of its floor and web 20
    assert both(got) == [(70, 70), (22, 100), (8, 100)]


def test_more_spent_than_the_budget_leaves_nothing_to_decide() -> None:
    got = bounds_of(Policy(floors={"web": PPM}), THREE, 100, {}, spent={"app": 90, "mail": 30})
    assert got.floor.tolist() == [90, 30, 0]


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (Policy(floors={"app": 600_000, "web": 500_000}), "floors add up to 1100000 ppm"),
        (
            Policy(floors={"app": 300_000}, caps={"app": 200_000}),
            "'app' has a floor of 300000 ppm above",
        ),
        (Policy(floors={"app": -1}), "floors of 'app': -1 ppm is not from 0 to 1000000"),
        (Policy(caps={"web": PPM + 1}), "caps of 'web': 1000001 ppm"),
        (Policy(max_change_ppm=-5), "a largest change of -5 ppm"),
    ],
)
def test_a_policy_that_nothing_satisfies_is_refused(policy: Policy, message: str) -> None:
    with pytest.raises(AllocationError, match=message):
        bounds_of(policy, THREE, 100, {})


@given(st.data())
def test_the_bounds_can_always_be_met(data: st.DataObject) -> None:
    floors = data.draw(st.lists(st.integers(0, PPM // 3), min_size=3, max_size=3))
    caps = [data.draw(st.integers(floor, PPM)) for floor in floors]
    policy = Policy(
        floors=dict(zip(THREE, floors, strict=True)),
        caps=dict(zip(THREE, caps, strict=True)),
        max_change_ppm=data.draw(st.none() | st.integers(0, PPM)),
    )
    amounts = st.lists(st.integers(0, 10**6), min_size=3, max_size=3)
    before, spent = (dict(zip(THREE, data.draw(amounts), strict=True)) for _ in range(2))
    budget = data.draw(st.integers(0, 10**6))
    got = bounds_of(policy, THREE, budget, before, spent)
    total = max(budget, sum(spent.values()))
    agreed = agreed_bounds(policy, THREE, budget)
    assert got.floor.sum() <= total
    assert got.cap.sum() >= min(total, agreed.cap.sum())
    assert all(got.floor[place] >= spent[name] for place, name in enumerate(THREE))
    assert (got.floor <= got.cap).all()
