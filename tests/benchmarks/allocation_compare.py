"""All policies in all worlds, and what each brought by what the oracle did."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from service.decision.pooled_responses import PooledResponses
from service.decision.terms import Micros
from tests.benchmarks.allocation_ours import Planned
from tests.benchmarks.allocation_policies import (
    EpsilonGreedy,
    Equal,
    LinearProgramme,
    Oracle,
    Proportional,
    ProportionalToEngagement,
)
from tests.benchmarks.allocation_told import Told
from tests.benchmarks.allocation_trial import run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from service.decision.responses import ResponseModel
    from service.decision.tables import Floats, Longs
    from tests.benchmarks.allocation_trial import Allocator, Outcome, Trial

OURS, ORACLE = "salient", "oracle"
RETURNS: Final = ("proportional to return", "proportional to return, 7 days")
LEAST_SHARE, LEAST_GAIN, MOST_GAP = 0.97, 0.10, 1e-5
_DRAWS: Final = 2_000

Policies = dict[str, "Callable[[Trial], Allocator]"]


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """Values (S, DAYS) in S worlds by policy, our widest dual gap, and micros above a budget."""

    values: dict[str, Floats]
    gap: float
    overspend: int

    @property
    def by_day(self) -> dict[str, Floats]:
        """Each policy's value by the oracle's (S, DAYS)."""
        best = self.values[ORACLE]
        return {name: value / best for name, value in self.values.items() if name != ORACLE}

    @property
    def by_run(self) -> dict[str, Floats]:
        """The same of whole runs (S,)."""
        best = self.values[ORACLE].sum(axis=1)
        return {
            name: value.sum(axis=1) / best for name, value in self.values.items() if name != ORACLE
        }

    @property
    def proportional(self) -> str:
        """The better of the two ways to share in proportion to return, over the run."""
        return max(RETURNS, key=lambda name: float(self.by_run[name].mean()))

    def share(self, worlds: Longs) -> float:
        """Our share of the oracle's value on the last day, in the mean of `worlds`."""
        return float(self.by_day[OURS][worlds, -1].mean())

    def gain(self, worlds: Longs) -> float:
        """How much more than in proportion to return our runs brought; worlds count alike."""
        ours, theirs = self.by_run[OURS][worlds], self.by_run[self.proportional][worlds]
        return float(ours.mean() / theirs.mean() - 1)


def policies(model: ResponseModel, paper: ResponseModel) -> Policies:
    """Return all that are compared, by name."""
    return {
        ORACLE: Oracle,
        OURS: partial(planned, model=model),
        "salient, told how full each is": lambda trial: planned(trial, Told(trial, model)),
        "no trained model": partial(planned, model=PooledResponses()),
        "p0": partial(planned, model=paper),
        "in proportion to clicks": lambda trial: ProportionalToEngagement(trial.budget),
        RETURNS[0]: lambda trial: Proportional(trial.budget),
        RETURNS[1]: lambda trial: Proportional(trial.budget, 7),
        "linear programme": lambda trial: LinearProgramme(trial.budget),
        "epsilon-greedy": lambda trial: EpsilonGreedy(trial.budget),
        "equal": lambda trial: Equal(trial.budget),
    }


def planned(trial: Trial, model: ResponseModel) -> Planned:
    """Return what the worker would do in a trial."""
    return Planned(Micros(trial.budget), model, campaign=f"world {trial.seed}")


def compare(trials: Sequence[Trial], compared: Policies, tell: Callable[[str], object]) -> Results:
    """Run every policy in every world; `tell` hears each name."""
    values: dict[str, Floats] = {}
    gap, overspend = 0.0, 0
    for name, make in compared.items():
        tell(name)
        allocators = [make(trial) for trial in trials]
        ran = [run(trial, one) for trial, one in zip(trials, allocators, strict=True)]
        values[name] = np.array([one.value for one in ran])
        if name == OURS:
            gap = max(one.gap for one in allocators if isinstance(one, Planned))
            overspend = sum(_above(one, trial) for one, trial in zip(ran, trials, strict=True))
    return Results(values, gap, overspend)


def _above(outcome: Outcome, trial: Trial) -> int:
    """Micros that were spent above a day's budget, all days."""
    return int(np.maximum(outcome.spend.sum(axis=1) - trial.budget, 0).sum())


def interval(figure: Callable[[Any], float], worlds: int, seed: int) -> tuple[float, float]:
    """Return the 95 % interval of a figure of worlds, these drawn anew."""
    rng = np.random.default_rng([seed, worlds])
    drawn = [figure(rng.integers(worlds, size=worlds)) for _ in range(_DRAWS)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def figures_of(results: Results, seed: int) -> dict[str, Any]:
    """Return what the last line says of the made-up worlds."""
    worlds = len(results.values[ORACLE])
    everywhere = np.arange(worlds)
    return {
        "allocation_share_of_oracle": round(results.share(everywhere), 4),
        "allocation_share_interval": _rounded(interval(results.share, worlds, seed)),
        "gain_over_proportional": round(results.gain(everywhere), 4),
        "gain_interval": _rounded(interval(results.gain, worlds, seed)),
        "dual_gap": float(f"{results.gap:.2g}"),
        "overspend_micros": results.overspend,
    }


def _rounded(values: tuple[float, float]) -> list[float]:
    return [round(value, 4) for value in values]


def meets_targets(found: dict[str, Any]) -> bool:
    """Whether the figures of the made-up worlds are what is promised."""
    return bool(
        found["allocation_share_of_oracle"] >= LEAST_SHARE
        and found["gain_over_proportional"] >= LEAST_GAIN
        and found["dual_gap"] <= MOST_GAP
        and found["overspend_micros"] == 0
    )
