"""One tuning budget for every peer: as many trials, judged on the same newest rows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from niapy.algorithms.basic import BatAlgorithm, ParticleSwarmAlgorithm
from niapy.problems import Problem
from niapy.task import Task
from scipy.stats import qmc

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from service.contract.arrays import LongArray

    Settings = dict[str, float]

TRIALS: Final = 8
JUDGED: Final = 0.15  # of the rows learnt from, the newest: trials are judged on these
MOST_TRIED: Final = 60_000  # rows that a trial is fitted to: the newest of those before
_FLOCK: Final = 4  # particles or bats; two rounds make the trials


class Search(StrEnum):
    """How the next settings to try are found."""

    SPREAD = "spread"  # a Latin hypercube
    SWARM = "swarm"  # particle swarm
    BATS = "bats"  # bat search


@dataclass(frozen=True, slots=True)
class Knob:
    """A setting between two values; `whole` for counts, `log` where ratios matter."""

    name: str
    low: float
    high: float
    log: bool = False
    whole: bool = False

    def at(self, place: float) -> float:
        """Return the setting at a place from 0 to 1."""
        if self.log:
            value = float(self.low * (self.high / self.low) ** place)
        else:
            value = self.low + (self.high - self.low) * place
        return float(round(value)) if self.whole else value


def search(
    loss: Callable[[Settings], float], knobs: Sequence[Knob], how: Search, *, seed: int
) -> Settings:
    """Return the settings of least loss among TRIALS tried."""
    tried: list[tuple[float, Settings]] = []

    def judge(places: NDArray[Any]) -> float:
        settings = {
            knob.name: knob.at(float(place)) for knob, place in zip(knobs, places, strict=True)
        }
        tried.append((loss(settings), settings))
        return tried[-1][0]

    if how is Search.SPREAD:
        spread = qmc.LatinHypercube(len(knobs), rng=np.random.default_rng(seed))
        for places in spread.random(TRIALS):
            judge(places)
    else:
        kind = BatAlgorithm if how is Search.BATS else ParticleSwarmAlgorithm
        task = Task(_Judged(judge, len(knobs)), max_evals=TRIALS)
        kind(population_size=_FLOCK, seed=seed).run(task)
    return min(tried, key=lambda one: one[0])[1]


def earlier_and_newest(rows: LongArray) -> tuple[LongArray, LongArray]:
    """Cut rows in order of time in two: to fit a trial to, and to judge it on.

    Of the first part only the newest MOST_TRIED are kept; the settings found are fitted to all.
    """
    edge = max(1, round(len(rows) * (1 - JUDGED)))
    return rows[max(0, edge - MOST_TRIED) : edge], rows[edge:]


class _Judged(Problem):
    def __init__(self, judge: Callable[[NDArray[Any]], float], knobs: int) -> None:
        super().__init__(dimension=knobs, lower=0.0, upper=1.0)
        self._judge = judge

    def _evaluate(self, x: NDArray[Any]) -> float:
        return self._judge(x)
