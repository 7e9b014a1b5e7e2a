from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.decision.attest import MOST_POINTS, POINT_KINDS, attest, selling_point_id
from service.decision.graphemes import length
from service.decision.language import language_of
from tests.unit.decision.shop import product

ENGLISH = language_of("en")


def texts(title: str, *highlights: str, **attributes: str) -> list[str]:
    return [
        point.text
        for point in attest(product("1", title, *highlights, attributes=attributes), ENGLISH)
    ]


def test_highlights_and_attributes_attest_with_their_evidence() -> None:
    sofa = product("1", "Sofa", "  wide   arms ", attributes={"material": "solid oak"})
    wide, oak = attest(sofa, ENGLISH)
    assert (wide.text, wide.kind, wide.evidence_field, wide.evidence_value) == (
        "wide arms",
        "benefit",
        "highlight",
        "  wide   arms ",
    )
    assert (oak.text, oak.kind, oak.evidence_field, oak.evidence_value) == (
        "solid oak",
        "attribute",
        "material",
        "solid oak",
    )


def test_an_attribute_of_value_yes_says_its_name_and_no_denies_it() -> None:
    assert texts("Jacket", waterproof="Yes", machine_washable="true") == [
        "waterproof",
        "machine washable",
    ]
    assert texts("Jacket", "fully waterproof", waterproof="no") == []


def test_names_and_what_the_title_says_anyway_are_no_selling_points() -> None:
    assert texts(
        "Jacket", brand="Acme", sku="A-1", colour="red", item_type="jacket", fit="slim"
    ) == ["slim"]


@pytest.mark.parametrize(
    ("phrase", "kind"),
    [
        ("20% off this week", "promo"),
        ("free shipping", "service"),
        ("5-year warranty", "service"),
        ("best seller", "social"),
        ("rated 4.8 stars", "social"),
        ("keeps coffee hot", "benefit"),
    ],
)
def test_a_highlight_has_a_kind(phrase: str, kind: str) -> None:
    assert [point.kind for point in attest(product("1", "Mug", phrase), ENGLISH)] == [kind]
    assert kind in POINT_KINDS


def test_what_the_title_denies_is_dropped() -> None:
    title = "Shower Trim Kit in Chrome (Valve Not Included)"
    assert texts(title, "valve included", "valve", "brass valve", "trim", "valve sold") == ["trim"]


def test_a_phrase_that_denies_as_the_title_does_stays() -> None:
    assert texts("No Drip Non-Slip Mat", "no drip", "non-slip", "slip", "drip tray") == [
        "no drip",
        "non-slip",
    ]


def test_long_repeated_empty_and_marked_up_phrases_are_dropped() -> None:
    assert texts(
        "Mat",
        "x" * 61,
        "y" * 60,
        "soft wool",
        "Soft  Wools",
        "<b>bold</b>",
        "see www.example.com",
        "",
        "42",
        "with the",
    ) == ["y" * 60, "soft wool"]


def test_no_product_has_more_than_its_share() -> None:
    claims = [f"point {letter}{letter}" for letter in "abcdefghijklmnopqrstuvwxyzäöüßéè"]
    assert len(texts("Mat", *claims, "one more")) == MOST_POINTS == len(claims)


def test_an_id_is_stable_and_its_products_own() -> None:
    assert selling_point_id("100001", "soft wool") == "sp_e95847d62f59149f"
    assert selling_point_id("100002", "soft wool") != selling_point_id("100001", "soft wool")


@given(st.text(max_size=80), st.lists(st.text(max_size=80), max_size=5))
def test_any_text_attests_only_short_phrases_without_markup(title: str, claims: list[str]) -> None:
    for point in attest(product("1", title, *claims), ENGLISH):
        assert point.evidence_value in claims
        assert 0 < length(point.text) <= 60
        assert not set("<>") & set(point.text)
