"""When a platform answers to spend otherwise than expected: change detection on counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from math import log
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date  # noqa: TID251 - as a value; nothing here asks for today's

    from service.contract.platform_days import PlatformDays
    from service.decision.responses import Goal, ResponseModel, Responses
    from service.decision.tables import Bools, Floats

CALM_DAYS: Final = 60
"""At least so many lie between two false alarms on a platform, in the mean."""
THRESHOLD: Final = log(2 * CALM_DAYS)  # two directions; Lorden's bound
HALVED, DOUBLED = 0.5, 2.0  # the changes that are looked for; others are found later
USUAL_DISPERSION: Final = 0.04  # of a day: counts vary by a fifth
_USUAL_DAYS: Final = 7.0  # of evidence that this is worth
_LEAST_DISPERSION: Final = 0.002


class Direction(StrEnum):
    """Which way engagement went."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Shock:
    """A platform that brings more or less than expected, by more than chance explains.

    since: the row at which it began, most likely; seen: the row at which it was told from chance;
    ratio: observed by expected from `since` to the end; statistic: log likelihood ratio of the
    change against none, at `seen`.
    """

    platform: str
    direction: Direction
    since: int
    seen: int
    ratio: float
    statistic: float


def shocked(
    platforms: Sequence[str],
    observed: Floats,
    expected: Floats,
    dispersion: Floats | None = None,
    *,
    per_day: int = 24,
) -> list[Shock]:
    """Return the first shock of each of the P platforms that had one, by CUSUM (Page 1954).

        S_t = max(0, S_{t-1} + ln p(observed_t | changed) - ln p(observed_t | expected_t))

    for negative binomial counts, once for half of what is expected and once for the double; a
    shock is where S reaches THRESHOLD. Rows of which nothing is expected tell nothing.

    observed, expected (H, P): counts, row by row in time. per_day: rows a day. dispersion (P,) of
    a row: variance = m + dispersion m^2; by default that of these rows (`dispersion_of`).
    """
    spread = dispersion_of(observed, expected, per_day) if dispersion is None else dispersion
    found = (
        _first_shock(name, observed[:, place], expected[:, place], float(spread[place]))
        for place, name in enumerate(platforms)
    )
    return [shock for shock in found if shock]


def dispersion_of(observed: Floats, expected: Floats, per_day: int = 24) -> Floats:
    """Return the dispersion (P,) that rows (H, P) show, drawn to the usual one.

    From the differences of whole days that follow each other, so that a shock, of which one day
    alone tells, counts little (von Neumann 1941); thin days count less. What moves a day as a
    whole moves its rows together: `per_day` times the dispersion of a day makes up for that.
    """
    days = len(observed) // per_day
    rows = (days, per_day, observed.shape[1])
    got, asked = (of[: days * per_day].reshape(rows).sum(1) for of in (observed, expected))
    level = (got.sum(0) + 1.0) / (asked.sum(0) + 1.0)
    ratio = np.divide(got, asked, out=np.zeros_like(got), where=asked > 0) / level
    of_chance = np.divide(1.0, asked * level, out=np.zeros_like(got), where=asked > 0)
    told = asked * level * USUAL_DISPERSION / (1.0 + asked * level * USUAL_DISPERSION)
    weight = np.minimum(told[1:], told[:-1])
    beyond = (np.diff(ratio, axis=0) ** 2 - of_chance[1:] - of_chance[:-1]) / 2
    shown = _USUAL_DAYS * USUAL_DISPERSION + (weight * beyond).sum(0)
    of_day: Floats = np.maximum(shown / (_USUAL_DAYS + weight.sum(0)), _LEAST_DISPERSION)
    return per_day * of_day


def only_since(days: PlatformDays, since: Mapping[str, date]) -> PlatformDays:
    """Return the history without what is named platforms' from before a day: it holds no more."""
    known: Bools = days.known.copy()
    for place, name in enumerate(days.platforms):
        if name in since:
            known[place, : max(0, (since[name] - days.first_day).days)] = False
    return replace(days, totals=np.where(known[:, :, None], days.totals, 0.0), known=known)


@dataclass(frozen=True, slots=True)
class Changed:
    """A model whose platforms bring more or less than it learnt: ratios by name, 1 where none."""

    model: ResponseModel
    ratios: Mapping[str, float]

    @property
    def name(self) -> str:
        """The name of the model."""
        return self.model.name

    def responses(self, days: PlatformDays, goal: Goal) -> Responses:
        """Return the curves (P,) as they are now."""
        ratios = [self.ratios.get(name, 1.0) for name in days.platforms]
        return self.model.responses(days, goal).times(ratios)


def _first_shock(name: str, observed: Floats, expected: Floats, dispersion: float) -> Shock | None:
    both = [
        _crossing(_evidence(observed, expected, dispersion, HALVED)),
        _crossing(_evidence(observed, expected, dispersion, DOUBLED)),
    ]
    seen, since, statistic = min(both)
    if seen == len(observed):
        return None
    ratio = float((observed[since:].sum() + 1.0) / (expected[since:].sum() + 1.0))
    direction = (Direction.DOWN, Direction.UP)[both.index((seen, since, statistic))]
    return Shock(name, direction, since, seen, ratio, statistic)


def _evidence(observed: Floats, expected: Floats, dispersion: float, factor: float) -> Floats:
    """The log likelihood ratio (H,) of counts with `factor` times the mean, against the mean."""
    plain, moved = 1.0 + dispersion * expected, 1.0 + dispersion * factor * expected
    evidence = observed * np.log(factor * plain / moved) + np.log(plain / moved) / dispersion
    return np.where(expected > 0, evidence, 0.0)


def _crossing(evidence: Floats) -> tuple[int, int, float]:
    """The row at which CUSUM reaches THRESHOLD, the first one that it adds up, and its height.

    Without a crossing, the row is the number of rows.
    """
    risen = np.concatenate([[0.0], np.cumsum(evidence)])
    lowest = np.minimum.accumulate(risen)
    above = np.flatnonzero(risen - lowest >= THRESHOLD)
    if not above.size:
        return len(evidence), 0, 0.0
    seen = int(above[0])
    since = int(np.flatnonzero(risen[:seen] == lowest[seen])[-1])
    return seen - 1, since, float(risen[seen] - lowest[seen])
