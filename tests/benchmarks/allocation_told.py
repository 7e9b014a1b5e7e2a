"""What better learning of curves could gain: ours, told how full each platform is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from service.decision.responses import Responses

if TYPE_CHECKING:
    from service.contract.platform_days import PlatformDays
    from service.decision.responses import Goal, ResponseModel
    from service.decision.tables import Floats
    from tests.benchmarks.allocation_trial import Trial

_DAYS: Final = 3  # of which the spend is the present one
_LEAST: Final = 0.01  # of the budget, where curves are looked at
_STEP: Final = 0.05
_MOST: Final = 0.9  # an elasticity of 1, at the foot of an S, is a line that takes it all
# ln(1 + u) has the elasticity u / ((1 + u) ln(1 + u)), which falls from 1 to 0
_U: Final = np.geomspace(1e-3, 1e7, 6_000)
_ELASTICITY: Final = _U / ((1 + _U) * np.log1p(_U))


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """A model that foretells what `model` does at the present spend, and bends as truth does."""

    trial: Trial
    model: ResponseModel

    @property
    def name(self) -> str:
        """The name of the model."""
        return self.model.name

    def responses(self, days: PlatformDays, goal: Goal) -> Responses:
        """Return curves (P,) of the true elasticity, on the day after, at the present spend."""
        said = self.model.responses(days, goal)
        lately = days.metric("spend")[:, -_DAYS:].mean(axis=1)
        spend = np.maximum(lately, _LEAST * self.trial.budget)
        day = min(days.known.shape[1], self.trial.world.days - 1)
        more, less = (
            self.trial.world.steady(day, spend * factor) for factor in (1 + _STEP, 1 - _STEP)
        )
        elasticity: Floats = np.log(more / less) / np.log((1 + _STEP) / (1 - _STEP))
        u = np.interp(-np.minimum(elasticity, _MOST), -_ELASTICITY, _U)
        return Responses(said.value(spend) / np.log1p(u), u / spend, said.sd)
