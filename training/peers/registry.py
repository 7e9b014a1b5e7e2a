"""The peers by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from training.peers.boosting import BoostedTrees, SearchedBase
from training.peers.collaborative import Collaborative, Kind
from training.peers.columns import COMMON, OWN
from training.peers.floors import LogisticFloor, PopularityFloor
from training.peers.forest import Forest, ItemSetForest
from training.peers.logistic import Logistic
from training.peers.recurrent import Recurrent
from training.peers.splines import HingeSplines
from training.peers.tabular import EVERY, Learner, TabularPeer

if TYPE_CHECKING:
    from training.peers.peer import Build, Evidence, Peer


def _tabular(name: str, learner: Learner, names: tuple[str, ...] = EVERY) -> tuple[str, Build]:
    def build(evidence: Evidence, *, seed: int) -> Peer:
        return TabularPeer(name, evidence, learner, seed, names)

    return name, build


def _recurrent(evidence: Evidence, *, seed: int) -> Peer:
    return Recurrent("lstm-pso", evidence, seed)


def _item_set_forest(evidence: Evidence, *, seed: int) -> Peer:
    return ItemSetForest("rf-ffgm", evidence, Forest(), seed)


def _filter(name: str, kind: Kind) -> tuple[str, Build]:
    def build(evidence: Evidence, *, seed: int) -> Peer:
        return Collaborative(name, evidence, kind, seed)

    return name, build


def _popularity_floor(evidence: Evidence, *, seed: int) -> Peer:  # noqa: ARG001
    return PopularityFloor("popularity-x-position", evidence)


def _logistic_floor(evidence: Evidence, *, seed: int) -> Peer:  # noqa: ARG001
    return LogisticFloor("position-relevance-popularity", evidence)


FLOORS: Final[dict[str, Build]] = {
    "popularity-x-position": _popularity_floor,
    "position-relevance-popularity": _logistic_floor,
}
"""What every contender must beat, the weaker one first."""

PEERS: Final[dict[str, Build]] = dict(
    [
        _filter("usercf", Kind()),
        _filter("fucf", Kind(fills=True)),
        _filter("teucf", Kind(fills=True, fades=True, without_rules=False)),
        _filter("taucf", Kind(fades=True, with_rules=False)),
        _filter("mucf", Kind(fills=True, fades=True)),
        _tabular("lr", Logistic()),
        _tabular("lightgbm-common", BoostedTrees(), COMMON),
        _tabular("lightgbm-own", BoostedTrees(), (*COMMON, *OWN)),
        _tabular("lightgbm", BoostedTrees()),
        _tabular("dmp-dgbm", SearchedBase()),
        _tabular("im12cp-wqi", HingeSplines()),
        ("lstm-pso", _recurrent),
        ("rf-ffgm", _item_set_forest),
    ]
)
"""`lightgbm-common` knows nothing of the shopper, `lightgbm-own` no ads; all others everything."""
