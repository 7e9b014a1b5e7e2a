from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

import numpy as np
import pytest

from service.decision.eligible import pick_candidates
from service.decision.rank import linear_p_click, rank, squash, to_ppm
from service.decision.retrieve import retrieve
from service.decision.scorers import Scorers
from service.decision.terms import PPM
from service.errors import ScorerError
from tests.unit.decision.shop import (
    TOP,
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


def test_the_placement_squashes_what_weighs_and_leaves_what_is_recorded() -> None:
    # square roots: 0.04 -> 0.2, 0.25 -> 0.5
    squashed = ask("socks", placement=replace(TOP, squash_ppm=500_000))
    both, plain = rank(
        [CANDIDATES, CANDIDATES], [squashed, QUERY], known(SHOP, {"1": 0.04, "2": 0.25})
    )
    assert both.quality_ppm.tolist() == plain.quality_ppm.tolist() == [40_000, 250_000]
    assert both.rate_ppm.tolist() == [200_000, 500_000]
    assert plain.rate_ppm.tolist() == [40_000, 250_000]
    (line,) = rank([CANDIDATES], [squashed], Scorers())
    assert line.quality_ppm.tolist() == [50_000, 50_000]
    assert line.rate_ppm.tolist() == [223_607, 223_607]  # 1,000,000 x 0.05 ** 0.5


def test_squashing_keeps_the_order_and_ends_in_none_at_all() -> None:
    quality = np.array([1, 2, 1_000, 999_999, PPM])
    assert squash(quality, 0).tolist() == [PPM] * 5
    assert squash(quality, PPM) is quality
    for power in range(0, PPM, 9_973):
        rates = squash(quality, power)
        assert (np.diff(rates) >= 0).all()
        assert (rates >= quality).all()
        assert rates[-1] == PPM


def test_squashing_equals_sixty_digits() -> None:
    quality = np.arange(1, PPM, 7_919)
    with localcontext(prec=60):
        for power in (250_000, 333_333, 700_001):
            exact = [
                round(PPM * (Decimal(one) / PPM) ** (Decimal(power) / PPM))
                for one in quality.tolist()
            ]
            assert squash(quality, power).tolist() == exact
