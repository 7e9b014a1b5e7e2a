from __future__ import annotations

from dataclasses import replace

from service.decision.language import language_of
from service.decision.plain import plain
from service.decision.point_rules import STORE as WHOLE_STORE
from service.decision.point_rules import PointRules, Rulebook
from service.decision.reading import Readings, fold_category
from tests.unit.decision.shop import STORE, product

ENGLISH = language_of("en")


def test_a_product_is_read_with_words_points_and_absolute_links() -> None:
    mug = product(
        "1",
        "Red\u202e  Mugs\n",
        "keeps hot",
        brand="Acme",
        category="Kitchen >  Mugs",
        image_link="javascript:alert(1)",
    )
    (reading,) = Readings().of([mug], STORE, ENGLISH)
    assert reading.title == "Red Mugs"
    assert reading.link == "https://shop.example/p/1"
    assert reading.image == ""
    assert reading.category == "kitchen>mugs"
    assert reading.words == ("red", "mug", "acm", "kitchen")
    assert [point.text for point in reading.points] == ["keeps hot"]
    assert reading.phrase_words == {"keeps hot": ("keep", "hot")}


def test_plain_text_is_one_line_without_control_characters() -> None:
    assert plain("a\x00b\u2066 c\ud800\t d ") == "a b c d"
    assert fold_category("Tools >  Hand Tools") == fold_category("tools>hand  tools")


def test_only_products_that_changed_are_read_again() -> None:
    readings = Readings()
    mug, cup = product("1", "Mug"), product("2", "Cup")
    first = readings.of([mug, cup], STORE, ENGLISH)
    again = readings.of([mug, replace(cup, title="Tea Cup")], STORE, ENGLISH)
    assert again[0] is first[0]
    assert again[1].title == "Tea Cup"
    moved = readings.of([mug], replace(STORE, site_url="https://new.example"), ENGLISH)
    assert moved[0].link == "https://new.example/p/1"


def test_new_rules_judge_anew_what_was_read() -> None:
    readings = Readings()
    mug, cup = product("1", "Mug", "keeps hot"), product("2", "Cup", "keeps cold")
    (first, _) = readings.of([mug, cup], STORE, ENGLISH)
    rules = Rulebook(ENGLISH, {WHOLE_STORE: PointRules(banned=("hot",))})
    banned, kept = readings.of([mug, cup], STORE, ENGLISH, rulebook=rules)
    assert (banned.points, banned.phrase_words) == ((), {})
    assert banned.attested is first.attested
    assert [point.text for point in kept.points] == ["keeps cold"]
    equal = Rulebook(ENGLISH, {WHOLE_STORE: PointRules(banned=("hot",))})
    assert readings.of([mug, cup], STORE, ENGLISH, rulebook=equal)[1] is kept
    assert readings.of([mug, cup], STORE, ENGLISH)[0].points == first.points


def test_a_merchants_rules_hold_once_it_advertises_the_product() -> None:
    readings = Readings()
    mug = product("1", "Mug", "keeps hot")
    rules = Rulebook(ENGLISH, {"adv_1": PointRules(opted_out=True)})
    (alone,) = readings.of([mug], STORE, ENGLISH, rulebook=rules)
    assert len(alone.points) == 1
    (owned,) = readings.of([mug], STORE, ENGLISH, rulebook=rules, merchants={"1": ("adv_1",)})
    assert owned.points == ()
