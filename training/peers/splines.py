"""Our reading of IM12CP-WQI: a logistic on hinge splines, tuned by a bat search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer, StandardScaler

from training.peers.tuning import Knob, Search

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray
    from training.peers.tabular import Task


@dataclass(frozen=True, slots=True)
class HingeSplines:
    """Piecewise linear in each column, with knots at quantiles.

    Al-Janabi and Al-Barmani join multivariate adaptive regression splines (hinges max(0, x - t))
    to a bat search for their settings. Here the number of knots and the penalty are what the bats
    look for; hinges are not grown one by one, the penalty keeps them down.
    """

    knobs: tuple[Knob, ...] = (
        Knob("knots", 2, 8, whole=True),
        Knob("inverse_penalty", 1e-4, 1.0, log=True),
    )
    search: Search = Search.BATS

    def fit(self, task: Task, settings: dict[str, float]) -> Callable[[FloatArray], NDArray[Any]]:
        """Fit one number of knots and one strength."""
        model = make_pipeline(
            SplineTransformer(
                int(settings["knots"]), degree=1, knots="quantile", extrapolation="linear"
            ),
            StandardScaler(),
            LogisticRegression(C=settings["inverse_penalty"], max_iter=300),
        ).fit(task.inputs, task.clicks)
        return lambda inputs: model.predict_proba(inputs)[:, 1]
