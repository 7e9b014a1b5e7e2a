from __future__ import annotations

import pytest

from service.decision.language import language_of
from service.decision.naming import name_spans, names_of, naming, text_of, words_of
from tests.unit.decision.shop import product

words = language_of("en").singulars


def named(title: str, *names: str) -> list[str]:
    spans = words_of(title)
    return [text_of(title, spans, one) for one in naming(title, spans, names, words).names]


def test_a_product_is_named_by_its_brand_and_some_attributes() -> None:
    attributes = {
        "model": "XR-200",
        "colour": "red",
        "Größe": "42",
        "size_name": " <b>M</b> ",
        "part number": "x" * 81,
    }
    drill = product("1", "Drill", brand="Black &amp; Decker", attributes=attributes)
    assert names_of(drill) == ("Black & Decker", "XR-200", "42", "M")
    assert names_of(product("2", "Drill")) == ("",)


@pytest.mark.parametrize(
    ("title", "names", "found"),
    [
        ("Drill by Black & Decker", ["Black & Decker"], ["Black & Decker"]),
        ("BLACK+DECKER Drill", ["Black & Decker"], ["BLACK+DECKER"]),
        ("Drill by Acme", ["Acme Tools GmbH"], ["Acme"]),  # as much as the title says
        ("Acme Drill", ["Nobody"], ["Acme"]),  # the first word stands for it
        ("Acme Drill", [], ["Acme"]),
        ("Acme Drill Max", ["Acme", "drill max"], ["Acme", "Drill Max"]),
        ("Acme Drill", ["Acme", "M9"], ["Acme"]),
    ],
)
def test_brand_and_attributes_are_found_as_the_title_says_them(
    title: str, names: list[str], found: list[str]
) -> None:
    assert named(title, *names) == found


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("A Saw 18 V", ["18 V"]),
        ("A Saw 3 cu. ft., red", ["3 cu. ft"]),
        ("A Board 3/4 in. x 4 ft. x 8 ft. Oak", ["3/4 in. x 4 ft. x 8 ft"]),
        ("A Cleaner 3 in 1", ["3 in 1"]),
        ("A Lamp 5 Lights", ["5"]),
        ("A Saw 18V XR-200", ["XR-200", "18V"]),  # models go before measures
        ("A Saw 18V and 18V", ["18V"]),  # said again
        ("A Shirt Size M", ["M"]),
        ("A Shirt, XXL", ["XXL"]),
        ("A Shirt Size Large", ["Large"]),
        ("A Screw No. 8", ["8"]),
        ("A Board ½ in. thick", ["½ in"]),
        ("A 大衣XL码5毫升", ["XL", "5毫升"]),
        ("A Vitamin C", []),
    ],
)
def test_numbers_measures_and_sizes_name_a_product(title: str, found: list[str]) -> None:
    assert named(title) == ["A", *found]


def test_what_leads_to_a_name_is_known() -> None:
    title = "A Shirt Size M No. 8"
    spans = words_of(title)
    leads = naming(title, spans, [], words).leads
    assert [text_of(title, spans, one) for one in leads] == ["Size", "No"]


def test_names_stand_without_the_signs_around_them() -> None:
    title = "Acme Saw (18 V), red"
    assert [title[start:end] for start, end in name_spans(title, ["Acme"], words)] == [
        "Acme",
        "18 V",
    ]
    assert name_spans("", ["Acme"], words) == []
