from __future__ import annotations

import numpy as np
import pytest

from service.contract.tagging import CategoryTagger, Known, Tagger
from service.decision.attest import attest, every_point
from service.decision.denial import missing_words
from service.decision.language import language_of
from tests.unit.decision.shop import product

ENGLISH = language_of("en")


def cut_out(title: str, description: str = "", locale: str = "en") -> list[tuple[str, str]]:
    """Text and kind of what a product without highlights claims."""
    mug = product("1", title, description=description)
    return [(point.text, point.kind) for point in attest(mug, language_of(locale))]


@pytest.mark.parametrize(
    ("locale", "text", "claims"),
    [
        (
            "en",
            "Rust-proof, lifetime warranty. Free shipping! Award-winning. Only 3 left.",
            ["Rust-proof", "lifetime warranty", "Free shipping", "Award-winning", "Only 3 left"],
        ),
        (
            "en",
            "BPA-free and machine washable, save 20 %",
            ["BPA-free", "machine washable", "save 20 %"],
        ),
        (
            "de",
            "Rutschfest, 5 Jahre Garantie, solange der Vorrat reicht",
            ["Rutschfest", "5 Jahre Garantie", "solange der Vorrat reicht"],
        ),
        ("fr", "Imperméable, livraison gratuite", ["Imperméable", "livraison gratuite"]),
        ("es", "Antideslizante, envío gratis", ["Antideslizante", "envío gratis"]),
        ("it", "Antiscivolo, spedizione gratuita", ["Antiscivolo", "spedizione gratuita"]),
        ("pt", "Antiderrapante, frete grátis", ["Antiderrapante", "frete grátis"]),
        ("nl", "Antislip, gratis verzending", ["Antislip", "gratis verzending"]),
    ],
)
def test_claims_are_cut_out_of_the_description(locale: str, text: str, claims: list[str]) -> None:
    assert [text for text, _ in cut_out("XY", text, locale)] == claims


def test_each_kind_is_told() -> None:
    text = "Wireless. Free returns. Best seller. Only 2 left. 20% off."
    assert cut_out("XY", text) == [
        ("Wireless", "benefit"),
        ("Free returns", "service"),
        ("Best seller", "social"),
        ("Only 2 left", "promo"),
        ("20% off", "promo"),
    ]


def test_the_evidence_is_the_clause_that_says_it() -> None:
    lamp = product("1", "Cordless Lamp", description="Made well: it is rust-proof at 1.5 m. Nice.")
    cordless, proof = attest(lamp, ENGLISH)
    assert (cordless.evidence_field, cordless.evidence_value) == ("title", "Cordless Lamp")
    assert (proof.evidence_field, proof.evidence_value) == (
        "description",
        "it is rust-proof at 1.5 m",
    )


def test_what_the_clause_denies_is_not_claimed() -> None:
    assert cut_out("XY", "Not waterproof; no lifetime warranty. Cordless.") == [
        ("Cordless", "benefit")
    ]


def test_where_the_merchant_lists_highlights_nothing_is_cut_out() -> None:
    lamp = product("1", "Cordless Lamp", "warm light", description="Free shipping")
    assert [point.text for point in attest(lamp, ENGLISH)] == ["warm light"]


def test_a_part_of_what_an_attribute_says_is_not_said_again() -> None:
    lamp = product("1", "Cordless Lamp", attributes={"power": "cordless, 12 h"})
    assert [point.text for point in attest(lamp, ENGLISH)] == ["cordless, 12 h"]


def test_not_included_in_the_description_denies_a_highlight() -> None:
    lamp = product("1", "Lamp", "bulb included", description="Warm. Bulb not included.")
    assert attest(lamp, ENGLISH) == ()
    assert missing_words("No worry. Bulb not included! Oak.", ENGLISH) == {"bulb"}
    assert missing_words("No need to worry about leaks.", ENGLISH) == frozenset()


def woods() -> Tagger:
    """One that knows oak as a material, red as a colour and pine as a finish of tables."""
    known = {"oak": "material", "red": "colour", "pine": "wood_finish"}
    return Tagger(
        {
            "tables": CategoryTagger(
                attributes=("colour", "material", "wood_finish"),
                rows={},
                weights=np.zeros((0, 7), np.float32),
                steps=np.zeros((8, 7), np.float32),
                values={(word,): {name: Known(3, 0.9)} for word, name in known.items()},
            )
        }
    )


def test_attributes_that_are_not_listed_are_found_in_title_and_description() -> None:
    table = product(
        "1", "Red Oak Table", "wide", category="Tables", description="Big. Pine finish, new."
    )
    wide, oak, pine = every_point(table, ENGLISH, woods()).values()
    assert (wide.text, oak.text, pine.text) == ("wide", "Oak", "Pine")
    assert (oak.kind, oak.evidence_field, oak.evidence_value) == (
        "attribute",
        "title",
        "Red Oak Table",
    )
    assert (pine.evidence_field, pine.evidence_value) == ("description", "Pine finish, new")


def test_what_the_merchant_lists_is_not_looked_for() -> None:
    listed = {"Material": "walnut", "wood finish": "matt"}
    table = product("1", "Red Oak Table", category="Tables", attributes=listed)
    texts = [point.text for point in every_point(table, ENGLISH, woods()).values()]
    assert texts == ["walnut", "matt"]


def test_a_title_denies_what_was_found_in_it() -> None:
    table = product("1", "Table without Oak", category="Tables")
    assert not every_point(table, ENGLISH, woods())
