"""What the decision needs of trained models; `inference` stands behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from service.contract.arrays import FloatArray, IntArray
    from service.contract.history import History


@dataclass(frozen=True, slots=True)
class RankScores:
    """Calibrated probabilities in the first slot, one per candidate: both (N,)."""

    p_click: FloatArray
    p_conversion: FloatArray  # after a click


class Ranker(Protocol):
    """Says how probable a click on each product is, for this shopper and query."""

    @property
    def model(self) -> str:
        """The model behind the scores, as name@version:sha8."""
        ...

    def score(self, query: str, history: History, products: IntArray) -> RankScores:
        """Score `products` (N,), rows of the snapshot's product table.

        Raises:
            ScorerError: there are no usable scores.
        """
        ...


class PhraseScorer(Protocol):
    """Says how much each phrase appeals, for this shopper and query."""

    @property
    def model(self) -> str:
        """The model behind the scores, as name@version:sha8."""
        ...

    def score(self, query: str, history: History, phrases: IntArray) -> FloatArray:
        """Score `phrases` (N,), rows of the snapshot's phrase table: (N,) in 0..1.

        Raises:
            ScorerError: there are no usable scores.
        """
        ...


@dataclass(frozen=True, slots=True)
class Scorers:
    """The models in use. Where one is missing, the decision goes on without it."""

    ranker: Ranker | None = None
    phrases: PhraseScorer | None = None
