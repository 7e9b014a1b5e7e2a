"""Boosted trees: tuned LightGBM, and our reading of DMP-DGBM, which searches what it boosts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import lightgbm

from training.peers.tuning import Knob, Search

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray
    from training.peers.tabular import Task

_STEADY: Final[dict[str, Any]] = {
    "objective": "binary",
    "verbosity": -1,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "bagging_freq": 1,
    "bagging_fraction": 0.8,
    "learning_rate": 0.04,
}
_KNOBS: Final = (
    Knob("rounds", 80, 250, whole=True),
    Knob("num_leaves", 4, 16, log=True, whole=True),
    Knob("min_data_in_leaf", 50, 600, log=True, whole=True),
    Knob("lambda_l2", 1.0, 200.0, log=True),
    Knob("feature_fraction", 0.3, 1.0),
)

BASE_LEARNERS: Final[tuple[Mapping[str, Any], ...]] = (
    {"num_leaves": 2},
    {},
    {"extra_trees": True},
    {"linear_tree": True, "linear_lambda": 10.0, "num_leaves": 4},
)
"""Stumps, trees, trees cut at random, and trees with a linear model in each leaf."""


@dataclass(frozen=True, slots=True)
class BoostedTrees:
    """LightGBM with rounds, leaves, their least rows, penalty and share of columns tuned."""

    knobs: tuple[Knob, ...] = _KNOBS
    search: Search = Search.SPREAD

    def fit(self, task: Task, settings: dict[str, float]) -> Callable[[FloatArray], NDArray[Any]]:
        """Fit one ensemble."""
        return boost(task, settings, {})


@dataclass(frozen=True, slots=True)
class SearchedBase:
    """Gradient boosting whose base learner is searched beside its settings.

    Al-Janabi et al. replace "the kernel (decision tree function)" of gradient boosting by the best
    of several functions. Our reading: the base learner is one of BASE_LEARNERS, and which one is
    a knob like the others.
    """

    knobs: tuple[Knob, ...] = (*_KNOBS, Knob("base", 0, len(BASE_LEARNERS) - 1, whole=True))
    search: Search = Search.SPREAD

    def fit(self, task: Task, settings: dict[str, float]) -> Callable[[FloatArray], NDArray[Any]]:
        """Fit one ensemble of the chosen base learner."""
        rest = {name: value for name, value in settings.items() if name != "base"}
        return boost(task, rest, BASE_LEARNERS[int(settings["base"])])


def boost(
    task: Task, settings: dict[str, float], base: Mapping[str, Any]
) -> Callable[[FloatArray], NDArray[Any]]:
    """Fit LightGBM; what `base` says goes before `settings`."""
    whole = {knob.name for knob in _KNOBS if knob.whole}
    rounds = int(settings["rounds"])
    tuned = {
        name: int(value) if name in whole else value
        for name, value in settings.items()
        if name != "rounds"
    }
    options = _STEADY | {"seed": task.seed} | tuned | dict(base)
    data = lightgbm.Dataset(task.inputs, task.clicks, params={"verbosity": -1})
    predict: Callable[[FloatArray], NDArray[Any]] = lightgbm.train(options, data, rounds).predict
    return predict
