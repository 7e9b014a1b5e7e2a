from __future__ import annotations

from collections import Counter
from itertools import combinations
from math import sqrt

import pytest

from service.decision.choice import NOTHING, Choice
from service.decision.choice_exploration import Slot, arms_within, chance, draw, explore
from service.decision.choice_options import Option

# b is like c (a shared word); d is the most popular
A = Option(0, 0, frozenset({1}), text="a", popularity=3)
B = Option(1, 1, frozenset({2, 3}), text="b", popularity=1)
C = Option(2, 2, frozenset({3}), text="c", popularity=2)
D = Option(3, 3, frozenset({4}), text="d", popularity=9)
OPTIONS = (A, B, C, D)
SHARE = 0.2
DRAWS = 40_000


def every_set(size: int) -> list[tuple[int, ...]]:
    return [places for n in range(size + 1) for places in combinations(range(len(OPTIONS)), n)]


@pytest.mark.parametrize("cap", [1, 2])
@pytest.mark.parametrize("decided", [(), (0,), (1,), (0, 3)])
def test_the_chances_of_all_that_may_be_shown_add_up_to_one(
    decided: tuple[int, ...], cap: int
) -> None:
    chances = {shown: chance(shown, decided, OPTIONS, cap, SHARE) for shown in every_set(2)}
    assert sum(chances.values()) == pytest.approx(1.0)
    assert chances[1, 2] == 0.0  # alike
    assert min(chances.values()) >= 0.0


def test_titles_are_drawn_as_often_as_their_propensity_says() -> None:
    seen: Counter[tuple[int, ...]] = Counter()
    told: dict[tuple[int, ...], float] = {}
    for seed in range(DRAWS):
        decided = Choice(((A, 0.9),), "personal")
        choice = explore(decided, OPTIONS, (0.9, 0.5, 0.4, 0.3), 2, Slot(SHARE, seed * 977, 1))
        shown = tuple(sorted(option.point for option, _ in choice.picked))
        seen[shown] += 1
        told[shown] = choice.propensity
    assert len(told) == 10  # none, four alone, and five pairs: b and c are alike
    for shown, p in told.items():
        error = sqrt(p * (1 - p) / DRAWS)
        assert seen[shown] / DRAWS == pytest.approx(p, abs=4.5 * error)


def test_propensities_by_hand() -> None:
    # four arms; a alone: policy .8, and by lot 1/4 of the four once
    assert chance((0,), (0,), OPTIONS, 2, SHARE) == pytest.approx(0.8 + 0.2 / 4 / 4)
    # d alone is the popular one, too
    assert chance((3,), (0,), OPTIONS, 2, SHARE) == pytest.approx(0.2 / 4 * (1 + 1 / 4))
    assert chance((), (0,), OPTIONS, 2, SHARE) == pytest.approx(0.2 / 4)
    # a, d: a first (1/4), then one of b, c, d; or d first, then one of a, b, c
    assert chance((0, 3), (), OPTIONS, 2, SHARE) == pytest.approx(0.2 / 4 * (1 / 4) * (2 / 3))
    # a, b: after b only a and d are left
    assert chance((0, 1), (), OPTIONS, 2, SHARE) == pytest.approx(0.2 / 4 / 4 * (1 / 3 + 1 / 2))
    # with a cap of one there are three arms
    assert chance((), (), OPTIONS, 1, SHARE) == pytest.approx(0.8 + 0.2 / 3)
    # alone in the world: two are drawn, one is there
    assert chance((0,), (), (A,), 2, SHARE) == pytest.approx(0.2 * 3 / 4)


def test_what_was_drawn_is_named_and_the_same_seed_draws_the_same() -> None:
    drawn = [draw(OPTIONS, 2, Slot(1.0, seed, 0)) for seed in range(0, 97_000, 97)]
    assert drawn == [draw(OPTIONS, 2, Slot(1.0, seed, 0)) for seed in range(0, 97_000, 97)]
    arms = Counter(one.arm for one in drawn if one is not None)
    assert set(arms) == set(arms_within(2)) == {"none", "popular_1", "random_1", "random_2"}
    assert min(arms.values()) > 200  # 250 expected
    assert all(len(one.places) == 2 for one in drawn if one and one.arm == "random_2")
    assert {one.places for one in drawn if one and one.arm == "popular_1"} == {(3,)}
    other = [draw(OPTIONS, 2, Slot(1.0, seed, 1)) for seed in range(0, 97_000, 97)]
    assert other != drawn  # each slot has lots of its own


def test_a_share_of_none_explores_nothing() -> None:
    choice = Choice(((A, 0.9),), "personal")
    for seed in range(200):
        assert draw(OPTIONS, 2, Slot(0.0, seed, 0)) is None
        assert explore(choice, OPTIONS, (0.9, 0.5, 0.4, 0.3), 2, Slot(0.0, seed, 0)) == choice


def test_an_explored_title_says_so_and_shows_the_better_score_first() -> None:
    choices = [
        explore(NOTHING, OPTIONS, (0.1, 0.2, 0.3, 0.4), 2, Slot(1.0, seed, 0))
        for seed in range(0, 9_700, 97)
    ]
    for one in choices:
        assert one.reason == ("explored" if one.picked else "plain")
        assert one.arm is not None
        scores = [score for _, score in one.picked]
        assert scores == sorted(scores, reverse=True)


def test_locked_points_are_not_left_to_lots() -> None:
    locked = Option(0, 0, frozenset({1}), locked=True)
    choice = Choice(((locked, 0.0),), "prior")
    assert explore(choice, (locked, B), (0.0, 0.0), 2, Slot(1.0, 5, 0)) is choice
    assert explore(NOTHING, (), (), 2, Slot(1.0, 5, 0)) is NOTHING
