"""What a peer is, and all that it may look at."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from training.peers.columns import Table, expect, make_table
from training.peers.ratings import Ratings
from training.peers.shop import Shop
from training.peers.word_axes import WordAxes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray, LongArray
    from training.lab.split import Split
    from training.peers.past import Pasts


@dataclass(frozen=True)
class Evidence:
    """Everything known of the feature words shown, made once for all peers."""

    shop: Shop
    pasts: Pasts
    axes: WordAxes
    _ratings: dict[float, Ratings] = field(default_factory=dict)

    @classmethod
    def of(cls, split: Split, *, seed: int = 0) -> Evidence:
        """Read the logs of `split`; what is fitted here is fitted to its learnt part."""
        shop = Shop.of(split)
        return cls(shop, expect(shop), WordAxes.of(shop.held, seed=seed))

    @cached_property
    def table(self) -> Table:
        """The columns that every peer gets."""
        return make_table(self.shop, self.pasts, self.axes)

    def ratings(self, half_life_days: float) -> Ratings:
        """Return how shoppers rate words with a half-life; made once for all peers."""
        if half_life_days not in self._ratings:
            self._ratings[half_life_days] = Ratings.of(self.pasts, half_life_days)
        return self._ratings[half_life_days]

    def columns(self, names: Iterable[str], rows: LongArray) -> FloatArray:
        """Return columns of the table (n, c) at `rows` (n,)."""
        return self.table.of(names, rows)

    def clicks(self, rows: LongArray) -> FloatArray:
        """Return what was clicked at `rows` (n,): 0 or 1."""
        found: FloatArray = self.shop.facets.clicks[rows]
        return found


class Peer(Protocol):
    """A contender: it is fitted to rows of the log, and scores others."""

    @property
    def name(self) -> str:
        """What it is called in tables."""

    def fit(self, rows: LongArray) -> None:
        """Learn from `rows` (n,) of the learnt part, in order of time, tuning included."""

    def score(self, rows: LongArray) -> NDArray[np.float64]:
        """Return what it expects of `rows` (m,): more for a likelier click."""


class Build(Protocol):
    """Makes a peer."""

    def __call__(self, evidence: Evidence, *, seed: int) -> Peer:
        """Return the peer, not fitted yet."""


def as_scores(values: Any) -> NDArray[np.float64]:
    """Return scores as numbers of one kind (n,)."""
    return np.asarray(values, np.float64).reshape(-1)
