from __future__ import annotations

from collections import Counter
from itertools import combinations
from math import sqrt

import pytest

from service.decision.choice import NOTHING, Choice
from service.decision.choice_exploration import arms_within, cast_lots, chance, draw, explore
from service.decision.choice_options import Among, Option

# b is like c (a shared word); d is the most popular
A = Option(0, 0, frozenset({1}), text="a", popularity=3)
B = Option(1, 1, frozenset({2, 3}), text="b", popularity=1)
C = Option(2, 2, frozenset({3}), text="c", popularity=2)
D = Option(3, 3, frozenset({4}), text="d", popularity=9)
OPTIONS = (A, B, C, D)
AMONG = Among(OPTIONS)
SHARE = 0.2
DRAWS = 40_000


SCORES = (0.9, 0.5, 0.4, 0.3)


def explored(choice: Choice, seed: int, share: float = SHARE) -> Choice:
    return explore(choice, AMONG, SCORES, 2, cast_lots(share, seed, 2), 1)


@pytest.mark.parametrize("cap", [1, 2, 3])
def test_the_chances_of_all_that_may_be_drawn_add_up_to_one(cap: int) -> None:
    sets = [shown for size in range(4) for shown in combinations(OPTIONS, size)]
    assert sum(chance(shown, AMONG, cap) for shown in sets) == pytest.approx(1.0)
    assert chance((B, C), AMONG, cap) == 0.0  # alike
    assert min(chance(shown, AMONG, cap) for shown in sets) >= 0.0


@pytest.mark.parametrize("decided", [(), (A,), (A, D)])
def test_titles_are_drawn_as_often_as_their_propensity_says(decided: tuple[Option, ...]) -> None:
    seen: Counter[frozenset[str]] = Counter()
    told: dict[frozenset[str], float] = {}
    policy = Choice(tuple((one, 0.9) for one in decided), "personal")
    for seed in range(DRAWS):
        choice = explored(policy, seed * 977)
        shown = frozenset(option.text for option, _ in choice.picked)
        seen[shown] += 1
        told[shown] = choice.propensity
    assert len(told) == 10  # none, four alone, and five pairs: b and c are alike
    for shown, p in told.items():
        error = sqrt(p * (1 - p) / DRAWS)
        assert seen[shown] / DRAWS == pytest.approx(p, abs=4.5 * error)


def test_propensities_by_hand() -> None:
    # four arms of a quarter each; random_1 takes one of four
    assert chance((A,), AMONG, 2) == pytest.approx(1 / 4 / 4)
    assert chance((D,), AMONG, 2) == pytest.approx((1 + 1 / 4) / 4)  # the popular one, too
    assert chance((), AMONG, 2) == pytest.approx(1 / 4)
    # a, d: a first (1/4), then one of b, c, d; or d first, then one of a, b, c
    assert chance((A, D), AMONG, 2) == pytest.approx((1 / 4) * (2 / 3) / 4)
    # a, b: after b only a and d are left
    assert chance((B, A), AMONG, 2) == pytest.approx((1 / 4) * (1 / 3 + 1 / 2) / 4)
    # with a cap of one there are three arms
    assert chance((), AMONG, 1) == pytest.approx(1 / 3)
    # alone in the world: two are drawn, one is there
    assert chance((A,), Among((A,)), 2) == pytest.approx(3 / 4)
    # what is shown by the policy comes so often more
    choice = explored(Choice(((A, 0.9),), "personal"), 5, share=0.25)
    assert choice.arm is None
    assert choice.propensity == pytest.approx(0.75 + 0.25 / 16)


def test_what_was_drawn_is_named_and_the_same_seed_draws_the_same() -> None:
    seeds = range(0, 97_000, 97)
    drawn = [explored(NOTHING, seed, 1.0) for seed in seeds]
    assert drawn == [explored(NOTHING, seed, 1.0) for seed in seeds]
    arms = Counter(one.arm for one in drawn)
    assert set(arms) == set(arms_within(2)) == {"none", "popular_1", "random_1", "random_2"}
    assert min(arms.values()) > 200  # 250 expected
    assert {len(one.picked) for one in drawn if one.arm == "random_2"} == {2}
    assert {one.picked[0][0] for one in drawn if one.arm == "popular_1"} == {D}


def test_each_slot_has_a_lot_of_its_own() -> None:
    lots = cast_lots(0.04, 12_345, 9)
    assert len(set(lots.slots[:9])) == 9
    assert lots.share == pytest.approx(0.04, abs=2e-5)
    both = sum(
        max(cast_lots(0.3, seed, 2).slots[:2]) < 0.3 * 65_536 for seed in range(0, 970_000, 97)
    )
    assert both / 10_000 == pytest.approx(0.09, abs=0.013)  # of two, as often as by themselves


def test_a_share_of_none_explores_nothing() -> None:
    choice = Choice(((A, 0.9),), "personal")
    assert {explored(choice, seed, 0.0) for seed in range(200)} == {choice}


def test_an_explored_title_says_so_and_shows_the_better_score_first() -> None:
    for seed in range(0, 9_700, 97):
        one = explored(NOTHING, seed, 1.0)
        assert one.reason == ("explored" if one.picked else "plain")
        assert one.arm is not None
        scores = [score for _, score in one.picked]
        assert scores == sorted(scores, reverse=True)
        assert all(score == SCORES[option.point] for option, score in one.picked)


def test_a_number_draws_the_same_whatever_stands_around_it() -> None:
    assert draw(AMONG, 2, 2 + (1 << 8)).options == (B,)  # the third arm, the second option


def test_locked_points_are_not_left_to_lots() -> None:
    locked = Option(0, 0, frozenset({1}), locked=True)
    choice = Choice(((locked, 0.0),), "prior")
    lots = cast_lots(1.0, 5, 1)
    assert explore(choice, Among((locked, B)), (0.0, 0.0), 2, lots, 0) is choice
    assert explore(NOTHING, Among(()), (), 2, lots, 0) is NOTHING
