"""What the days of the week do to platforms: taken out of a history, put back on what is foretold.

Over the mean of the seven days around it, by what its spend explains, a day's counts show the
week's profile and chance. Three waves of the week and its parts can be any profile:

    ln w(k) = sum_h a_h cos(2 pi h k / 7) + b_h sin(2 pi h k / 7),   h = 1, 2, 3

Each is drawn to none by how far chance alone would move it (empirical Bayes over the platforms),
so that a week is only seen where there is one. A shock changes a level, not its week.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from service.contract.platform_days import METRICS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from service.contract.platform_days import PlatformDays
    from service.decision.responses import Goal, ResponseModel, Responses
    from service.decision.tables import Bools, Floats

WEEK: Final = 7
_DAYS: Final = 56  # that are looked back on
_WAVES: Final = 3
_USUAL: Final = np.array([0.07, 0.035, 0.02]) ** 2  # variance of a_h and b_h
_USUAL_TOLD: Final = 5.0  # platforms that this is worth
_ELASTICITY: Final = 0.55  # of counts by spend, before a curve is known
_NOISE: Final = 0.015  # variance of the logarithm of a day's counts
_NOISE_TOLD: Final = 6.0  # days that this is worth
_FURTHEST: Final = 0.25  # a day further from its week tells no more
_ROUNDS: Final = 2
_MOST_OF_A_WEEK: Final = 5
_LEAST_DAYS: Final = 4 * WEEK


@dataclass(frozen=True, slots=True, eq=False)
class Weekdays:
    """The weeks of platforms: `logs` (P, 7, M) by METRICS, of spend 0.

    logs[:, k] is ln of what the day k + 1 after the history's last brings, by a usual day's.
    """

    platforms: tuple[str, ...]
    logs: Floats

    def ratio(self, goal: Goal, platforms: Sequence[str], ahead: int = 0) -> Floats:
        """By a usual day's, what the day after the last, or `ahead` days later, brings (P,)."""
        of_day = np.exp(self.logs[:, ahead % WEEK, METRICS.index(goal)])
        known: dict[str, float] = dict(zip(self.platforms, of_day.tolist(), strict=True))
        return np.array([known.get(name, 1.0) for name in platforms])

    def without(self, days: PlatformDays) -> PlatformDays:
        """Return the history as if its days were all of one kind; counts are no whole numbers."""
        lags = np.arange(-days.known.shape[1], 0) % WEEK
        return replace(days, totals=days.totals / np.exp(self.logs[:, lags]))


@dataclass(frozen=True, slots=True, eq=False)
class OnWeekday:
    """A model of usual days, that foretells the day after a history of which `weekdays` tell."""

    model: ResponseModel
    weekdays: Weekdays

    @property
    def name(self) -> str:
        """The name of the model."""
        return self.model.name

    def responses(self, days: PlatformDays, goal: Goal) -> Responses:
        """Return the curves (P,) of the day after."""
        return self.model.responses(days, goal).times(self.weekdays.ratio(goal, days.platforms))


def weekdays_of(days: PlatformDays) -> Weekdays:
    """Find the weeks of the platforms of a history; none where it tells of none."""
    totals = days.totals[:, -_DAYS:]
    on = days.known[:, -_DAYS:] & (totals[..., 0] > 0)
    logs = np.zeros((len(totals), WEEK, len(METRICS)))
    for number in range(1, len(METRICS)):
        logs[..., number] = _week(*_off(totals[..., 0], totals[..., number], on))
    return Weekdays(days.platforms, logs)


def _off(spend: Floats, counts: Floats, on: Bools) -> tuple[Floats, Bools]:
    """How far each day is from the seven around it, in logarithms, and which tell it: (P, D)."""
    usual = _mean(spend, on), _mean(counts, on)
    due = _ELASTICITY * np.log(np.where(on, spend, 1.0) / usual[0])
    logs = np.where(on, np.log((counts + 0.5) / (usual[1] + 0.5)) - due, 0.0)
    days = np.arange(on.shape[1])
    start = np.clip(days - WEEK // 2, 0, max(len(days) - WEEK, 0))
    around = (days >= start[:, None]) & (days < start[:, None] + WEEK)  # (D, D)
    known = on @ around.T.astype(np.float64)
    told = on & (known >= _MOST_OF_A_WEEK)
    return np.where(told, logs - logs @ around.T / np.maximum(known, 1.0), 0.0), told


def _mean(values: Floats, on: Bools) -> Floats:
    """The mean (P, 1) of the days that count, 1 where none does."""
    count = on.sum(axis=1, keepdims=True)
    whole = (values * on).sum(axis=1, keepdims=True)
    return np.where(count > 0, whole / np.maximum(count, 1), 1.0)


def _week(off: Floats, told: Bools) -> Floats:
    """The week (P, 7) that deviations (P, D) show."""
    count = told.sum(axis=1)
    is_told = count >= _LEAST_DAYS
    found, left = _fitted(off, told, _waves(np.arange(-off.shape[1], 0)))
    free = np.maximum(count - 2 * _WAVES - count / WEEK, 0.0)  # days, but for waves and means
    noise = ((left**2).sum(axis=1) + _NOISE * _NOISE_TOLD) / (free + _NOISE_TOLD)
    chance = 2.0 * noise[:, None] / np.maximum(count, 1)[:, None]  # variance of a wave, (P, 1)
    beyond = ((found**2).mean(axis=1) - chance)[is_told].sum(axis=0)
    real = np.maximum((_USUAL_TOLD * _USUAL + beyond) / (_USUAL_TOLD + is_told.sum()), 0.0)
    kept = np.where(is_told[:, None], real / (real + chance), 0.0)
    week: Floats = np.tensordot(found * kept[:, None], _waves(np.arange(WEEK)), ((1, 2), (0, 1)))
    return week


def _fitted(off: Floats, told: Bools, waves: Floats) -> tuple[Floats, Floats]:
    """Waves (P, 2, H) fitted to deviations (P, D) that are pulled to them, and what is left."""
    count = np.maximum(told.sum(axis=1), 1)[:, None, None]
    found, left = np.zeros((len(off), *waves.shape[:2])), off
    for _ in range(_ROUNDS):
        near = np.clip(left, -_FURTHEST, _FURTHEST)
        found += 2.0 * np.tensordot(near, waves, (1, 2)) / count
        left = np.where(told, off - np.tensordot(found, waves, ((1, 2), (0, 1))), 0.0)
    return found, np.clip(left, -_FURTHEST, _FURTHEST)


def _waves(lags: ArrayLike) -> Floats:
    """Cosines and sines (2, H, D) of days that are so far from the one after the last."""
    angle = 2.0 * np.pi * np.arange(1, _WAVES + 1)[:, None] * np.asarray(lags) / WEEK
    return np.stack([np.cos(angle), np.sin(angle)])
