"""The split of a budget in real numbers: the price at which all platforms together spend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from service.decision.tables import Floats, Longs


@dataclass(frozen=True, slots=True, eq=False)
class Problems:
    """N budgets, each to be spread over P platforms; floors fit into totals, totals into caps.

    scale, rate (N, P) of the response curves; floor, cap (N, P) and total (N,) in micros.
    """

    scale: Floats
    rate: Floats
    floor: Longs
    cap: Longs
    total: Longs


@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    """What a platform is worth giving at a price: x = (slope / price - 1) / rate, within bounds.

    slope (N, P): of the curve at nothing. stays, full (N, P): from which price up a platform
    gets its floor, and up to which price it gets its cap.
    """

    problems: Problems
    slope: Floats
    stays: Floats
    full: Floats

    def least(self, price: Floats) -> Floats:
        """Return the smallest best spends (N, P) at prices (N,)."""
        stays = price[:, None] >= self.stays
        return np.where(stays, self.problems.floor, self._risen(price))

    def most(self, price: Floats) -> Floats:
        """Return the largest best spends (N, P), others only where a curve is a line."""
        full = price[:, None] <= self.full
        return np.where(full, self.problems.cap, self.least(price))

    def _risen(self, price: Floats) -> Floats:
        inside = (self.slope / price[:, None] - 1.0) / self.problems.rate
        bounded = np.clip(inside, self.problems.floor, self.problems.cap)
        return np.where(price[:, None] <= self.full, self.problems.cap, bounded)


class Range(NamedTuple):
    """Two prices (N,) with the solution's between, and the spends (N, P) that these ask for."""

    upper: Floats
    lower: Floats
    least: Floats
    most: Floats


def water_filled(problems: Problems) -> tuple[Floats, Floats]:
    """Return the best spends (N, P), real numbers, and their prices (N,).

    The price lies between two of the 2 P prices at which a platform leaves its floor or reaches
    its cap, found by bisection. Between them it has a closed form,

        price = sum_i scale_i / (rest + sum_i 1 / rate_i)

    over the platforms inside their bounds; `rest` is what the others leave of the total.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        demand = _demand(problems)
        between = _range(demand)
        price = _price(problems, between)
        spend = np.clip(demand.least(price), between.least, between.most)
        return _made_up(spend, between, problems.total), price


def _demand(problems: Problems) -> Demand:
    slope = problems.scale * problems.rate
    stays = slope / (1.0 + problems.rate * problems.floor)
    full = slope / (1.0 + problems.rate * problems.cap)
    return Demand(problems, slope, stays, full)


def _range(demand: Demand) -> Range:
    """The narrowest range known; both ends are one price where a line is to be filled in part."""
    prices = -np.sort(-np.concatenate([demand.stays, demand.full], axis=1), axis=1)
    total, rows, last = demand.problems.total, np.arange(len(prices)), prices.shape[1] - 1
    place = _last_that_fits(demand, prices)
    upper, lower = prices[rows, place], prices[rows, np.minimum(place + 1, last)]
    least, most = demand.least(upper), demand.most(upper)
    line = most.sum(1) >= total
    return Range(
        upper,
        np.where(line, upper, lower),
        np.where(line[:, None], least, most),
        np.where(line[:, None], most, demand.least(lower)),
    )


def _last_that_fits(demand: Demand, prices: Floats) -> Longs:
    """The place (N,) of the lowest of the falling `prices` (N, K) whose spends fit the totals."""
    rows = np.arange(len(prices))
    fits = np.zeros(len(prices), np.int64)  # at the highest price all get their floors
    beyond = np.full(len(prices), prices.shape[1])
    for _ in range(prices.shape[1].bit_length()):
        middle = (fits + beyond) // 2
        asked = demand.least(prices[rows, middle]).sum(1)
        within = asked <= demand.problems.total
        fits, beyond = np.where(within, middle, fits), np.where(within, beyond, middle)
    return fits


def _price(problems: Problems, between: Range) -> Floats:
    inside = between.least < between.most
    rest = problems.total - np.where(inside, 0.0, between.least).sum(1)
    saturation = np.where(inside, 1.0 / problems.rate, 0.0).sum(1)
    price = np.where(inside, problems.scale, 0.0).sum(1) / (rest + saturation)
    within: Floats = np.fmin(np.fmax(price, between.lower), between.upper)
    return within


def _made_up(spend: Floats, between: Range, total: Longs) -> Floats:
    """`spend` (N, P) brought to the total by the room in the range: lines, and rounding errors."""
    short = (total - spend.sum(1))[:, None]
    room = np.where(short > 0, between.most - spend, between.least - spend)
    share = np.nan_to_num(short / room.sum(1, keepdims=True), posinf=0.0, neginf=0.0)
    made_up: Floats = np.clip(spend + room * share, between.least, between.most)
    return made_up
