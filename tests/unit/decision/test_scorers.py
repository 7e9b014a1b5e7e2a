from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from service.decision.scorers import REHEARSED_ROWS, RankScores, Scorers, rehearse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.contract.arrays import FloatArray
    from service.decision.scorers import Question


@dataclass
class Asked:
    """Remembers how many rows it was asked about, and by whom."""

    model: str = "asked@1:00000000"
    uplift: None = None
    rows: list[int] = field(default_factory=list)
    strangers: list[bool] = field(default_factory=list)

    def note(self, questions: Sequence[Question]) -> FloatArray:
        self.rows += [len(one.rows) for one in questions]
        self.strangers += [not one.history.queries for one in questions]
        return np.zeros(sum(len(one.rows) for one in questions), np.float32)


class AskedRanker(Asked):
    def score(self, questions: Sequence[Question]) -> RankScores:
        return RankScores(self.note(questions), np.zeros(0, np.float32))


class AskedPhrases(Asked):
    def score(self, questions: Sequence[Question]) -> FloatArray:
        return self.note(questions)


def test_every_model_is_asked_about_some_of_its_rows_for_somebody_known() -> None:
    ranker, phrases = AskedRanker(), AskedPhrases()
    rehearse(Scorers(ranker, phrases), 7, 10 * REHEARSED_ROWS)
    assert (ranker.rows, phrases.rows) == ([7], [REHEARSED_ROWS])
    assert ranker.strangers + phrases.strangers == [False, False]


def test_a_model_without_rows_is_not_asked() -> None:
    ranker, phrases = AskedRanker(), AskedPhrases()
    rehearse(Scorers(ranker, phrases), 0, 0)
    rehearse(Scorers(), 7, 7)
    assert (ranker.rows, phrases.rows) == ([], [])
