"""What the policy of an experiment's arm makes of the choice of selling points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service.decision.choose import Titling, choose_points
from service.decision.decide import decide
from service.decision.policy import Highlight, PointSource, SellingPointPolicy
from service.decision.scorers import Scorers
from service.decision.terms import Micros, Placement
from tests.unit.decision.shop import (
    KNOWN,
    TOP,
    Broken,
    KnownPhrases,
    ask,
    campaign,
    known,
    product,
    snapshot,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.decision.choose import Choice

# of three products all are soft wool, two say wool, one is warm and has a red seam
SHOP = snapshot(
    [
        product("1", "Coat", "warm lining", "soft wool", "red seam", "wool"),
        product("2", "Hat", "soft wool", "wool"),
        product("3", "Sock", "soft wool"),
    ],
    [campaign("one", "gift")],
)
SCORES = {"warm lining": 0.3, "soft wool": 0.1, "red seam": 0.9, "wool": 0.2}
MODEL = Scorers(None, KnownPhrases(SHOP, SCORES))


def shown(
    policy: SellingPointPolicy, scorers: Scorers = MODEL, placement: Placement = TOP
) -> tuple[Sequence[Choice], tuple[str, ...]]:
    query = ask("gift", history=KNOWN, policy=policy, placement=placement)
    (found,) = choose_points([Titling(query, frozenset(), [0, 1, 2])], SHOP, scorers)
    return found.choices, found.degraded


def texts(choices: Sequence[Choice]) -> list[list[str]]:
    return [[one.text for one, _ in choice.picked] for choice in choices]


def test_common_points_are_what_most_products_say_whoever_asks() -> None:
    choices, degraded = shown(SellingPointPolicy(PointSource.COMMON))
    # "wool" says nothing beside "soft wool"
    assert texts(choices) == [["soft wool", "warm lining"], ["soft wool"], ["soft wool"]]
    assert [score for _, score in choices[0].picked] == [3.0, 1.0]
    assert [choice.reason for choice in choices] == ["common"] * 3
    assert degraded == ()


@pytest.mark.parametrize("scorers", [Scorers(), Scorers(None, Broken())])  # type: ignore[arg-type]
def test_common_points_need_no_model(scorers: Scorers) -> None:
    assert shown(SellingPointPolicy(PointSource.COMMON), scorers) == shown(
        SellingPointPolicy(PointSource.COMMON)
    )


@pytest.mark.parametrize(("most", "count"), [(0, 0), (1, 1), (2, 2), (3, 3)])
def test_the_policy_says_how_many_at_most(most: int, count: int) -> None:
    choices, _ = shown(SellingPointPolicy(PointSource.COMMON, most))
    assert len(choices[0].picked) == count
    best = texts(shown(SellingPointPolicy(most=most))[0])[0]
    assert best == ["red seam"][:count]  # of .9 .3 .2 .1 only .9 is above the mean


def test_no_source_is_plain_and_not_degraded() -> None:
    choices, degraded = shown(SellingPointPolicy(PointSource.NONE), Scorers())
    assert (texts(choices), degraded) == ([[], [], []], ())
    assert [choice.reason for choice in choices] == ["plain"] * 3


def test_a_placement_without_points_stays_plain() -> None:
    plain = Placement("footer", "web", 4, Micros(10_000), selling_point_cap=0)
    assert texts(shown(SellingPointPolicy(PointSource.COMMON, 3), placement=plain)[0]) == [[]] * 3


def test_a_decision_without_highlights_says_the_same_words() -> None:
    scorers = known(SHOP, {"1": 0.3, "2": 0.2, "3": 0.1}, SCORES)
    titles = []
    for highlight in Highlight:
        policy = SellingPointPolicy(PointSource.COMMON, highlight=highlight)
        decision = decide(
            ask("gift", policy=policy), SHOP, scorers, now=1.0, seed=1, spent_out=frozenset()
        )
        titles.append([awarded.title for awarded in decision.awards])
    assert [one.text for one in titles[0]] == [one.text for one in titles[1]]
    assert [any(part.highlight for part in one.parts) for one in titles[0]] == [True] * 3
    assert [any(part.highlight for part in one.parts) for one in titles[1]] == [False] * 3


def test_requests_of_different_arms_are_decided_together_as_alone() -> None:
    policies = [SellingPointPolicy(source, 1) for source in PointSource] + [SellingPointPolicy()]
    titlings = [
        Titling(ask("gift", history=KNOWN, policy=policy), frozenset(), [0, 1, 2])
        for policy in policies
    ]
    together = choose_points(titlings, SHOP, MODEL)
    assert together == [choose_points([one], SHOP, MODEL)[0] for one in titlings]
    assert [texts(one.choices)[0] for one in together] == [
        [],
        ["soft wool"],
        ["red seam"],
        ["red seam"],
    ]
