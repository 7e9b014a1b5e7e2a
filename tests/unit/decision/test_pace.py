from __future__ import annotations

from math import exp, inf, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.decision.auction import lot_name
from service.decision.bidding import HIGHEST_BID
from service.decision.pace import (
    GAIN,
    LEAST,
    UNPACED,
    Interval,
    Pace,
    Pacer,
    Worth,
    admitted,
    multiplier_of,
    pace_of,
    paced,
    step,
    step_to_roas,
)
from service.decision.terms import PPM

OLD = Pacer(budget=0.5, experience=1.0)


def tenth(**more: float) -> Interval:
    """A tenth of a day that has all its budget of 10,000 left: the target is 1,000."""
    values = {
        "budget": 10_000.0,
        "left": 10_000.0,
        "spent": 1_000.0,
        "traffic": 0.1,
        "traffic_left": 1.0,
        "click_price": 1.0,
        **more,
    }
    return Interval(**values)


def test_what_is_on_target_stays() -> None:
    assert tenth().target == 1_000
    assert step(OLD, tenth()).budget == 0.5


def test_a_hundredth_of_the_budget_too_much_lowers_the_bid_by_half_a_step() -> None:
    # 50 * (1,000 - 1,100) / 10,000 = -0.5
    assert step(OLD, tenth(spent=1_100)).budget == pytest.approx(0.5 * exp(-0.5))
    assert step(OLD, tenth(spent=1_100)).multiplier == pytest.approx(0.3033, abs=1e-4)


def test_what_went_unspent_raises_it_but_never_above_the_bid() -> None:
    assert step(OLD, tenth(spent=980)).budget == pytest.approx(0.5 * exp(0.1))
    assert step(OLD, tenth(spent=0)).budget == 1.0


def test_one_look_moves_no_further_than_a_factor_e() -> None:
    assert step(OLD, tenth(spent=9_000)).budget == pytest.approx(0.5 / exp(1))


def test_the_target_is_the_rest_of_the_budget_by_the_rest_of_the_traffic() -> None:
    # a quarter of the budget is left for half the traffic, of which a fifth was expected now
    assert tenth(left=2_500, traffic=0.1, traffic_left=0.5).target == 500
    assert tenth(left=2_500, traffic=0.1, traffic_left=0.1).target == 2_500
    assert tenth(left=2_500, traffic=0.0, traffic_left=0.0).target == 0


def test_a_new_campaign_learns_faster() -> None:
    # after a thousandth of a day each look counts as much as all before: 1 / 0.001 = 1,000
    early = tenth(traffic=0.001, spent=10.4)  # the target is 10
    assert step(Pacer(0.5), early).budget == pytest.approx(0.5 * exp(1_000 * -0.4 / 10_000))
    assert step(OLD, early).budget == pytest.approx(0.5 * exp(GAIN * -0.4 / 10_000))


def test_a_budget_of_few_clicks_is_not_thrown_about_by_one() -> None:
    # a budget of 100 clicks: one more than the target moves the multiplier by a tenth, not a half
    one_more = tenth(click_price=100, spent=1_100)
    assert step(OLD, one_more).budget == pytest.approx(0.5 * exp(-0.1))
    # of 5 clicks: a fifth of the budget is a fifth of a step
    one_more = tenth(click_price=2_000, spent=3_000)
    assert step(OLD, one_more).budget == pytest.approx(0.5 * exp(-0.2))


def test_experience_is_the_traffic_that_was_expected() -> None:
    assert step(Pacer(), tenth()).experience == pytest.approx(0.1)


def test_multipliers_stay_within_bounds_whatever_is_spent() -> None:
    pacer = OLD
    for _ in range(40):
        pacer = step(pacer, tenth(spent=9_000))
    assert pacer.budget == LEAST


@given(st.floats(LEAST, 1), st.floats(-1e9, 1e9), st.floats(-1e9, 1e9), st.floats(0, 1))
def test_no_figures_break_the_step(
    multiplier: float, left: float, spent: float, traffic: float
) -> None:
    seen = tenth(left=left, spent=spent, traffic=traffic, traffic_left=0.5)
    assert LEAST <= step(Pacer(multiplier), seen).budget <= 1


def test_a_simulated_day_spends_its_budget() -> None:
    # a day of 1,000 looks: at the full bid it would spend four times its budget, by m squared
    pacer, left = Pacer(), 10_000.0
    for look in range(1_000):
        spent = min(left, 40.0 * pacer.multiplier**2)
        seen = tenth(left=left, spent=spent, traffic=0.001, traffic_left=1 - look / 1_000)
        pacer, left = step(pacer, seen), left - spent
    assert left < 50
    assert pacer.multiplier == pytest.approx(0.5, abs=0.02)


def test_the_bid_is_lowered_first_and_then_requests_are_left_out() -> None:
    assert pace_of(1.0) == UNPACED == Pace(PPM, PPM)
    assert pace_of(0.25, least_bid=0.2) == Pace(250_000, PPM)
    assert pace_of(0.05, least_bid=0.2) == Pace(200_000, 250_000)
    assert pace_of(0.0001) == Pace(1_000, 100_000)  # a thousandth of the bid is the least
    assert pace_of(0.3, least_bid=inf) == Pace(PPM, 300_000)  # the reserve is above the bid
    assert pace_of(LEAST, least_bid=1.0) == Pace(PPM, 1)


@given(st.floats(LEAST, 1), st.floats(0.001, 1))
def test_a_pace_gives_its_multiplier_back(multiplier: float, least: float) -> None:
    # whole parts per million: of a thousandth of the bid, a thousandth
    pace = pace_of(multiplier, least)
    assert multiplier_of(pace) == pytest.approx(multiplier, rel=2e-3, abs=1e-6)


def test_paced_bids_are_whole_micros_and_never_none() -> None:
    bids = np.array([100_000, 3, 1, HIGHEST_BID], np.int64)
    paces = np.array([250_000, 500_000, 1, 999_999], np.int64)
    assert paced(bids, paces).tolist() == [25_000, 1, 1, 999_999 * 10**6]


def test_requests_are_left_out_by_lot_the_same_for_the_same_seed() -> None:
    names = np.array([lot_name(f"cmp_{one}") for one in range(3)], np.uint64)
    ppm = np.array([PPM, 250_000, 1], np.int64)
    seeds = range(2**62, 2**62 + 20_000)
    taken = np.array([admitted(names, ppm, seed) for seed in seeds])
    assert taken[:, 0].all()
    assert taken[:, 1].mean() == pytest.approx(0.25, abs=0.01)
    assert taken[:, 2].sum() <= 2
    assert (admitted(names, ppm, seeds[0]) == taken[0]).all()


def test_campaigns_are_left_out_independently() -> None:
    names = np.array([lot_name("cmp_a"), lot_name("cmp_b")], np.uint64)
    half = np.array([PPM // 2, PPM // 2], np.int64)
    taken = np.array([admitted(names, half, seed) for seed in range(20_000)])
    assert (taken[:, 0] & taken[:, 1]).mean() == pytest.approx(0.25, abs=0.01)


def worth(value: float, clicks: int = 900) -> Worth:
    """Sales of 900 clicks at 0.10 each, of which four times their cost was asked: 360."""
    return Worth(target_roas=4.0, value=value, clicks=clicks, full_price=0.10)


def test_sales_on_target_allow_the_full_bid() -> None:
    assert worth(360).multiplier == pytest.approx(1.0)
    assert step_to_roas(Pacer(), worth(360)).roas == pytest.approx(1.0)
    assert step_to_roas(Pacer(), worth(3_600)).roas == 1.0


def test_half_the_sales_lead_to_half_the_bid_a_tenth_of_the_way_a_look() -> None:
    # a hundred clicks on target are added: (450 + 100) / 1,000 = 0.55
    assert worth(180).multiplier == pytest.approx(0.55)
    once = step_to_roas(Pacer(), worth(180))
    assert log(once.roas) == pytest.approx(0.1 * log(0.55))
    assert once.multiplier == once.roas


def test_the_stricter_of_budget_and_sales_holds() -> None:
    assert Pacer(budget=0.3, roas=0.7).multiplier == 0.3
    assert Pacer(budget=0.9, roas=0.7).multiplier == 0.7


def test_what_the_budget_bids_does_not_draw_the_return_along() -> None:
    # the budget holds the bid at 0.1, sales allow 0.55
    pacer = Pacer(0.1, 0.2)
    for _ in range(100):
        pacer = step_to_roas(pacer, worth(180))
    assert pacer.roas == pytest.approx(0.55, rel=0.01)
    assert pacer.multiplier == 0.1


def test_without_clicks_nothing_is_held_against_a_campaign() -> None:
    assert worth(0, clicks=0).multiplier == 1.0
    assert step_to_roas(Pacer(), worth(0, clicks=0)).roas == 1.0
    # of 900 clicks that brought nothing a tenth of the bid is left
    assert step_to_roas(Pacer(), worth(0)).roas == pytest.approx(0.1**0.1)
    # and returns may be more than sales
    assert step_to_roas(Pacer(), worth(-(10**6))).roas == pytest.approx(LEAST**0.1)


def test_a_simulated_shop_gets_the_return_it_asked_for() -> None:
    # a click costs 0.10 at the full bid and less in proportion; it brings 0.20; asked is 4 times
    pacer = Pacer()
    for _ in range(300):
        pacer = step_to_roas(pacer, Worth(4.0, 0.20 * 10_000, 10_000, full_price=0.10))
    assert 0.20 / (0.10 * pacer.multiplier) == pytest.approx(4.0, rel=0.02)
