"""What a simple mind expects of a platform on a day whose spend is known.

All read the same: the days before, the day's spend, its weekday. The regressions choose their
settings on the newest third of the past they are given, and are fitted once more to all of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import lightgbm
import numpy as np

from service.contract.platform_days import PlatformDays
from service.decision.platform_watch import as_known
from service.decision.tables import Floats
from tests.benchmarks.allocation_columns import FEWEST, first_days, rows_of, rows_to_learn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from service.decision.responses import Goal, ResponseModel
    from tests.benchmarks.allocation_columns import Rows

Forecast = Callable[[PlatformDays, Floats], Floats]
"""The days before, and spend (P,) in micros of the day after -> expected answers (P,)."""

Setting = TypeVar("Setting")

_PHASES: Final = 4  # the seasonal mean looks back so many seasons
_JUDGED: Final = 1 / 3
_PENALTIES: Final = (1e-4, 1e-3, 1e-2, 1e-1)
_TREES: Final[tuple[Mapping[str, Any], ...]] = tuple(
    {"num_leaves": leaves, "min_data_in_leaf": least, "num_iterations": rounds}
    for leaves, least, rounds in (
        (2, 20, 60),
        (4, 20, 60),
        (4, 10, 150),
        (8, 20, 60),
        (8, 10, 150),
    )
)
_STEADY: Final[Mapping[str, Any]] = {
    "objective": "regression",
    "learning_rate": 0.05,
    "verbosity": -1,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
}


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """What may be learnt from; season: after how many days the same phase comes again."""

    days: PlatformDays
    goal: Goal
    season: int
    seed: int


def seasonal_mean(past: Past) -> Forecast:
    """Expect the mean of the known days of the same phase, of the last four seasons."""

    def expect(before: PlatformDays, _: Floats) -> Floats:
        places = np.arange(before.known.shape[1] - past.season, -1, -past.season)[:_PHASES]
        known, answers = before.known[:, places], before.metric(past.goal)[:, places]
        mean: Floats = answers.sum(1) / np.maximum(known.sum(1), 1)
        return mean

    return expect


def linear(past: Past) -> Forecast:
    """Regress counts by least squares on spend and what came before, with a ridge penalty."""

    def fit(rows: Rows, answers: Floats, penalty: float) -> Callable[[Rows], Floats]:
        weights = 1 / np.sqrt(rows.level + 1)  # counts vary as their mean does
        slopes = _ridge(rows.in_levels(), answers, weights, penalty)
        return lambda asked: np.maximum(asked.in_levels() @ slopes, 0.0)

    return _tuned(past, fit, _PENALTIES)


def log_linear(past: Past) -> Forecast:
    """Regress the logarithm of counts, so that spend acts by an elasticity."""

    def fit(rows: Rows, answers: Floats, penalty: float) -> Callable[[Rows], Floats]:
        slopes = _ridge(rows.in_logs(), _log_ratio(rows, answers), _weights(rows), penalty)
        return lambda asked: asked.proportional * np.exp(asked.in_logs() @ slopes)

    return _tuned(past, fit, _PENALTIES)


def boosted_trees(past: Past) -> Forecast:
    """Fit LightGBM to the columns of `log_linear`: trees on raw counts do far worse."""

    def fit(rows: Rows, answers: Floats, trees: Mapping[str, Any]) -> Callable[[Rows], Floats]:
        options = {**_STEADY, **trees, "seed": past.seed}
        data = lightgbm.Dataset(
            rows.in_logs(),
            _log_ratio(rows, answers),
            weight=_weights(rows) ** 2,
            params={"verbosity": -1},
        )
        booster = lightgbm.train(options, data)
        return lambda asked: asked.proportional * np.exp(booster.predict(asked.in_logs()))

    return _tuned(past, fit, _TREES)


BASELINES: Final[Mapping[str, Callable[[Past], Forecast]]] = {
    "seasonal mean": seasonal_mean,
    "linear": linear,
    "linear in logarithms": log_linear,
    "lightgbm": boosted_trees,
}


def answering(model: ResponseModel, goal: Goal) -> Forecast:
    """Expect what the model's curves say at the day's spend, as plans do."""

    def expect(before: PlatformDays, spend: Floats) -> Floats:
        days, known = as_known(before, model, ())
        return known.responses(days, goal).value(spend)

    return expect


def _tuned(
    past: Past,
    fit: Callable[[Rows, Floats, Setting], Callable[[Rows], Floats]],
    settings: Iterable[Setting],
) -> Forecast:
    edge = max(FEWEST + 1, round(past.days.known.shape[1] * (1 - _JUDGED)))
    earlier, newest = (
        rows_to_learn(first_days(past.days, edge), past.goal),
        rows_to_learn(past.days, past.goal, edge),
    )

    def loss(setting: Setting) -> float:
        return float(np.abs(fit(*earlier, setting)(newest[0]) - newest[1]).sum())

    fitted = fit(*rows_to_learn(past.days, past.goal), min(settings, key=loss))
    return lambda before, spend: fitted(rows_of(before, past.goal, spend))


def _ridge(columns: Floats, answers: Floats, weights: Floats, penalty: float) -> Floats:
    scale = np.sqrt((columns**2).mean(0)) + 1e-12
    weighed = columns / scale * weights[:, None]
    gram = weighed.T @ weighed
    gram += penalty * np.trace(gram) / len(gram) * np.eye(len(gram))
    slopes: Floats = np.linalg.solve(gram, weighed.T @ (answers * weights)) / scale
    return slopes


def _log_ratio(rows: Rows, answers: Floats) -> Floats:
    ratio: Floats = np.log((answers + 0.5) / (rows.proportional + 0.5))
    return ratio


def _weights(rows: Rows) -> Floats:
    # the more answers, the surer is their logarithm
    weights: Floats = np.sqrt(rows.level + 1e-6)
    return weights
