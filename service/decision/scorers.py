"""What the decision needs of trained models; `inference` stands behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from service.contract.history import History

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.contract.arrays import FloatArray, IntArray
    from service.contract.uplift import Uplift

REHEARSED_ROWS: Final = 100
_SOMEBODY: Final = History(queries=(("warm up", 0.0),))  # answers to strangers are remembered


@dataclass(frozen=True, slots=True)
class Question:
    """What one request asks of a model: how its candidates do with this shopper and query."""

    query: str
    history: History
    rows: IntArray  # (N,) of the snapshot's product table, or of its phrase table


@dataclass(frozen=True, slots=True)
class RankScores:
    """Calibrated probabilities in the first slot, one per candidate: both (N,)."""

    p_click: FloatArray
    p_conversion: FloatArray  # after a click


class Ranker(Protocol):
    """Says how probable a click on each product is, for a shopper and a query."""

    @property
    def model(self) -> str:
        """The model behind the scores, as name@version:sha8."""
        ...

    def score(self, questions: Sequence[Question]) -> RankScores:
        """Score the products of all `questions` together, one question after the other.

        Raises:
            ScorerError: there are no usable scores.
        """
        ...


class PhraseScorer(Protocol):
    """Says how much each phrase appeals, for a shopper and a query."""

    @property
    def model(self) -> str:
        """The model behind the scores, as name@version:sha8."""
        ...

    @property
    def uplift(self) -> Uplift | None:
        """What was learnt of scores and clicks on titles, if anything was."""
        ...

    def score(self, questions: Sequence[Question]) -> FloatArray:
        """Score the phrases of all `questions` together in 0..1, one question after the other.

        Raises:
            ScorerError: there are no usable scores.
        """
        ...


@dataclass(frozen=True, slots=True)
class Scorers:
    """The models in use. Where one is missing, the decision goes on without it."""

    ranker: Ranker | None = None
    phrases: PhraseScorer | None = None


def rehearse(scorers: Scorers, products: int, phrases: int) -> None:
    """Ask every model about rows of tables of these sizes, as no answer of before tells it.

    Raises:
        ScorerError: a model gives no usable scores.
    """
    if scorers.ranker and products:
        scorers.ranker.score([Question("warm up", _SOMEBODY, _first(products))])
    if scorers.phrases and phrases:
        scorers.phrases.score([Question("warm up", _SOMEBODY, _first(phrases))])


def _first(size: int) -> IntArray:
    return np.arange(min(size, REHEARSED_ROWS), dtype=np.int32)
