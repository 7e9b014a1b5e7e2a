from __future__ import annotations

from itertools import product
from statistics import median
from time import perf_counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.decision.allocation import LARGEST_BUDGET, AllocationError, Bounds, allocate
from service.decision.responses import Responses

MILLION = 1_000_000


def curves(scale: object, rate: object) -> Responses:
    scale, rate = np.array(scale, np.float64), np.array(rate, np.float64)
    return Responses(scale, rate, np.zeros_like(scale))


def bounds(floor: object, cap: object) -> Bounds:
    return Bounds(np.array(floor, np.int64), np.array(cap, np.int64))


def free(platforms: int, budget: int) -> Bounds:
    return bounds([0] * platforms, [budget] * platforms)


TWO = curves([200, 100], [1e-6, 1e-6])


def test_money_goes_where_one_more_micro_brings_most_until_all_bring_the_same() -> None:
    # 200 / (1e6 + x) = 100 / (1e6 + y), x + y = 4e6: x = 3e6, y = 1e6, both at 5e-5 a micro
    got = allocate(TWO, free(2, 4 * MILLION), 4 * MILLION)
    assert got.spend.tolist() == [3 * MILLION, MILLION]
    assert float(got.price) == pytest.approx(5e-5, rel=1e-6)
    assert float(got.value) == pytest.approx(200 * np.log(4) + 100 * np.log(2))
    assert float(got.gap) < 1e-12


def test_a_platform_that_never_brings_as_much_gets_nothing() -> None:
    # y is worth 1e-4 a micro at most; with 0.9e6, x still brings 200 / 1.9e6 > 1e-4
    assert allocate(TWO, free(2, 900_000), 900_000).spend.tolist() == [900_000, 0]


def test_floors_and_caps_hold_and_the_rest_is_spread_as_before() -> None:
    three = curves([200, 100, 400], [1e-6, 1e-6, 1e-6])
    within = bounds([0, 1_500_000, 0], [MILLION * 9] * 2 + [2 * MILLION])
    got = allocate(three, within, 6 * MILLION)
    assert got.spend.tolist() == [2_500_000, 1_500_000, 2 * MILLION]


def test_caps_below_the_budget_leave_money_unspent() -> None:
    got = allocate(TWO, bounds([0, 0], [300, 400]), 1_000)
    assert got.spend.tolist() == [300, 400]


@pytest.mark.parametrize("budget", [0, 1, 7, 10**15, LARGEST_BUDGET])
def test_one_platform_gets_all(budget: int) -> None:
    got = allocate(curves([5], [1e-7]), free(1, budget), budget)
    assert got.spend.tolist() == [budget]
    assert float(got.gap) == 0.0


def test_floors_that_are_caps_leave_no_choice() -> None:
    got = allocate(TWO, bounds([30, 70], [30, 70]), 100)
    assert got.spend.tolist() == [30, 70]
    assert float(got.gap) == 0.0


def test_without_a_budget_the_price_is_what_the_first_micro_would_bring() -> None:
    got = allocate(TWO, free(2, 0), 0)
    assert got.spend.tolist() == [0, 0]
    assert float(got.price) == pytest.approx(2e-4)
    assert float(got.value) == 0.0


@pytest.mark.parametrize("dead", [curves([0, 0], [1e-6, 1e-6]), curves([1, 1], [0, 0])])
def test_what_brings_nothing_anywhere_is_spread_by_room(dead: Responses) -> None:
    got = allocate(dead, bounds([0, 100], [200, 200]), 250)
    assert got.spend.tolist() == [100, 150]
    assert float(got.gap) == 0.0


def test_platforms_that_bring_nothing_get_what_the_others_cannot_take() -> None:
    got = allocate(curves([0, 100], [1e-6, 1e-6]), bounds([0, 0], [1_000, 400]), 1_000)
    assert got.spend.tolist() == [600, 400]


def test_straight_lines_that_bring_the_same_share_by_room() -> None:
    got = allocate(curves([1e30, 1e30], [1e-36, 1e-36]), bounds([0, 0], [3_000, 1_000]), 3_200)
    assert got.spend.tolist() == [2_400, 800]
    assert float(got.price) == pytest.approx(1e-6)


def test_numbers_too_small_to_reckon_with_bring_nothing() -> None:
    # below 1e-308 floats lose their digits, and a bound worked out of them proves nothing
    got = allocate(curves([1.6e-46], [1.7e-274]), bounds([0], [8 * 10**15]), 7 * 10**15)
    assert got.spend.tolist() == [7 * 10**15]
    assert float(got.value) == float(got.gap) == 0.0


def test_a_huge_budget_adds_up_to_the_micro() -> None:
    random = np.random.default_rng(2)
    many = curves(random.lognormal(3, 2, 64), 10 ** random.uniform(-16, -6, 64))
    got = allocate(many, free(64, 10**15), 10**15)
    assert int(got.spend.sum()) == 10**15
    assert float(got.gap) < 1e-9


def test_budgets_stand_side_by_side_and_are_broadcast() -> None:
    budgets = np.array([[4 * MILLION], [900_000]])
    got = allocate(TWO, free(2, 4 * MILLION), budgets)
    assert got.spend.shape == (2, 1, 2)
    assert got.price.shape == got.gap.shape == got.value.shape == (2, 1)
    assert got.spend.tolist() == [[[3 * MILLION, MILLION]], [[900_000, 0]]]


def test_no_budget_at_all_is_no_problem() -> None:
    got = allocate(TWO, free(2, 1), np.zeros(0, np.int64))
    assert got.spend.shape == (0, 2)


@pytest.mark.parametrize(
    ("within", "budget", "message"),
    [
        (
            bounds([60, 50], [90, 90]),
            100,
            "the floors add up to 110 micros, above the budget of 100",
        ),
        (
            bounds([0, 50], [90, 40]),
            100,
            "platform 1 has a floor of 50 micros, above its cap of 40",
        ),
        (
            bounds([0, -1], [90, 90]),
            100,
            "floor is -1: it must be a number from 0 to 900719925474099",
        ),
        (bounds([0, 0], [-5, 90]), 100, "platform 0 has a floor of 0 micros, above its cap of -5"),
        (free(2, 9), -3, "budget is -3"),
        (free(2, 9), LARGEST_BUDGET + 1, "budget is 9007199254740993"),
    ],
)
def test_bounds_that_nothing_satisfies_are_refused_with_what_was_received(
    within: Bounds, budget: int, message: str
) -> None:
    with pytest.raises(AllocationError, match=message):
        allocate(TWO, within, budget)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (curves([1, np.nan], [1, 1]), "scale is nan: it must be a number from 0 to 1e"),
        (curves([1, 1], [np.inf, 1]), "rate is inf"),
        (curves([1, -2], [1, 1]), "scale is -2.0"),
        (curves([], []), "there is no platform to spread the budget over"),
    ],
)
def test_curves_that_are_none_are_refused(answer: Responses, message: str) -> None:
    with pytest.raises(AllocationError, match=message):
        allocate(answer, free(len(answer.scale), 9), 9)


numbers = st.floats(0, 1e6) | st.sampled_from([0.0, 1e-300, 1e-30, 1e30, 1e100])


@st.composite
def problems(draw: st.DrawFn, most_platforms: int, most: int) -> tuple[Responses, Bounds, int]:
    platforms = draw(st.integers(1, most_platforms))

    def each(of: st.SearchStrategy[float]) -> list[float]:
        return draw(st.lists(of, min_size=platforms, max_size=platforms))

    budget = draw(st.integers(0, most))
    parts = np.array(each(st.floats(0, 1))) / platforms
    floor = (parts * budget).astype(np.int64)
    cap = floor + np.array(each(st.integers(0, most)), np.int64)
    rate = each(numbers | st.floats(-12, 0).map(lambda power: 10**power))
    return curves(each(numbers), rate), Bounds(floor, cap), budget


@given(problems(most_platforms=12, most=10**15))
def test_always_exact_within_bounds_and_proved_best(
    problem: tuple[Responses, Bounds, int],
) -> None:
    answer, within, budget = problem
    got = allocate(answer, within, budget)
    assert int(got.spend.sum()) == min(budget, sum(within.cap.tolist()))
    assert (within.floor <= got.spend).all()
    assert (got.spend <= within.cap).all()
    assert 0 <= float(got.gap) <= 1e-5


@given(problems(most_platforms=3, most=12))
def test_no_split_in_whole_micros_is_better(problem: tuple[Responses, Bounds, int]) -> None:
    answer, within, budget = problem
    got = allocate(answer, within, budget)
    total = int(got.spend.sum())
    ranges = [
        range(low, min(high, total) + 1)
        for low, high in zip(within.floor.tolist(), within.cap.tolist(), strict=True)
    ]
    best = max(answer.value(split).sum() for split in product(*ranges) if sum(split) == total)
    assert answer.value(got.spend).sum() == pytest.approx(best, rel=1e-9)


@pytest.mark.parametrize(("campaigns", "platforms", "seconds"), [(100, 20, 0.3), (1_000, 10, 1.0)])
def test_many_campaigns_are_spread_at_once(campaigns: int, platforms: int, seconds: float) -> None:
    random = np.random.default_rng(3)
    shape, budget = (campaigns, platforms), 10**9
    many = curves(random.lognormal(3, 1, shape), 10 ** random.uniform(-10, -7, shape))
    caps = random.integers(budget // 10, budget, shape)
    took = []
    for _ in range(5):
        began = perf_counter()
        got = allocate(many, Bounds(np.zeros(shape, np.int64), caps), budget)
        took.append(perf_counter() - began)
    assert float(got.gap.max()) < 1e-5
    assert median(took) < seconds  # 0.001 and 0.004 s on one core
