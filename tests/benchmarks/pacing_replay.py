"""A day of auctions, bought again and again: by ours, by its rivals, and with hindsight."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from math import exp
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from service.decision.pace import Interval, Pacer, step
from tests.benchmarks.pacing_shapes import TICKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from random import Random

BID_OF_MEAN_PRICE: Final = 4.0
"""The bid per click, by what a click costs on average when every auction is won."""

_FILE = "rtb_ipinyou2997.parquet"


@dataclass(frozen=True, slots=True)
class Auctions:
    """Auctions in their order: the price of each, its chance of a click, the bid that wins it."""

    prices: Sequence[float]
    p_click: Sequence[float]
    needed: Sequence[float]  # as a share of the full bid
    ticks: int

    def tick(self, number: int) -> range:
        """The auctions of one tick; the day has them at an even pace."""
        count = len(self.prices)
        return range(number * count // self.ticks, (number + 1) * count // self.ticks)

    def first(self, share: float) -> Auctions:
        """The first ones, in as many ticks as they took."""
        ticks = int(self.ticks * share)
        count = self.tick(ticks - 1).stop
        return Auctions(self.prices[:count], self.p_click[:count], self.needed[:count], ticks)

    @property
    def cost(self) -> float:
        """What all of them cost."""
        return sum(self.prices)


class Bidder(Protocol):
    """Says before each tick how to bid, and is told after it what was spent."""

    def bid(self) -> float:
        """The multiplier of the bid, in 0..1."""

    def takes_part(self) -> bool:
        """Whether to bid in the next auction at all."""

    def look(self, spent: float, left: float, tick: int) -> None:
        """See what a tick cost, and the budget as it was before it."""


def read_auctions(data: Path) -> Auctions | None:
    """Those of iPinYou's advertiser 2997 (Zhang et al. 2014), None if they are not there."""
    if not (data / _FILE).is_file():
        return None
    import polars as pl

    rows = pl.read_parquet(data / _FILE, columns=["market_price", "pctr"])
    prices, p_click = rows["market_price"].to_numpy().astype(float), rows["pctr"].to_numpy()
    bid = BID_OF_MEAN_PRICE * prices.sum() / p_click.sum()
    needed = prices / p_click / bid
    return Auctions(prices.tolist(), p_click.tolist(), needed.tolist(), TICKS)


def clicks_in_hindsight(auctions: Auctions, budget: float) -> float:
    """What the best single multiplier of the day wins: the cheapest clicks first."""
    order = np.argsort(np.array(auctions.needed), kind="stable")
    paid = np.cumsum(np.array(auctions.prices)[order])
    bought = np.searchsorted(paid, budget, "right")
    return float(np.array(auctions.p_click)[order][:bought].sum())


def clicks_of(bidder: Bidder, auctions: Auctions, budget: float) -> float:
    """The expected clicks that `bidder` buys."""
    left, clicks = budget, 0.0
    for tick in range(auctions.ticks):
        before, bid = left, bidder.bid()
        for one in auctions.tick(tick):
            price = auctions.prices[one]
            if auctions.needed[one] <= bid and price <= left and bidder.takes_part():
                left -= price
                clicks += auctions.p_click[one]
        bidder.look(before - left, before, tick)
    return clicks


@dataclass(slots=True)
class Paced:
    """The controller of the service."""

    budget: float
    ticks: int
    click_price: float
    pacer: Pacer = field(default_factory=Pacer)

    def bid(self) -> float:
        return self.pacer.multiplier

    def takes_part(self) -> bool:
        return True

    def look(self, spent: float, left: float, tick: int) -> None:
        seen = Interval(
            budget=self.budget,
            left=left,
            spent=spent,
            traffic=1 / self.ticks,
            traffic_left=1 - tick / self.ticks,
            click_price=self.click_price,
        )
        self.pacer = step(self.pacer, seen)


@dataclass(slots=True)
class Throttled:
    """Bids in full on a share of requests drawn by lot; the same controller sets the share."""

    paced: Paced
    chance: Random

    def bid(self) -> float:
        return 1.0

    def takes_part(self) -> bool:
        return self.chance.random() < self.paced.bid()

    def look(self, spent: float, left: float, tick: int) -> None:
        self.paced.look(spent, left, tick)


@dataclass(frozen=True, slots=True)
class Gains:
    """Of a PID controller that looks every so many ticks."""

    proportional: float
    integral: float
    derivative: float
    every: int


@dataclass(slots=True)
class Pid:
    """Keeps the cost of each interval even (Zhang et al. 2016, "Feedback control of ...").

    e = (target - spent) / target
    m = exp(k_p e + k_i sum e + k_d (e - e before))
    """

    target: float  # of a tick
    gains: Gains
    multiplier: float = 1.0
    _spent: float = 0.0
    _sum: float = 0.0
    _before: float = 0.0

    def bid(self) -> float:
        return self.multiplier

    def takes_part(self) -> bool:
        return True

    def look(self, spent: float, left: float, tick: int) -> None:  # noqa: ARG002
        self._spent += spent
        if (tick + 1) % self.gains.every:
            return
        error = 1.0 - self._spent / (self.target * self.gains.every)
        self._sum += error
        signal = (
            self.gains.proportional * error
            + self.gains.integral * self._sum
            + self.gains.derivative * (error - self._before)
        )
        self.multiplier = exp(max(-10.0, min(0.0, signal)))
        self._before, self._spent = error, 0.0


def grid() -> Iterator[Gains]:
    """Gains over three powers of ten, for looks every 10 seconds, 100 seconds and 10 minutes."""
    scales = product((0.003, 0.03, 0.3), (0.001, 0.003, 0.01, 0.03, 0.1, 0.3), (0.0, 0.03))
    for (proportional, integral, derivative), every in product(scales, (1, 10, 60)):
        yield Gains(proportional, integral, derivative, every)


def best_gains(auctions: Auctions, budget: float) -> Gains:
    """Those of the grid that buy the most clicks."""

    def clicks(gains: Gains) -> float:
        return clicks_of(Pid(budget / auctions.ticks, gains), auctions, budget)

    return max(grid(), key=clicks)
