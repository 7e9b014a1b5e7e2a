from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from service.decision.eligible import pick_candidates
from service.decision.rank import linear_p_click, rank, to_ppm
from service.decision.retrieve import retrieve
from service.decision.scorers import Scorers
from service.errors import ScorerError
from tests.unit.decision.shop import (
    Broken,
    KnownRanker,
    ask,
    campaign,
    known,
    product,
    snapshot,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.decision.scorers import Question, RankScores

SHOP = snapshot(
    [product("1", "Wool Socks"), product("2", "Red Wool Socks")], [campaign("one", "socks")]
)
QUERY = ask("socks")
CANDIDATES = pick_candidates(retrieve(QUERY, SHOP), QUERY, SHOP, now=0.0, spent_out=frozenset())


def test_the_rankers_probability_becomes_parts_per_million() -> None:
    (ranked,) = rank([CANDIDATES], [QUERY], known(SHOP, {"1": 0.05, "2": 0.125}))
    assert (ranked.quality_ppm.tolist(), ranked.degraded) == ([50_000, 125_000], ())


def test_quality_is_never_zero_nor_above_one() -> None:
    assert to_ppm(np.array([0.0, -1.0, 1e-9, 0.5, 1.0, 7.0], np.float32)).tolist() == [
        1,
        1,
        1,
        500_000,
        1_000_000,
        1_000_000,
    ]
    with pytest.raises(ScorerError, match="not a number"):
        to_ppm(np.array([0.5, np.nan]))


def test_a_straight_line_stands_in() -> None:
    assert linear_p_click(np.array([0.0, 1.0, 1.2])) == pytest.approx([0.005, 0.05, 0.059])
    # both cover the query "socks" by a broad keyword: lexical 1, so 5 %
    for scorers in (
        Scorers(),
        Scorers(ranker=Broken()),
        known(SHOP, {"1": np.nan, "2": 0.1}),
    ):
        (ranked,) = rank([CANDIDATES], [QUERY], scorers)
        assert (ranked.quality_ppm.tolist(), ranked.degraded) == (
            [50_000, 50_000],
            ("linear_rank",),
        )


def test_requests_are_ranked_together_and_each_gets_its_own() -> None:
    ranker = KnownRanker(SHOP, {"1": 0.05, "2": 0.125})
    one_ad = pick_candidates(
        retrieve(QUERY, SHOP),
        ask("socks", excluded_products=frozenset({"1"})),
        SHOP,
        now=0.0,
        spent_out=frozenset(),
    )
    both, one = rank([CANDIDATES, one_ad], [QUERY, QUERY], Scorers(ranker))
    assert both.quality_ppm.tolist() == [50_000, 125_000]
    assert one.quality_ppm.tolist() == [125_000]
    assert rank([], [], Scorers(ranker)) == []


def test_a_request_that_breaks_the_model_spoils_no_other() -> None:
    class Picky(KnownRanker):
        def score(self, questions: Sequence[Question]) -> RankScores:
            if any(one.query == "poison" for one in questions):
                raise ScorerError("poison")
            return super().score(questions)

    scorers = Scorers(Picky(SHOP, {"1": 0.05, "2": 0.125}))
    poisoned, well = rank([CANDIDATES] * 2, [ask("poison"), QUERY], scorers)
    assert (poisoned.quality_ppm.tolist(), poisoned.degraded) == (
        [50_000, 50_000],
        ("linear_rank",),
    )
    assert (well.quality_ppm.tolist(), well.degraded) == ([50_000, 125_000], ())
