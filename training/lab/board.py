"""Everybody's scores on the tested rows of one log, and how good they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from training.lab.bootstrap import Redraw, Sampled, mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from training.lab.foreman import Ended
    from training.lab.split import Split

    Scores = NDArray[np.float64]


@dataclass
class Board:
    """Scores (N_tested,) by contender, one for each seed; a name ends in @share if not all.

    Figures of several seeds are means over them, drawn with the same shoppers.
    """

    split: Split
    scores: Mapping[str, list[Scores]]
    seed: int
    truth: Mapping[str, Scores] | None = None
    _aucs: dict[str, Sampled] = field(default_factory=dict)

    @cached_property
    def redraw(self) -> Redraw:
        """The draws of shoppers that all figures of this log share."""
        return Redraw.of(self.split.shoppers, seed=self.seed)

    @cached_property
    def labels(self) -> Scores:
        """Which of the tested rows were clicked."""
        return self.split.clicked.astype(np.float64)

    def __contains__(self, name: str) -> bool:
        """Return whether the contender was fitted at all."""
        return name in self.scores

    def known(self, names: Iterable[str]) -> list[str]:
        """Return those of `names` that were fitted, in their order."""
        return [name for name in names if name in self]

    def auc(self, name: str) -> Sampled:
        """Measure the mean AUC of a contender's seeds."""
        if name not in self._aucs:
            found = [self.redraw.auc(self.labels, scores) for scores in self.scores[name]]
            self._aucs[name] = mean(found)
        return self._aucs[name]

    def seeds_auc(self, name: str) -> list[float]:
        """Return the AUC of each seed."""
        from training.metrics import auc

        return [auc(self.labels, scores) for scores in self.scores[name]]

    def gain(self, ours: str, theirs: str) -> Sampled:
        """Measure how far one contender's AUC stands above another's, in pairs."""
        return self.auc(ours) - self.auc(theirs)

    def share_of_way(self, name: str, floor: str) -> Sampled | None:
        """Measure how much of the way from `floor` to the truth a contender has come."""
        if self.truth is None or floor not in self:
            return None
        start = self.auc(floor)
        way = self._true_auc("p_click") - start
        come = self.auc(name) - start
        return Sampled(come.value / way.value, come.draws / way.draws)

    def truths(self) -> dict[str, Sampled]:
        """Measure the true probabilities, those without taste, too."""
        return {name: self._true_auc(name) for name in self.truth or ()}

    def impersonal_share(self, floor: str) -> float | None:
        """Return how much of the way from `floor` to the truth needs no personal taste."""
        if self.truth is None or floor not in self:
            return None
        low, high = self.auc(floor).value, self._true_auc("p_click").value
        return (self._true_auc("p_click_without_taste").value - low) / (high - low)

    def _true_auc(self, name: str) -> Sampled:
        key = f"truth/{name}"
        if key not in self._aucs:
            assert self.truth is not None  # noqa: S101 - asked for by those who have it
            self._aucs[key] = self.redraw.auc(self.labels, self.truth[name])
        return self._aucs[key]


def load_scores(folder: Path, ended: Iterable[Ended], log: str) -> dict[str, list[Scores]]:
    """Load what the finished jobs of one log stored, by contender, seeds in order."""
    done = [one.job for one in ended if one.state == "done" and one.job.log == log]
    found: dict[str, list[Scores]] = {}
    for job in sorted(done, key=lambda job: job.seed):
        name = job.contender if job.share == 1.0 else f"{job.contender}@{job.share:g}"
        found.setdefault(name, []).append(np.load(folder / log / f"{job.key}.npy"))
    return found


def told(figure: Sampled | None) -> dict[str, Any] | None:
    """Return a figure with its interval as plain values; None for what is not known."""
    if figure is None:
        return None
    return plain(figure.value, *figure.interval)


def plain(value: float, low: float, high: float) -> dict[str, Any] | None:
    """Return a figure and its interval as plain values; None where one of them is no number."""
    if not np.isfinite([value, low, high]).all():
        return None
    return {"value": value, "low": low, "high": high}
