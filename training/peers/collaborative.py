"""Collaborative filters: what shoppers of like taste clicked.

Hou et al. name five and define none. Our reading:

    UserCF   neighbours by cosine of ratings
    FUCF     the same, ratings back-filled by association rules (where a rule fires)
    TEUCF    FUCF with ratings that fade, for shoppers for whom a rule fires; silent for others
    TAUCF    UserCF with ratings that fade, for shoppers for whom none does; silent for others
    MUCF     TEUCF where a rule fires, else TAUCF
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from training.floors import CommonLogistic
from training.metrics import log_loss
from training.peers.columns import COMMON
from training.peers.peer import as_scores
from training.peers.ratings import FOREVER_DAYS
from training.peers.rules import Rules
from training.peers.tuning import Knob, Search, earlier_and_newest, search

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray, LongArray
    from training.peers.peer import Evidence
    from training.peers.ratings import Day

_SMALLEST: Final = 1e-6
_NEIGHBOURS: Final = Knob("neighbours", 5, 200, log=True, whole=True)
_SHRINK: Final = Knob("shrink", 0.1, 10.0, log=True)
_SHORTEST_DAYS: Final = 3.5
_HALF_LIFE: Final = Knob("half_life", 0, 4, whole=True)  # doublings of the shortest


@dataclass(frozen=True, slots=True)
class Kind:
    """What tells the filters apart."""

    fills: bool = False  # ratings are back-filled where a rule fires
    fades: bool = False
    with_rules: bool = True  # speaks for shoppers for whom a rule fires
    without_rules: bool = True  # speaks for the others


@dataclass
class Collaborative:
    """One filter: what neighbours and the shopper think, beside what is common to all.

        score = logistic(common columns, r_uv, sum_n s_un r_nv / (sum_n s_un + shrink))

    over the `neighbours` most like the shopper; those stand as they did in the morning, the
    shopper as at the moment.
    """

    name: str
    evidence: Evidence
    kind: Kind
    seed: int
    settings: dict[str, float] = field(default_factory=dict)
    _rules: Rules | None = None
    _floor: CommonLogistic | None = None
    _thought: FloatArray | None = None

    def fit(self, rows: LongArray) -> None:
        """Tune neighbours, shrinkage and fading on the newest of `rows`, then fit to them all."""
        earlier, newest = earlier_and_newest(rows)
        self._rules = Rules.by(self.evidence.ratings(FOREVER_DAYS), earlier)

        def loss(settings: dict[str, float]) -> float:
            opinions = self.opinions(settings)
            margins = self._logistic(earlier, opinions).margin(*self._inputs(newest, opinions))
            return log_loss(self.evidence.clicks(newest), 1 / (1 + np.exp(-margins)))

        self.settings = search(loss, self._knobs, Search.SPREAD, seed=self.seed)
        self._rules = Rules.by(self.evidence.ratings(FOREVER_DAYS), rows)
        self._thought = self.opinions(self.settings)
        self._floor = self._logistic(rows, self._thought)

    def score(self, rows: LongArray) -> NDArray[np.float64]:
        """Return log-odds of a click on `rows`.

        Raises: RuntimeError before `fit`.
        """
        if self._floor is None or self._thought is None:
            raise RuntimeError(f"{self.name} scores rows only after fit()")
        return as_scores(self._floor.margin(*self._inputs(rows, self._thought)))

    @property
    def _knobs(self) -> tuple[Knob, ...]:
        return (_NEIGHBOURS, _SHRINK, *([_HALF_LIFE] if self.kind.fades else []))

    def _logistic(self, rows: LongArray, opinions: FloatArray) -> CommonLogistic:
        places, inputs = self._inputs(rows, opinions)
        return CommonLogistic.learn(places, inputs, self.evidence.clicks(rows))

    def _inputs(self, rows: LongArray, opinions: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return places (n,) and columns: those common to all shoppers, and the two opinions."""
        common = self.evidence.columns(COMMON, rows)
        return common[:, 0], np.hstack([common[:, 1:], opinions[rows]])

    def opinions(self, settings: dict[str, float]) -> FloatArray:
        """Return each row's own rating and what neighbours think (N, 2); 0 if silent."""
        halvings = settings.get("half_life")
        days = FOREVER_DAYS if halvings is None else _SHORTEST_DAYS * 2**halvings
        words = self.evidence.shop.facets.words
        opinions = np.zeros((len(words), 2), np.float32)
        for day in self.evidence.ratings(days).days():
            own, everybody, speaks = self._rated(day)
            near = neighbours(own, everybody, day.owners, int(settings["neighbours"]))
            totals = near.sum(axis=1) + settings["shrink"]
            thought = (near @ everybody) / totals[:, None]
            shown = day.places, words[day.rows]
            both = np.stack([own[shown], thought[shown]], axis=1)
            opinions[day.rows] = both * speaks[day.places, None]
        return opinions

    def _rated(self, day: Day) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return ratings of shoppers and of everybody, and 1 for whom the filter speaks."""
        rules = self._rules
        if rules is None or self.kind == Kind():
            return day.now, day.everybody, np.ones(len(day.now), np.float32)
        fires = rules.fires(day.now)
        speaks = np.where(fires > 0, self.kind.with_rules, self.kind.without_rules)
        if not self.kind.fills:
            return day.now, day.everybody, speaks.astype(np.float32)
        own = np.where(fires[:, None] > 0, rules.fill(day.now), day.now)
        return own, rules.fill(day.everybody), speaks.astype(np.float32)


def neighbours(
    own: FloatArray, everybody: FloatArray, owners: LongArray, most: int
) -> NDArray[Any]:
    """Return how alike shoppers (s, V) and others (U, V) are, the `most` nearest: (s, U).

    s_un = max(r_u . r_n, 0) / (|r_u| |r_n|)        0 to oneself and to all but the nearest
    """
    alike = np.maximum(_unit(own) @ _unit(everybody).T, 0.0)
    alike[np.arange(len(own)), owners] = 0.0
    most = min(most, alike.shape[1])
    edge = np.partition(alike, -most, axis=1)[:, -most]
    return np.where(alike >= edge[:, None], alike, 0.0)


def _unit(ratings: FloatArray) -> FloatArray:
    lengths = np.linalg.norm(ratings, axis=1, keepdims=True)
    unit: FloatArray = ratings / np.maximum(lengths, _SMALLEST)
    return unit
