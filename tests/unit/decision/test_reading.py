from __future__ import annotations

from dataclasses import replace

from service.decision.language import language_of
from service.decision.plain import plain
from service.decision.reading import Readings, fold_category, read_product
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
    reading = read_product(mug, STORE.site_url, ENGLISH)
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
