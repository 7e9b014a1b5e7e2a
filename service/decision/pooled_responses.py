"""Responses without a trained model: what platforms have in common, and what each has shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from service.decision.responses import Responses

if TYPE_CHECKING:
    from service.contract.platform_days import PlatformDays
    from service.decision.responses import Goal
    from service.decision.tables import Floats

_DAYS: Final = 56  # that are looked back on
_BENDS: Final = np.geomspace(0.05, 30.0, 9)  # rate times the usual spend
_BEND, _BEND_SD = np.log(0.7), 1.2  # of its logarithm, before anything is known
_BENDS_TOLD: Final = 4.0  # platforms that this is worth
_ROUNDS: Final = 4
_POOL: Final = 2.0  # counts that the return of all platforms is worth to one
_DISPERSION: Final = 0.04  # of a day's counts: they vary by a fifth
_NO_SPEND: Final = 10e6  # micros a day, where nobody ever spent anything
_NO_RETURN: Final = 1e-9  # goal per micro, one for a thousand units of money


class _Past(NamedTuple):
    """Spend and goal (P, D) of the days with spend, 0 elsewhere; usual spend (P,), micros."""

    spend: Floats
    goal: Floats
    usual: Floats


class _Filtered(NamedTuple):
    """Gamma distributions of the levels after the last day, and how well each bend foretold.

    counts (P,), exposure (P, K): the mean is counts / exposure; likelihood (P, K), logarithms.
    """

    counts: Floats
    exposure: Floats
    likelihood: Floats


@dataclass(frozen=True, slots=True)
class PooledResponses:
    """A response model that needs no training: a Gamma-Poisson filter over a grid of bends.

        y_d ~ Poisson(level_d ln(1 + bend x_d / usual)),  level_d ~ Gamma(counts_d, exposure_d)

    Each day keeps `memory` of what was known of the level and takes the rest from the pool of all
    platforms (Harvey and Fernandes 1989). Days count for less than their counts, since they vary
    more than these say. How bent a curve is, all platforms and the one itself tell by how well
    each bend foretold the next day.
    """

    memory: float = 0.8
    name: str = "simple"

    def responses(self, days: PlatformDays, goal: Goal) -> Responses:
        """Return the curves of `days.platforms` (P,) for the day after."""
        past = _past(days, goal)
        filtered = _filter(past, self.memory)
        odds = _odds(filtered.likelihood)
        bend = np.exp(odds @ np.log(_BENDS))
        # at the usual spend the curve brings what those of the grid bring in the mean
        level = filtered.counts[:, None] / filtered.exposure
        value = (odds * level * np.log1p(_BENDS)).sum(axis=1)
        scale: Floats = value / np.log1p(bend)
        return Responses(scale, bend / past.usual, 1.0 / np.sqrt(filtered.counts))


def _past(days: PlatformDays, goal: Goal) -> _Past:
    known = days.known[:, -_DAYS:]
    spend = np.where(known, days.metric("spend")[:, -_DAYS:], 0.0)
    counts = np.where(spend > 0, days.metric(goal)[:, -_DAYS:], 0.0)
    active = (spend > 0).sum(axis=1)
    usual = spend.sum(axis=1) / np.maximum(active, 1)
    others = usual[active > 0].mean() if active.any() else _NO_SPEND
    return _Past(spend, counts, np.where(active > 0, usual, others))


def _filter(past: _Past, memory: float) -> _Filtered:
    share = past.spend / past.usual[:, None]
    pooled = _pooled_return(past, memory)
    at_first = _POOL * np.log1p(_BENDS) / (pooled * past.usual[:, None])  # (P, K)
    counts, exposure = np.full(len(share), _POOL), at_first
    likelihood = np.zeros_like(at_first)
    typical = past.goal.sum(axis=1) / np.maximum((past.spend > 0).sum(axis=1), 1)
    weight = 1.0 / (1.0 + _DISPERSION * typical)
    for day in range(share.shape[1]):
        counts = memory * counts + (1.0 - memory) * _POOL
        exposure = memory * exposure + (1.0 - memory) * at_first
        got = weight * past.goal[:, day]
        asked = weight[:, None] * np.log1p(_BENDS * share[:, day, None])
        likelihood += _foretold(counts, exposure, got, asked)
        counts, exposure = counts + got, exposure + asked
    return _Filtered(counts, exposure, likelihood)


def _pooled_return(past: _Past, memory: float) -> float:
    """The goal per micro of all platforms, of late; half a count is added to what came."""
    weight = memory ** np.arange(past.spend.shape[1])[::-1]
    spend, goal = float((past.spend @ weight).sum()), float((past.goal @ weight).sum())
    return (goal + 0.5) / spend if spend else _NO_RETURN


def _foretold(counts: Floats, exposure: Floats, got: Floats, asked: Floats) -> Floats:
    """The log probability (P, K) of what came, up to what is the same for all bends."""
    came, before = got[:, None], counts[:, None]
    chance = before * np.log(exposure) - (before + came) * np.log(exposure + asked)
    foretold: Floats = chance + came * np.log(np.where(asked > 0, asked, 1.0))
    return foretold


def _odds(likelihood: Floats) -> Floats:
    """The probabilities (P, K) of the bends; all platforms together tell their prior (by EM)."""
    usual = np.exp(-(((np.log(_BENDS) - _BEND) / _BEND_SD) ** 2) / 2)
    usual /= usual.sum()
    relative = np.exp(likelihood - likelihood.max(axis=1, keepdims=True))
    odds, prior = relative, usual
    for _ in range(_ROUNDS):
        odds = relative * prior / (relative @ prior)[:, None]
        prior = (_BENDS_TOLD * usual + odds.sum(axis=0)) / (_BENDS_TOLD + len(odds))
    drawn: Floats = odds
    return drawn
