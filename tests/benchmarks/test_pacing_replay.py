from __future__ import annotations

from random import Random

import numpy as np
import pytest

from service.decision.pace import Pacer
from tests.benchmarks.pacing_replay import (
    Auctions,
    Gains,
    Paced,
    Pid,
    Throttled,
    clicks_in_hindsight,
    clicks_of,
)
from tests.benchmarks.pacing_shapes import SHAPES, TICKS, Account, two_peaks, weekend

PRICES = [5.0, 1.0, 4.0, 2.0, 3.0, 6.0, 2.0, 8.0, 1.0, 9.0]
TEN = Auctions(PRICES, [1.0] * 10, [price / 10 for price in PRICES], ticks=5)


def test_hindsight_buys_the_cheapest_clicks() -> None:
    # 1 + 1 + 2 + 2 + 3 = 9, and the next would be 4
    assert clicks_in_hindsight(TEN, 9.0) == 5
    assert clicks_in_hindsight(TEN, 12.9) == 5
    assert clicks_in_hindsight(TEN, 13.0) == 6


def test_hindsight_weighs_clicks_by_their_chance() -> None:
    # 4 for 0.5 of a click is dearer than 5 for one
    auctions = Auctions([4.0, 5.0], [0.5, 1.0], [8.0, 5.0], ticks=2)
    assert clicks_in_hindsight(auctions, 5.0) == 1.0


def test_the_first_half_of_a_day_is_its_first_auctions() -> None:
    half = TEN.first(0.4)
    assert (half.ticks, list(half.prices)) == (2, PRICES[:4])
    assert [list(TEN.tick(tick)) for tick in (0, 4)] == [[0, 1], [8, 9]]


def test_nobody_spends_above_the_budget() -> None:
    # the full bid takes what comes, 5 + 1 + 4 of 11, and then what a rest of one pays
    full = Pid(11.0 / 5, Gains(0.0, 0.0, 0.0, 1))
    assert clicks_of(full, TEN, 11.0) == 4


def test_throttling_bids_in_full_or_not_at_all() -> None:
    none = Throttled(Paced(11.0, 5, 1.0, Pacer(1e-6)), Random(0))  # noqa: S311 - no secret
    assert (none.bid(), none.takes_part()) == (1.0, False)
    all_of_them = Throttled(Paced(11.0, 5, 1.0), Random(0))  # noqa: S311 - no secret
    assert all(all_of_them.takes_part() for _ in range(100))


@pytest.mark.parametrize("every", [1, 2])
def test_pid_lowers_its_bid_after_spending_too_much(every: int) -> None:
    # a target of 2 a look: 4 were spent, so e = -1, its sum -1, its change -1
    pid = Pid(2.0 / every, Gains(0.1, 0.02, 0.03, every))
    for tick in range(every):
        assert pid.bid() == 1.0
        pid.look(4.0 / every, 0.0, tick)
    assert np.log(pid.bid()) == pytest.approx(-0.15)


def test_days_have_their_volume_and_shares_that_add_up() -> None:
    for number, shape in enumerate(SHAPES):
        day = shape(np.random.default_rng([3, number]))
        assert day.requests.shape == (TICKS,)
        assert day.requests.min() >= 0
        assert day.expected.sum() == pytest.approx(1.0)
    chance = np.random.default_rng(0)
    assert two_peaks(chance).requests.sum() == pytest.approx(150_000)
    assert weekend(chance).requests.sum() == pytest.approx(225_000)


def test_an_open_ad_counts_by_its_chance_until_it_is_too_old() -> None:
    account = Account(1e9)
    account.show(0, np.full(1_000, 50.0), np.random.default_rng(1))
    assert account.committed == pytest.approx(1_000 * 50 * 0.02)
    for tick in range(1, 361):
        account.charge(tick - 1)
        account.show(tick, np.empty(0), np.random.default_rng(1))
    assert account.charged > 0
    assert account.committed == pytest.approx(account.charged, abs=0.3)
