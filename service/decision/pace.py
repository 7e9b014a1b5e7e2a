"""How hard a campaign bids, so that its budget lasts the day and its sales are worth it."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from service.decision.auction import draw_lots
from service.decision.terms import PPM

if TYPE_CHECKING:
    from service.decision.auction import Lots
    from service.decision.tables import Bools, Longs

GAIN: Final = 50.0
"""A fiftieth of the budget too much, half an hour of an even day, lowers the bid by a factor e."""
LEAST_BID: Final = 0.001  # of the bid; below it, requests are left out
LEAST: Final = 1e-6  # of what is spent without pacing
CLICKS_TO_BELIEVE: Final = 10  # a multiplier moves by e for no fewer, whatever the gain
LONGEST_STEP: Final = 1.0  # in logarithms
ROAS_STEP: Final = 0.1  # of the way to the target, in logarithms
CLICKS_ON_TARGET: Final = 100  # so many are taken to be worth what was asked of a full bid
_ADMISSION: Final = 0x5AC1E27  # draws of its own, not the lots of the auction


class Pace(NamedTuple):
    """What a campaign's bids are multiplied by, and the share of requests it takes part in."""

    bid_ppm: int = PPM
    admit_ppm: int = PPM


UNPACED: Final = Pace()
CLOSED: Final = Pace(admit_ppm=0)
"""Outside the hours of its schedule."""


@dataclass(frozen=True, slots=True)
class Pacer:
    """What is remembered of a campaign from one look to the next; multipliers are in 0..1."""

    budget: float = 1.0
    roas: float = 1.0
    experience: float = 0.0  # days of expected traffic that it was paced for

    @property
    def multiplier(self) -> float:
        """The stricter of the two."""
        return min(self.budget, self.roas)


@dataclass(frozen=True, slots=True)
class Interval:
    """What happened between two looks; money in micros, traffic in shares of a day's."""

    budget: float  # of the day
    left: float  # of it, as the interval began
    spent: float  # charged since, and by how much more or less open ads may cost
    traffic: float  # that was expected
    traffic_left: float  # that was expected from the interval's start to the end of the day
    click_price: float  # the mean

    @property
    def target(self) -> float:
        """The rest of the budget, spread over the rest of the traffic."""
        return self.left * min(1.0, self.traffic / max(self.traffic_left, 1e-9))


@dataclass(frozen=True, slots=True)
class Worth:
    """What clicks brought lately, and what was asked of them: sales by cost."""

    target_roas: float
    value: float  # micros of sales
    clicks: int  # that brought them
    full_price: float  # micros that a click costs at the full bid

    @property
    def multiplier(self) -> float:
        """The multiplier that brings the return asked for.

            m_roas = value per click / (target * price per click at the full bid)

        since the price of a click follows the bid and its value does not.
        """
        on_target = self.value / (self.target_roas * self.full_price)
        return (on_target + CLICKS_ON_TARGET) / (self.clicks + CLICKS_ON_TARGET)


def step(pacer: Pacer, interval: Interval) -> Pacer:
    """The pacer after an interval: a multiplicative step on the dual of the budget.

        m <- m * exp(gain * (target - spent) / budget)
        gain = max(GAIN, 1 / experience), but at most clicks of a budget / CLICKS_TO_BELIEVE

    1 / m is the price of the budget (Balseiro and Gur 2019, "Learning in repeated auctions with
    budgets"). A new campaign takes all its intervals for equally telling, as a mean does, until
    its gain is down to that of an old one. Small budgets, where each click is much, go slower.
    """
    experience = pacer.experience + interval.traffic
    clicks = interval.budget / max(interval.click_price, 1.0)
    gain = max(GAIN, 1.0 / max(experience, 1e-9))
    gain = min(gain, max(1.0, clicks / CLICKS_TO_BELIEVE))
    moved = gain * (interval.target - interval.spent) / interval.budget
    moved = max(-LONGEST_STEP, min(LONGEST_STEP, moved))
    return Pacer(_within(pacer.budget * exp(moved)), pacer.roas, experience)


def step_to_roas(pacer: Pacer, worth: Worth) -> Pacer:
    """The pacer a step nearer to the multiplier that brings the return asked for."""
    ahead = (max(LEAST, worth.multiplier) / pacer.roas) ** ROAS_STEP
    return Pacer(pacer.budget, _within(pacer.roas * ahead), pacer.experience)


def pace_of(multiplier: float, least_bid: float = LEAST_BID) -> Pace:
    """The multiplier as a pace: bids are lowered first, as far as `least_bid`, then requests.

    `least_bid` is the share of its bid with which the campaign still passes a reserve.
    """
    least = min(max(least_bid, LEAST_BID), 1.0)
    return Pace(_ppm(max(multiplier, least)), _ppm(multiplier / least))


def multiplier_of(pace: Pace) -> float:
    """The multiplier that gave `pace`."""
    return _within(pace.bid_ppm / PPM * (pace.admit_ppm / PPM))


def paced(bid: Longs, bid_ppm: Longs) -> Longs:
    """Bids (n,) in micros times their paces (n,), rounded down, at least a micro."""
    least: Longs = np.maximum(bid * bid_ppm // PPM, 1)
    return least


def admitted(names: Lots, admit_ppm: Longs, seed: int) -> Bools:
    """Which campaigns (n,) take part in the request of this `seed`: of many, so many ppm."""
    drawn = draw_lots(names, seed ^ _ADMISSION) >> np.uint64(32)
    taken: Bools = (drawn * np.uint64(PPM)) >> np.uint64(32) < admit_ppm.astype(np.uint64)
    return taken


def _within(multiplier: float) -> float:
    return max(LEAST, min(1.0, multiplier))


def _ppm(share: float) -> int:
    return max(1, min(PPM, round(share * PPM)))
