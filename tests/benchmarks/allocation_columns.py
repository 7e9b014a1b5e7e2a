"""What a regression may read of a platform's day: the days before it, its spend, its weekday."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from service.contract.platform_days import PlatformDays
    from service.decision.responses import Goal
    from service.decision.tables import Floats

_MICROS: Final = 1e6
_CENT: Final = 0.01  # of the currency: what a day without spend counts as in a ratio
_WEEKDAYS: Final = 7
FEWEST: Final = 4
"""So many days stand at least before a day that is learnt from."""
_FAST, _SLOW = 3.0, 7.0  # half-lives in days of what is recent


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Platform days (N,); spend in units of currency, answers in counts of the goal."""

    spend: Floats
    recent: Floats  # spend a day, lately
    level: Floats  # answers a day, lately
    rate: Floats  # answers per spend lately, on the last day, and over a longer time
    last_rate: Floats
    slow_rate: Floats
    last_spend: Floats
    last: Floats
    weekday: Floats

    @property
    def proportional(self) -> Floats:
        """What the spend would bring at the recent rate."""
        return self.rate * self.spend

    def in_levels(self) -> Floats:
        """Columns (N, 15) for a regression of counts."""
        weekdays = self._weekdays() * self.proportional[:, None]
        columns = (
            np.ones_like(self.spend),
            self.spend,
            self.proportional,
            self.spend * self.last_rate,
            self.spend * self.slow_rate,
            self.level,
            self.last,
            self.last_spend * self.rate,
        )
        return np.column_stack([*columns, weekdays])

    def in_logs(self) -> Floats:
        """Columns (N, 12) for a regression of log(counts / proportional)."""
        columns = (
            np.ones_like(self.spend),
            np.log((self.spend + _CENT) / (self.recent + _CENT)),
            np.log(self.last_rate / self.rate),
            np.log(self.slow_rate / self.rate),
            np.log((self.last_spend + _CENT) / (self.recent + _CENT)),
        )
        return np.column_stack([*columns, self._weekdays()])

    def _weekdays(self) -> Floats:
        is_day: Floats = (self.weekday[:, None] == np.arange(_WEEKDAYS)).astype(np.float64)
        return is_day


def rows_of(before: PlatformDays, goal: Goal, spend: Floats) -> Rows:
    """Return the rows of all platforms (P,) for the day after, at spend (P,) in micros."""
    spent = before.metric("spend") / _MICROS
    answers = before.metric(goal)
    recent, level = _lately(spent, before.known, _FAST), _lately(answers, before.known, _FAST)
    slow = _lately(answers, before.known, _SLOW), _lately(spent, before.known, _SLOW)
    last_spend, last = _newest(spent, before.known), _newest(answers, before.known)
    rate = (level + 0.1) / (recent + _CENT)
    weekday = (before.last_day.toordinal() + 1) % _WEEKDAYS
    return Rows(
        spend=spend / _MICROS,
        recent=recent,
        level=level,
        rate=rate,
        last_rate=_rate(last, last_spend, rate),
        slow_rate=_rate(slow[0], slow[1], rate),
        last_spend=last_spend,
        last=last,
        weekday=np.full(len(spend), float(weekday)),
    )


def rows_to_learn(days: PlatformDays, goal: Goal, first: int = FEWEST) -> tuple[Rows, Floats]:
    """Return every known platform day of a history from the number `first` on, and its answers."""
    rows, answers = [], []
    for number in range(first, days.known.shape[1]):
        known = days.known[:, number]
        rows.append(
            chosen(rows_of(first_days(days, number), goal, days.totals[:, number, 0]), known)
        )
        answers.append(days.metric(goal)[known, number])
    return _joined(rows), np.concatenate(answers)


def chosen(rows: Rows, which: NDArray[np.bool_]) -> Rows:
    """Return some of the rows."""
    return Rows(*(getattr(rows, field.name)[which] for field in fields(Rows)))


def _joined(parts: Sequence[Rows]) -> Rows:
    names = [field.name for field in fields(Rows)]
    return Rows(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def first_days(days: PlatformDays, count: int) -> PlatformDays:
    """Return the history of its first `count` days."""
    last = type(days.first_day).fromordinal(days.first_day.toordinal() + count - 1)
    return days.until(last)


def _lately(values: Floats, known: NDArray[np.bool_], half_life: float) -> Floats:
    ages = np.arange(values.shape[1])[::-1]
    weights = known * 0.5 ** (ages / half_life)
    mean: Floats = (weights * values).sum(1) / np.maximum(weights.sum(1), 1e-12)
    return mean


def _newest(values: Floats, known: NDArray[np.bool_]) -> Floats:
    place = known.shape[1] - 1 - np.argmax(known[:, ::-1], axis=1)
    newest: Floats = np.where(known.any(1), values[np.arange(len(values)), place], 0.0)
    return newest


def _rate(answers: Floats, spend: Floats, usual: Floats) -> Floats:
    # half an answer at the usual rate, so that few answers move it little
    return (answers + 0.5) / (spend + 0.5 / usual)
