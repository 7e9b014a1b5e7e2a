"""What people said of selling points, from the product to the title."""

from __future__ import annotations

import numpy as np
import pytest

from service.decision.attest import attest, states_of, telling
from service.decision.choose import PLAIN, PRIOR, Option, Titling, choose_points, pick
from service.decision.language import language_of
from service.decision.live import Live, with_bans
from service.decision.reading import Readings
from service.decision.scorers import Scorers
from service.decision.show import selling_point
from service.decision.snapshot import Catalogue, Snapshot, build_snapshot
from service.decision.verdicts import PointState, Verdict
from tests.unit.decision.shop import STORE, TOP, Broken, ads, ask, campaign, known, product

ENGLISH = language_of("en")
SOFA = product("1", "Sofa", "wide arms", "solid oak", "soft wool")
APPROVED, LOCKED, BANNED = PointState.APPROVED, PointState.LOCKED, PointState.BANNED


def said(text: str, state: PointState) -> Verdict:
    return Verdict(f"sp_{text}", text, state)


def texts(*verdicts: Verdict) -> list[str]:
    return [point.text for point in attest(SOFA, ENGLISH, verdicts)]


def test_banned_points_go_and_locked_ones_stand_first() -> None:
    assert texts() == ["wide arms", "solid oak", "soft wool"]
    assert texts(said("solid oak", BANNED)) == ["wide arms", "soft wool"]
    assert texts(said("soft wool", LOCKED)) == ["soft wool", "wide arms", "solid oak"]
    assert texts(said("soft wool", APPROVED)) == ["wide arms", "solid oak", "soft wool"]
    locked = attest(SOFA, ENGLISH, [said("soft wool", LOCKED)])
    assert [point.locked for point in locked] == [True, False, False]


@pytest.mark.parametrize("spelled", ["Solid Oak", "SOLID  OAK!", "solid oaks", "oak, solid"])
def test_a_verdict_holds_for_other_spellings(spelled: str) -> None:
    assert texts(said(spelled, BANNED)) == ["wide arms", "soft wool"]


def test_a_verdict_on_what_the_product_does_not_say_does_nothing() -> None:
    assert texts(said("leather", LOCKED), said("oak", BANNED)) == texts()


def test_of_several_verdicts_on_one_phrase_the_strictest_counts() -> None:
    both = [said("Solid Oak", BANNED), said("solid oak", LOCKED), said("solid oak", APPROVED)]
    for verdicts in (both, both[::-1]):
        assert states_of(verdicts, ENGLISH)[telling("solid oak", ENGLISH)] == BANNED


def test_a_ban_makes_room_and_a_lock_is_not_cut_off() -> None:
    many = product("1", "Sofa", *(f"word{number} trait{number}" for number in range(40)))
    first = [point.text for point in attest(many, ENGLISH)]
    assert first[-1] == "word31 trait31"
    ban = attest(many, ENGLISH, [said("word0 trait0", BANNED)])
    assert (ban[0].text, ban[-1].text) == ("word1 trait1", "word32 trait32")
    lock = attest(many, ENGLISH, [said("word39 trait39", LOCKED)])
    assert (lock[0].text, len(lock)) == ("word39 trait39", 32)


def test_a_product_is_read_anew_when_something_was_said() -> None:
    readings = Readings()
    (before,) = readings.of([SOFA], STORE, ENGLISH)
    (same,) = readings.of([SOFA], STORE, ENGLISH, {})
    assert same is before
    verdicts = {"1": (said("solid oak", BANNED),)}
    (after,) = readings.of([SOFA], STORE, ENGLISH, verdicts)
    assert [point.text for point in after.points] == ["wide arms", "soft wool"]
    (kept,) = readings.of([SOFA], STORE, ENGLISH, {"1": (said("solid oak", BANNED),)})
    assert kept is after


def snapshot(*verdicts: Verdict) -> Snapshot:
    all_sofas = campaign("all", "sofa")
    listed = ads(all_sofas, SOFA)
    catalogue = Catalogue(STORE, 7, [SOFA], [all_sofas], listed, [TOP], (), {"1": verdicts})
    return build_snapshot(catalogue)


SCORES = {"wide arms": 0.9, "solid oak": 0.8, "soft wool": 0.1}


def shown(of: Snapshot, scorers: Scorers | None = None, query: str = "sofa") -> list[str]:
    scorers = scorers or known(of, {}, SCORES)
    words = frozenset(of.words.texts.find(word) for word in of.language.words(query))
    (found,) = choose_points([Titling(ask(query), words, [0])], of, scorers)
    return [selling_point("1", option.point, of).text for option, _ in found.choices[0].picked]


def test_a_locked_point_is_shown_first_however_it_scores() -> None:
    assert shown(snapshot()) == ["wide arms", "solid oak"]
    assert shown(snapshot(said("soft wool", LOCKED))) == ["soft wool", "wide arms"]
    two = snapshot(said("soft wool", LOCKED), said("solid oak", LOCKED))
    assert shown(two) == ["solid oak", "soft wool"]


def test_a_locked_point_is_shown_although_the_query_says_it() -> None:
    query = "soft wool sofa"
    assert shown(snapshot(), query=query) == ["wide arms"]
    assert shown(snapshot(said("soft wool", LOCKED)), query=query)[0] == "soft wool"


@pytest.mark.parametrize("scorers", [Scorers(), Scorers(phrases=Broken())])  # type: ignore[arg-type]
def test_a_locked_point_needs_no_model(scorers: Scorers) -> None:
    assert shown(snapshot(), scorers) == []
    assert shown(snapshot(said("soft wool", LOCKED)), scorers) == ["soft wool"]
    of = snapshot(said("soft wool", LOCKED))
    (found,) = choose_points([Titling(ask("sofa"), frozenset(), [0])], of, scorers)
    assert (found.choices[0].reason, found.degraded) == (PRIOR, ("plain_titles",))
    (found,) = choose_points([Titling(ask("sofa"), frozenset(), [0])], snapshot(), scorers)
    assert (found.choices[0].reason, found.degraded) == (PLAIN, ("plain_titles",))


def test_locked_points_stay_within_the_cap_and_do_not_repeat_each_other() -> None:
    locked = [Option(n, n, frozenset({n}), locked=True) for n in range(3)]
    within = Option(3, 3, frozenset({0, 9}), locked=True)
    picked = pick([within, *locked], [0.1, 0.2, 0.3, 0.4], 2)
    assert [option.point for option, _ in picked] == [2, 1]
    picked = pick([locked[0], within], [0.2, 0.1], 2)
    assert [option.point for option, _ in picked] == [0]


def test_a_ban_is_in_force_before_the_next_snapshot_is_there() -> None:
    live = Live(snapshot())
    assert shown(live.snapshot) == ["wide arms", "solid oak"]
    banned = with_bans(live, frozenset({("1", "Wide arms"), ("404", "wide arms")}))
    assert shown(banned.snapshot)[0] == "solid oak"
    assert "wide arms" not in shown(banned.snapshot)
    assert banned.snapshot.version == live.snapshot.version
    assert np.shares_memory(banned.snapshot.points.phrase, live.snapshot.points.phrase)
    assert shown(live.snapshot) == ["wide arms", "solid oak"]
    lifted = with_bans(banned, frozenset())
    assert shown(lifted.snapshot) == ["wide arms", "solid oak"]


def test_a_ban_that_the_snapshot_knows_already_changes_nothing_in_it() -> None:
    live = Live(snapshot(said("wide arms", BANNED)))
    again = with_bans(live, frozenset({("1", "wide arms")}))
    assert again.snapshot is live.snapshot
    assert again.bans == {("1", "wide arms")}
