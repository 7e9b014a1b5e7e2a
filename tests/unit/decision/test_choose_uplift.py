"""Choosing by the lower bound of the lift; the ladder; what a shopper has seen; exploration."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from service.contract.history import EMPTY_HISTORY
from service.contract.uplift import Lift, Uplift
from service.decision.choice import NOTHING
from service.decision.choice_options import Option, alike
from service.decision.choice_pick import choose_popular, pick_by_lift
from service.decision.choose import Choice, Titling, choose_points
from service.decision.policy import PointSource, SellingPointPolicy
from service.decision.scorers import Scorers
from tests.unit.decision.shop import KNOWN, KnownPhrases, ask, product, snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.decision.terms import AdQuery

SHOP = snapshot(
    [product("1", "Coat", "warm lining", "soft wool", "made in Spain"), product("2", "Hat")],
    [],
)
EVEN = dict.fromkeys(("warm lining", "soft wool", "made in Spain"), 0.5)
NO_ERROR = ((0.0,) * 4,) * 4
NONE = Lift((), (), 1.0)


def lift(*coefficients: float, p_value: float = 0.0) -> Lift:
    size = len(coefficients)
    return Lift(coefficients, ((0.0,) * size,) * size, p_value)


# logits of .9, .6 and .5 are 2.2, .41 and 0
STEEP = lift(-1.0, 1.0, -1.0, 0.5)  # of the second less than of the first
UPLIFT = Uplift(STEEP, lift(-3.0, 1.0), 1000)


def choice(
    query: AdQuery,
    scores: Mapping[str, float],
    uplift: Uplift | None = UPLIFT,
    seed: int | None = None,
) -> tuple[list[str], Choice, KnownPhrases]:
    model = KnownPhrases(SHOP, {**EVEN, **scores}, uplift=uplift)
    (found,) = choose_points(
        [Titling(query, frozenset(), [0], seed=seed)], SHOP, Scorers(None, model)
    )
    (one,) = found.choices
    return [option.text for option, _ in one.picked], one, model


KNOWING = ask("gift", history=KNOWN)


def test_as_many_are_shown_as_add_something() -> None:
    # first: z - 1 > 0 from .73 on; second: z / 2 - 1 > 0 from .88 on
    for scores, shown in (
        ({}, []),
        ({"soft wool": 0.8}, ["soft wool"]),
        ({"soft wool": 0.8, "warm lining": 0.79}, ["soft wool"]),
        ({"soft wool": 0.9, "warm lining": 0.95}, ["warm lining", "soft wool"]),
    ):
        texts, one, _ = choice(KNOWING, scores)
        assert texts == shown
        assert one.reason == ("personal" if shown else "plain")


def test_what_is_not_certain_is_not_shown() -> None:
    # .9 adds 2.2 - 1 = 1.2, less 1.28 x .93 = .007; less 1.28 x .94 it is below 0
    for error, shown in ((0.93, ["soft wool"]), (0.94, [])):
        covariance = ((error**2, 0.0), (0.0, 0.0))
        unsure = replace(UPLIFT, personal=Lift((-1.0, 1.0), covariance, 0.0))
        assert choice(KNOWING, {"soft wool": 0.9}, unsure)[0] == shown


def test_more_than_was_learnt_about_is_never_shown() -> None:
    every = dict.fromkeys(EVEN, 0.99)
    three = replace(KNOWING.placement, selling_point_cap=3)
    assert len(choice(replace(KNOWING, placement=three), every)[0]) == 2
    assert len(choice(replace(KNOWING, placement=three), every, None)[0]) == 3


def test_the_ladder_goes_from_the_shopper_to_anybody_to_the_plain_title() -> None:
    well = {"soft wool": 0.97}  # logit 3.5
    stranger = ask("gift")
    texts, one, model = choice(stranger, well)
    assert (texts, one.reason) == (["soft wool"], "prior")
    assert choice(stranger, {"soft wool": 0.9})[0] == []  # 2.2 - 3 < 0
    unlearnt = replace(UPLIFT, personal=replace(STEEP, p_value=0.5))
    texts, one, model = choice(KNOWING, well, unlearnt)
    assert (texts, one.reason) == (["soft wool"], "prior")
    assert model.asked == [("gift", EMPTY_HISTORY, 3)]  # as if nobody asked
    texts, one, model = choice(KNOWING, well, Uplift(NONE, NONE, 0))
    assert (texts, one.reason, model.asked) == ([], "plain", [])
    assert choice(stranger, well, Uplift(STEEP, NONE, 9))[0] == []


def test_a_phrase_seen_often_gives_way_and_at_last_is_not_worth_it() -> None:
    both = {"soft wool": 0.80, "warm lining": 0.79}
    wool_seen = replace(KNOWING, shopper=replace(KNOWING.shopper, seen={"soft wool": 9}))
    heavy = replace(UPLIFT, weariness=0.1)
    assert choice(KNOWING, both, heavy)[0] == ["soft wool"]
    assert choice(wool_seen, both, heavy)[0] == ["warm lining"]  # .39 - .1 x ln 10 < .32
    only = {"soft wool": 0.7349}  # adds .02
    assert choice(KNOWING, only, UPLIFT)[0] == ["soft wool"]
    assert choice(wool_seen, only, UPLIFT)[0] == []  # less .01 x ln 10 = .023


def test_requests_on_all_rungs_are_answered_together_as_alone() -> None:
    shopper = replace(KNOWING.shopper, seen={"soft wool": 9})
    queries = [
        replace(KNOWING, policy=SellingPointPolicy(PointSource.COMMON)),
        replace(KNOWING, shopper=shopper),
        ask("gift"),
        KNOWING,
    ]
    scores = {"soft wool": 0.9, "warm lining": 0.89}
    heavy = replace(UPLIFT, prior=lift(-1.0, 1.0), weariness=0.1)
    alone = [choice(query, scores, heavy)[1] for query in queries]
    asked = [Titling(query, frozenset(), [1, 0]) for query in queries]
    model = KnownPhrases(SHOP, {**EVEN, **scores}, uplift=heavy)
    together = choose_points(asked, SHOP, Scorers(None, model))
    assert [found.choices[1] for found in together] == alone
    assert [one.reason for one in alone] == ["common", "personal", "prior", "personal"]
    firsts = [one.picked[0][0].text for one in alone]
    assert firsts[1:] == ["warm lining", "soft wool", "soft wool"]


def test_lots_are_drawn_for_known_shoppers_outside_experiments_only() -> None:
    share = replace(KNOWING, explored_share=1.0)
    scores = {"soft wool": 0.8}
    arms = {choice(share, scores, seed=seed * 977)[1].arm for seed in range(64)}
    assert arms == {"none", "popular_1", "random_1", "random_2"}
    nobody = replace(share, shopper=replace(share.shopper, user_id=None))
    two = replace(share, policy=SellingPointPolicy(most=2))
    for query, seed in ((share, None), (nobody, 7), (two, 7), (KNOWING, 7)):
        _, one, _ = choice(query, scores, seed=seed)
        assert (one.arm, one.propensity) == (None, 1.0)


def test_the_propensity_of_what_the_policy_shows_is_told() -> None:
    share = replace(KNOWING, explored_share=0.04)
    texts, one, _ = choice(share, {"soft wool": 0.8}, seed=12)
    assert (texts, one.arm) == (["soft wool"], None)
    # .96, and of the .04 a quarter of each: popular_1 is another, random_1 one in three
    assert one.propensity == pytest.approx(0.96 + 0.01 / 3, abs=2e-5)
    texts, one, _ = choice(share, {}, Uplift(NONE, NONE, 0), seed=12)
    assert texts == []
    assert one.propensity == pytest.approx(0.97, abs=2e-5)


def test_no_policy_of_points_shows_none() -> None:
    none = replace(KNOWING, policy=SellingPointPolicy(PointSource.NONE), explored_share=1.0)
    assert choice(none, {"soft wool": 0.99}, seed=3)[0] == []


def option(point: int, *words: int, locked: bool = False) -> Option:
    return Option(point, point, frozenset(words), locked)


def test_a_locked_point_takes_the_first_place_whatever_it_adds() -> None:
    options = [option(0, 1, locked=True), option(1, 2), option(2, 3)]
    bounds = [[-5.0, 1.0, 2.0], [-5.0, 0.1, -0.1]]
    picked = pick_by_lift(options, [0.1, 0.2, 0.3], bounds, 2)
    assert [one.point for one, _ in picked] == [0]  # beside it the next best, 2, adds nothing
    alone = pick_by_lift(options[:1], [0.1], [[-5.0], [-5.0]], 2)
    assert [one.point for one, _ in alone] == [0]
    bounds[1][2] = 0.1
    picked = pick_by_lift(options, [0.1, 0.2, 0.3], bounds, 2)
    assert [one.point for one, _ in picked] == [0, 2]


def test_of_two_that_mean_the_same_only_the_better_is_shown() -> None:
    soft_wool, merino_wool, light = option(0, 1, 2), option(1, 3, 2), option(2, 4)
    bounds = [[2.0, 3.0, 1.0], [1.0, 2.0, 0.5]]
    picked = pick_by_lift([soft_wool, merino_wool, light], [0.5] * 3, bounds, 3)
    assert [one.point for one, _ in picked] == [1, 2]
    assert [one.point for one, _ in pick_by_lift([soft_wool, merino_wool], [0.5] * 2,
                                                 [[2.0, 3.0], [1.0, 2.0]], 2)] == [1]  # fmt: skip


def test_of_nothing_nothing_is_popular() -> None:
    assert choose_popular((), 2) is NOTHING


def test_phrases_are_alike_that_share_half_of_the_shorter() -> None:
    assert alike(frozenset({1, 2}), frozenset({2, 3}))
    assert alike(frozenset({1}), frozenset({1, 2, 3, 4}))
    assert not alike(frozenset({1, 2, 3}), frozenset({3, 4, 5}))
    assert not alike(frozenset({1}), frozenset({2}))
