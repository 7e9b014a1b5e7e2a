"""LR, the "traditional model": a logistic regression on every column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from training.peers.tuning import Knob, Search

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray
    from training.peers.tabular import Task


@dataclass(frozen=True, slots=True)
class Logistic:
    """Standardized columns, squared penalty of tuned strength."""

    knobs: tuple[Knob, ...] = (Knob("inverse_penalty", 1e-4, 10.0, log=True),)
    search: Search = Search.SPREAD

    def fit(self, task: Task, settings: dict[str, float]) -> Callable[[FloatArray], NDArray[Any]]:
        """Fit one strength."""
        model = make_pipeline(
            StandardScaler(), LogisticRegression(C=settings["inverse_penalty"], max_iter=500)
        ).fit(task.inputs, task.clicks)
        return lambda inputs: model.predict_proba(inputs)[:, 1]
