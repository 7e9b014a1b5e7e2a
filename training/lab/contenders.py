"""Whoever is compared: floors, arms and their ablations, peers; all score the same rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from training.config import ArmName, SellingPointConfig
from training.fit import compiled, predict
from training.lab.agenda import VARIATIONS
from training.lab.bench import Bench
from training.learn_selling_points import learn_selling_points
from training.peers.peer import Evidence
from training.peers.registry import FLOORS, PEERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from training.fit import Report
    from training.lab.split import Split
    from training.peers.peer import Build


@dataclass
class Log:
    """A log to be compared on; what contenders need of it is made when it is first asked for."""

    split: Split
    seed: int

    @cached_property
    def bench(self) -> Bench:
        """What arms learn from."""
        return Bench.of(self.split)

    @cached_property
    def evidence(self) -> Evidence:
        """What peers learn from."""
        return Evidence.of(self.split, seed=self.seed)


class Contender(Protocol):
    """One way to score the tested rows."""

    def scores(self, log: Log, *, share: float, seed: int, report: Report) -> NDArray[np.float64]:
        """Fit to the latest `share` of what may be learnt; return scores (N_tested,)."""


@dataclass(frozen=True, slots=True)
class ArmContender:
    """An arm of the registry with changes to its settings, or to whom it knows.

    Hidden logs hold the same clicks, of nobody.
    """

    arm: ArmName
    changes: Mapping[str, Any] = field(default_factory=dict)
    hide_facets: bool = False
    hide_clicks: bool = False

    def scores(self, log: Log, *, share: float, seed: int, report: Report) -> NDArray[np.float64]:
        """Fit the arm and score the tested rows by its logits."""
        bench = log.bench
        if self.hide_facets or self.hide_clicks:
            hidden = log.split.anonymous(facets=self.hide_facets, clicks=self.hide_clicks)
            bench = Bench.of(hidden)
        config = SellingPointConfig.of(self.arm, seed=seed, **self.changes)
        data = bench.data(log.split.latest(share))
        model = learn_selling_points(data, bench.encoder, bench.titles, config, report)
        run = compiled(lambda batch: [model(batch)])
        return np.asarray(predict(run, bench.main, bench.tested)[0], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class PeerContender:
    """A peer or a floor of the registry."""

    build: Build

    def scores(self, log: Log, *, share: float, seed: int, report: Report) -> NDArray[np.float64]:
        """Fit the peer and score the tested rows."""
        peer = self.build(log.evidence, seed=seed)
        report(0, 2, "fitting")
        peer.fit(log.split.latest(share).learnt)
        report(1, 2, "scoring")
        return peer.score(log.split.tested)


def contender(name: str) -> Contender:
    """Return an arm, a variation of one, a floor or a peer by its name.

    Raises: KeyError for any other.
    """
    if name in VARIATIONS:
        change = VARIATIONS[name]
        return ArmContender(change.arm, change.settings, change.hide_facets, change.hide_clicks)
    if name in set(ArmName):
        return ArmContender(ArmName(name))
    return PeerContender(FLOORS.get(name) or PEERS[name])
