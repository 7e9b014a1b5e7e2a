"""Peers that read rows of the table: fit trials, keep the best settings, fit once more to all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from training.metrics import log_loss
from training.peers.columns import ADS, COMMON, OWN
from training.peers.peer import as_scores
from training.peers.tuning import Knob, Search, earlier_and_newest, search

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray, LongArray
    from training.peers.peer import Evidence

EVERY = (*COMMON, *OWN, *ADS)


@dataclass(frozen=True, slots=True)
class Task:
    """Rows to learn from: inputs (n, c), clicks (n,), the columns' names, a seed."""

    inputs: FloatArray
    clicks: FloatArray
    names: tuple[str, ...]
    seed: int


class Learner(Protocol):
    """A kind of model and its knobs."""

    @property
    def knobs(self) -> tuple[Knob, ...]:
        """What is tuned."""

    @property
    def search(self) -> Search:
        """How it is tuned."""

    def fit(self, task: Task, settings: dict[str, float]) -> Callable[[FloatArray], NDArray[Any]]:
        """Return P(click) of inputs (n, c) -> (n,)."""


@dataclass
class TabularPeer:
    """A learner on columns of the table."""

    name: str
    evidence: Evidence
    learner: Learner
    seed: int
    names: tuple[str, ...] = EVERY
    settings: dict[str, float] = field(default_factory=dict)
    _predict: Callable[[FloatArray], NDArray[Any]] | None = None

    def fit(self, rows: LongArray) -> None:
        """Tune on the newest of `rows`, then fit to all of them."""
        earlier, newest = earlier_and_newest(rows)
        judged, clicks = self.inputs(newest), self.evidence.clicks(newest)
        first = self._task(earlier)

        def loss(settings: dict[str, float]) -> float:
            return log_loss(clicks, self.learner.fit(first, settings)(judged))

        self.settings = search(loss, self.learner.knobs, self.learner.search, seed=self.seed)
        self._predict = self.learner.fit(self._task(rows), self.settings)

    def score(self, rows: LongArray) -> NDArray[np.float64]:
        """Return P(click) of `rows`.

        Raises: RuntimeError before `fit`.
        """
        if self._predict is None:
            raise RuntimeError(f"{self.name} scores rows only after fit()")
        return as_scores(self._predict(self.inputs(rows)))

    def inputs(self, rows: LongArray) -> FloatArray:
        """Return what the learner reads of `rows`: (n, c)."""
        return self.evidence.columns(self.names, rows)

    def _task(self, rows: LongArray) -> Task:
        return Task(self.inputs(rows), self.evidence.clicks(rows), self.names, self.seed)
