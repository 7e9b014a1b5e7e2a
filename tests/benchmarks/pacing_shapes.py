"""Days of made-up traffic in eight shapes, each paced by the controller and charged for clicks.

Requests come by a Poisson clock, a rival asks for each a price that drifts through the day, and
clicks come late. The controller looks every ten seconds, as the worker does, and knows of the
traffic to come only what seven days before tell, hour by hour, or nothing at all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from service.decision.pace import Interval, Pacer, pace_of, step
from service.decision.terms import PPM
from service.decision.unclicked import QUICK_SECONDS, SLOW_SECONDS, SLOW_SHARE, Unclicked

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator
    from numpy.typing import NDArray

    Curve = NDArray[np.float64]

TICK_SECONDS: Final = 10
TICKS: Final = 86_400 // TICK_SECONDS
HOUR: Final = TICKS // 24
REQUESTS: Final = 150_000  # of an ordinary day
P_CLICK: Final = 0.02
BID: Final = 200_000  # micros per click
LAST_CLICK_TICKS: Final = 360  # a click that has not come in an hour does not come
_MEDIAN_PRICE, _SPREAD = 80_000.0, 0.6


@dataclass(frozen=True, slots=True)
class Day:
    """Requests of each tick, and those of each hour that the week before makes us expect."""

    requests: Curve  # (TICKS,)
    expected: Curve  # (24,)


def even_hours(_chance: Generator) -> Day:
    flat = np.ones(TICKS)
    return _day(flat, flat)


def two_peaks(_chance: Generator) -> Day:
    return _day(_peaks(), _peaks())


def night_gap(_chance: Generator) -> Day:
    curve = np.where(np.arange(TICKS) < 6 * HOUR, 0.0, _peaks())
    return _day(curve, curve)


def flash_sale(chance: Generator) -> Day:
    """Ten times the traffic for an hour of which nobody told."""
    start = _surprise(chance)
    curve = _peaks()
    curve[start : start + HOUR] *= 10.0
    return _day(curve, _peaks(), volume=float(curve.sum() / _peaks().sum()))


def growing(_chance: Generator) -> Day:
    curve = np.linspace(0.5, 1.5, TICKS)
    return _day(curve, curve, volume=1.3)  # and more than last week


def shrinking(_chance: Generator) -> Day:
    curve = np.linspace(1.5, 0.5, TICKS)
    return _day(curve, curve, volume=0.7)


def weekend(_chance: Generator) -> Day:
    """One long hump; of the week before, the same day counts as much as the seven together."""
    hours = _hours()
    hump = 0.1 + np.exp(-(((hours - 15.0) / 4.0) ** 2))
    return _day(hump, (_peaks() / _peaks().sum() + hump / hump.sum()) / 2, volume=1.5)


def outage(chance: Generator) -> Day:
    """Two hours without any request."""
    start = _surprise(chance)
    curve = _peaks()
    curve[start : start + 2 * HOUR] = 0.0
    return _day(curve, _peaks(), volume=float(curve.sum() / _peaks().sum()))


SHAPES: Final[tuple[Callable[[Generator], Day], ...]] = (
    even_hours, two_peaks, night_gap, flash_sale, growing, shrinking, weekend, outage,
)  # fmt: skip


def _surprise(chance: Generator) -> int:
    # an outage from 20 o'clock on takes the evening's peak: what is left cannot pay the budget
    return int(chance.integers(6 * HOUR, 19 * HOUR))


def _hours() -> Curve:
    return np.arange(TICKS) / HOUR


def _peaks() -> Curve:
    hours = _hours()
    noon, evening = np.exp(-(((hours - 12.5) / 2) ** 2)), np.exp(-(((hours - 20.5) / 2) ** 2))
    peaks: Curve = 0.15 + noon + 1.4 * evening
    return peaks


def _day(curve: Curve, usual: Curve, *, volume: float = 1.0) -> Day:
    requests = curve * (REQUESTS * volume / curve.sum())
    return Day(requests, usual.reshape(24, HOUR).sum(1) / usual.sum())


@dataclass(slots=True)
class Account:
    """What a campaign was charged today, and what its open ads may cost yet. Micros."""

    budget: float
    charged: float = 0.0
    late: Curve = field(default_factory=lambda: np.zeros(TICKS + LAST_CLICK_TICKS + 1))
    unclicked: Unclicked = field(default_factory=Unclicked)

    @property
    def committed(self) -> float:
        """Charged, and expected of ads that may be clicked yet."""
        return self.charged + self.unclicked.micros

    def show(self, tick: int, prices: Curve, chance: Generator) -> None:
        """Ads at these prices, a click each."""
        clicks = prices[chance.random(len(prices)) < P_CLICK]
        slow = chance.random(len(clicks)) < SLOW_SHARE
        seconds = chance.exponential(np.where(slow, SLOW_SECONDS, QUICK_SECONDS))
        ticks = np.minimum(seconds // TICK_SECONDS, LAST_CLICK_TICKS).astype(np.int64)
        np.add.at(self.late, tick + ticks, clicks)
        expected = float(prices.sum()) * P_CLICK
        self.unclicked = self.unclicked.with_shown(tick * TICK_SECONDS, expected)

    def charge(self, tick: int) -> None:
        """What was clicked by now, as far as the budget goes."""
        self.charged = min(self.budget, self.charged + float(self.late[tick]))


def end_of_day_error(day: Day, *, told: bool, part: float, seed: int) -> float:
    """By how much the day's charges miss its budget, as a share of it.

    The budget is `part` of what the full bid would spend on an ordinary day. Without the week
    before (`told`) every hour is expected to be alike.
    """
    chance = np.random.default_rng(seed)
    account = Account(part * _full_spend(chance))
    pacer, least = Pacer(), 0.001
    expected = (day.expected if told else np.full(24, 1 / 24)).repeat(HOUR) / HOUR
    to_come = expected[::-1].cumsum()[::-1]
    before = 0.0
    for tick in range(TICKS):
        pace = pace_of(pacer.multiplier, least)
        asked = int(chance.poisson(day.requests[tick]))
        prices = _prices(tick, asked, chance)
        prices = prices[chance.random(asked) < pace.admit_ppm / PPM]
        open_now = account.committed < account.budget
        account.show(tick, prices[(prices <= BID * pace.bid_ppm / PPM) & open_now], chance)
        account.charge(tick)
        after = account.committed
        if asked:
            pacer = step(
                pacer,
                Interval(
                    budget=account.budget,
                    left=account.budget - before,
                    spent=after - before,
                    traffic=float(expected[tick]),
                    traffic_left=float(to_come[tick]),
                    click_price=_MEDIAN_PRICE,
                ),
            )
        before = after
    return abs(account.charged - account.budget) / account.budget


def _prices(tick: int, asked: int, chance: Generator) -> Curve:
    """What a click on the ad of each request would cost: dearer in the evening."""
    drift = 1.0 + 0.25 * np.sin(2 * np.pi * (tick / TICKS - 0.55))
    prices: Curve = _MEDIAN_PRICE * drift * np.exp(_SPREAD * chance.standard_normal(asked))
    return prices


def _full_spend(chance: Generator) -> float:
    prices = np.concatenate([_prices(tick, 20, chance) for tick in range(0, TICKS, 20)])
    return REQUESTS * P_CLICK * float(np.where(prices <= BID, prices, 0.0).mean())
