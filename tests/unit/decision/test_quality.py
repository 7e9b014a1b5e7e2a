from __future__ import annotations

from itertools import product as every

import pytest

from service.decision.language import language_of
from service.decision.quality import (
    Grade,
    Part,
    Shown,
    expected_click_rate,
    product_page,
    relevance,
    score,
)
from service.decision.terms import Micros, Product

ENGLISH = language_of("en")
BELOW, AVERAGE, ABOVE = Grade
WHOLE = Product(
    "1",
    "Red Wool Socks",
    "/p/1",
    Micros(1),
    description="Warm.",
    brand="Acme",
    category="Clothing > Socks",
    image_link="/1.jpg",
    highlights=("warm",),
)


def without(**lacks: object) -> Product:
    values = {name: getattr(WHOLE, name) for name in WHOLE.__dataclass_fields__} | lacks
    return Product(**values)


def codes(part: Part) -> list[str]:
    return [reason.code for reason in part.reasons]


def test_the_score_goes_from_one_to_ten_and_every_part_counts() -> None:
    parts = [Part(grade) for grade in Grade]
    assert score(parts[0], parts[0], parts[0]) == 1
    assert score(parts[1], parts[1], parts[1]) == 6
    assert score(parts[2], parts[2], parts[2]) == 10
    for some in every(range(3), repeat=3):
        for place in range(3):
            if some[place] < 2:
                better = [*some[:place], some[place] + 1, *some[place + 1 :]]
                assert score(*(parts[n] for n in better)) > score(*(parts[n] for n in some))


@pytest.mark.parametrize(
    ("shown", "grade", "code"),
    [
        # nobody was ever clicked there
        (Shown(), AVERAGE, ["not_known"]),
        (Shown(50, 0, 0.0, 0.0), AVERAGE, ["not_known"]),
        # (40 + 10) / (40 + 10) = 1
        (Shown(1000, 40, 40.0, 40.0), AVERAGE, []),
        # (20 + 10) / 50 = 0.6; (28 + 10) / 50 = 0.76; (30 + 10) / 50 = 0.8
        (Shown(1000, 20, 40.0, 40.0), BELOW, ["fewer_clicks"]),
        (Shown(1000, 29, 40.0, 40.0), BELOW, ["fewer_clicks"]),
        (Shown(1000, 30, 40.0, 40.0), AVERAGE, []),
        # (53 + 10) / 50 = 1.26
        (Shown(1000, 53, 40.0, 40.0), ABOVE, ["more_clicks"]),
        # the model's word, 10 x 4 / 2 = 20: (2 + 20) / 12 = 1.83, and that it is only that
        (Shown(50, 2, 4.0, 2.0), ABOVE, ["few_impressions"]),
        # two clicks of two usual ones, 10 x 0.5 = 5: (2 + 5) / 12 = 0.58
        (Shown(50, 2, 1.0, 2.0), BELOW, ["few_impressions"]),
        (Shown(50, 2, 2.0, 2.0), AVERAGE, ["few_impressions"]),
    ],
)
def test_clicks_and_the_models_word_make_the_click_rate(
    shown: Shown, grade: Grade, code: list[str]
) -> None:
    part = expected_click_rate(shown)
    assert (part.grade, codes(part)) == (grade, code)


def test_a_click_rate_tells_its_numbers() -> None:
    (reason,) = expected_click_rate(Shown(1000, 20, 39.96, 40.04)).reasons
    assert reason.detail == (
        "20 clicks on 1000 impressions, where the shop's ads get 40.0 and the model expects 40.0"
    )


def test_relevance_is_how_much_of_the_keywords_the_product_says() -> None:
    assert relevance(["sock", "red socks", "acme"], WHOLE, ENGLISH) == Part(ABOVE)
    # 1 + 1/2 + 0 of 3 is 0.5; the worst is told first
    part = relevance(["wool socks", "wool hat", "blue jeans"], WHOLE, ENGLISH)
    assert part.grade is AVERAGE
    assert [reason.detail for reason in part.reasons] == [
        "'blue jeans': 0 of 2 words are in the product's title, brand or category",
        "'wool hat': 1 of 2 words are in the product's title, brand or category",
    ]
    part = relevance(["wool hat", "blue jeans"], WHOLE, ENGLISH)
    assert (part.grade, codes(part)) == (BELOW, ["keyword_not_said"] * 2)
    # 4 of 5 words in the mean, exactly
    assert relevance(["red wool socks acme blue"], WHOLE, ENGLISH).grade is ABOVE


def test_without_keywords_nothing_is_to_be_said_of_relevance() -> None:
    for keywords in ([], ["!"]):
        part = relevance(keywords, WHOLE, ENGLISH)
        assert (part.grade, codes(part)) == (AVERAGE, ["no_keywords"])


def test_no_more_than_five_keywords_are_told() -> None:
    assert len(relevance([f"hat {n}" for n in range(9)], WHOLE, ENGLISH).reasons) == 5


@pytest.mark.parametrize(
    ("lacks", "grade", "code"),
    [
        ({}, ABOVE, []),
        ({"in_stock": False}, BELOW, ["out_of_stock"]),
        ({"image_link": ""}, AVERAGE, ["no_image"]),
        ({"title": "Red Socks"}, AVERAGE, ["short_title"]),
        ({"highlights": ()}, AVERAGE, ["no_highlights"]),
        ({"highlights": (), "attributes": {"colour": "red"}}, ABOVE, []),
        ({"image_link": "", "description": ""}, AVERAGE, ["no_image", "no_description"]),
        (
            {"image_link": "", "description": "", "highlights": ()},
            BELOW,
            ["no_image", "no_description", "no_highlights"],
        ),
    ],
)
def test_the_page_is_judged_by_what_it_lacks(
    lacks: dict[str, object], grade: Grade, code: list[str]
) -> None:
    part = product_page(without(**lacks), ENGLISH)
    assert (part.grade, codes(part)) == (grade, code)
