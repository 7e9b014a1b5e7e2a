from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.contract.history import EMPTY_HISTORY, History
from service.decision.choose import Choice, Option, Titling, choose_points, is_known, pick
from service.decision.scorers import Scorers
from service.decision.terms import Micros, Placement
from service.errors import ScorerError
from tests.unit.decision.shop import (
    KNOWN,
    Broken,
    KnownPhrases,
    ask,
    product,
    snapshot,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.contract.arrays import FloatArray
    from service.decision.scorers import Question
    from service.decision.snapshot import Snapshot

SHOP = snapshot(
    [
        product("1", "Coat", "warm lining", "soft wool", "wool"),
        product("2", "Hat", "soft wool", "made in Spain"),
        product("3", "Bag"),
    ],
    [],
)
SCORES = {"warm lining": 0.9, "soft wool": 0.8, "wool": 0.3, "made in Spain": 0.1}


def texts(choices: Sequence[Choice], shop: Snapshot = SHOP) -> list[list[str]]:
    return [[shop.phrases.texts[one.phrase] for one, _ in choice.picked] for choice in choices]


def chosen(titling: Titling, scorers: Scorers) -> tuple[Sequence[Choice], tuple[str, ...]]:
    (found,) = choose_points([titling], SHOP, scorers)
    return found.choices, found.degraded


def words(*names: str) -> frozenset[int]:
    return frozenset(SHOP.words.texts.find(name) for name in names)


def test_the_best_points_are_picked_in_one_call_for_all_winners() -> None:
    model = KnownPhrases(SHOP, SCORES)
    query = ask("gift", history=KNOWN)
    choices, degraded = chosen(Titling(query, frozenset(), [0, 1, 2]), Scorers(None, model))
    # means: coat (.9 + .8 + .3) / 3 = .67, hat (.8 + .1) / 2 = .45
    assert texts(choices) == [["warm lining", "soft wool"], ["soft wool"], []]
    assert [choice.reason for choice in choices] == ["personal", "personal", "plain"]
    assert choices[0].picked[0][1] == pytest.approx(0.9)
    assert degraded == ()
    assert model.asked == [("gift", KNOWN, 5)]


def test_a_shopper_unknown_gets_what_most_like() -> None:
    model = KnownPhrases(SHOP, SCORES)
    choices, _ = chosen(Titling(ask("gift"), frozenset(), [1]), Scorers(None, model))
    assert (texts(choices), choices[0].reason) == ([["soft wool"]], "prior")
    assert model.asked == [("gift", EMPTY_HISTORY, 2)]


def test_a_phrase_of_the_querys_words_is_no_option() -> None:
    scorers = Scorers(None, KnownPhrases(SHOP, SCORES))
    choices, _ = chosen(Titling(ask("soft wools"), words("soft", "wool"), [1]), scorers)
    assert texts(choices) == [["made in Spain"]]


def test_no_model_or_a_broken_one_leaves_plain_titles() -> None:
    nan = KnownPhrases(SHOP, dict.fromkeys(SCORES, float("nan")))
    for model in (None, Broken(), nan):
        scorers = Scorers(None, model)  # type: ignore[arg-type]
        choices, degraded = chosen(Titling(ask("gift"), frozenset(), [0, 1]), scorers)
        assert (texts(choices), degraded) == ([[], []], ("plain_titles",))
        assert [choice.reason for choice in choices] == ["plain", "plain"]


def test_no_points_or_a_cap_of_none_need_no_model() -> None:
    bare = Placement("bare", "web", 4, Micros(1), selling_point_cap=0)
    plain = [Choice((), "plain")]
    assert chosen(Titling(ask("gift"), frozenset(), [2]), Scorers()) == (plain, ())
    query = ask("gift", placement=bare)
    assert chosen(Titling(query, frozenset(), [0]), Scorers()) == (plain, ())


def test_requests_are_asked_together_and_each_gets_its_own() -> None:
    model = KnownPhrases(SHOP, SCORES)
    bare = Placement("bare", "web", 4, Micros(1), selling_point_cap=0)
    asked = [
        Titling(ask("gift", history=KNOWN), frozenset(), [1]),
        Titling(ask("other", placement=bare), frozenset(), [0, 1]),
        Titling(ask("third"), frozenset(), [2, 0]),
    ]
    first, second, third = choose_points(asked, SHOP, Scorers(None, model))
    assert texts(first.choices) == [["soft wool"]]
    assert texts(second.choices) == [[], []]
    assert texts(third.choices) == [[], ["warm lining", "soft wool"]]
    assert [one.choices[-1].reason for one in (first, second, third)] == [
        "personal",
        "plain",
        "prior",
    ]
    # each had its own share of one call
    assert model.asked == [
        ("gift", KNOWN, 2),
        ("other", EMPTY_HISTORY, 0),
        ("third", EMPTY_HISTORY, 3),
    ]
    assert choose_points([], SHOP, Scorers(None, model)) == []


def test_a_request_that_breaks_the_model_spoils_no_other() -> None:
    class Picky(KnownPhrases):
        def score(self, questions: Sequence[Question]) -> FloatArray:
            if any(one.query == "poison" for one in questions):
                raise ScorerError("poison")
            return super().score(questions)

    asked = [Titling(ask(query), frozenset(), [1]) for query in ("poison", "gift")]
    poisoned, well = choose_points(asked, SHOP, Scorers(None, Picky(SHOP, SCORES)))
    assert (texts(poisoned.choices), poisoned.degraded) == ([[]], ("plain_titles",))
    assert (texts(well.choices), well.degraded) == ([["soft wool"]], ())


def option(phrase: int, *its_words: int) -> Option:
    return Option(phrase, phrase, frozenset(its_words))


def test_picked_points_do_not_hold_one_another() -> None:
    wool, soft_wool, warm = option(0, 1), option(1, 1, 2), option(2, 3)
    assert pick([wool, soft_wool, warm], [0.9, 0.8, 0.7], cap=3) == ((wool, 0.9),)  # mean .8
    assert pick([soft_wool, wool, warm], [0.9, 0.9, 0.9], cap=3) == ((soft_wool, 0.9), (warm, 0.9))


def test_the_cap_and_the_mean_are_kept() -> None:
    one, two, three = option(0, 1), option(1, 2), option(2, 3)
    assert pick([one, two, three], [0.5, 0.5, 0.5], cap=2) == ((one, 0.5), (two, 0.5))
    assert pick([one, two], [0.2, 0.4], cap=2) == ((two, 0.4),)
    assert pick([], [], cap=2) == ()
    third = 0.3957637388044156  # three of them divided by three are more
    assert len(pick([one, two, three], [third] * 3, cap=3)) == 3


@given(
    st.lists(st.tuples(st.frozensets(st.integers(0, 4), min_size=1), st.floats(0, 1)), max_size=8),
    st.integers(1, 3),
)
def test_any_pick_is_diverse_best_first_and_never_empty(
    drawn: list[tuple[frozenset[int], float]], cap: int
) -> None:
    options = [Option(n, n, its_words) for n, (its_words, _) in enumerate(drawn)]
    scores = [score for _, score in drawn]
    picked = pick(options, scores, cap)
    assert len(picked) <= cap
    assert bool(picked) == bool(options)
    assert [score for _, score in picked] == sorted((score for _, score in picked), reverse=True)
    for at, (one, _) in enumerate(picked):
        assert not any(one.words <= other.words for other, _ in picked[:at])


def test_any_trace_of_a_shopper_makes_them_known() -> None:
    assert not is_known(EMPTY_HISTORY)
    for field in ("feature_words", "titles", "queries"):
        assert is_known(
            History(**{"feature_words": (), "titles": (), "queries": (), field: (("x", 1.0),)})
        )
