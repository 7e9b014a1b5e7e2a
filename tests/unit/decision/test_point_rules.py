from __future__ import annotations

import pytest

from service.decision.attest import allowed_points, every_point
from service.decision.denial_words import DENIALS
from service.decision.language import language_of
from service.decision.point_rules import STORE, Barred, PointRules, Rulebook
from tests.unit.decision.shop import product

ENGLISH = language_of("en")
LAMP = product("1", "Lumo Desk Lamp", brand="Lumo")


def book(**rules: PointRules) -> Rulebook:
    """The rules of merchants by id; `store` is the store's own."""
    named = {STORE if name == "store" else name: one for name, one in rules.items()}
    return Rulebook(ENGLISH, named, frozenset({"Lumo", "Harbour Lane", "Bright", "", "??"}))


@pytest.mark.parametrize(
    ("locale", "phrase", "why"),
    [
        ("en", "the best lamp", Barred.SUPERLATIVE),
        ("en", "#1 in comfort", Barred.SUPERLATIVE),
        ("en", "world's lightest", Barred.SUPERLATIVE),
        ("en", "best seller", None),
        ("en", "best-selling lamp", None),
        ("en", "bright light", Barred.OTHER_BRAND),
        ("en", "relieves headaches", Barred.HEALTH_CLAIM),
        ("en", "antibacterial coating", Barred.HEALTH_CLAIM),
        ("de", "die beste Lampe", Barred.SUPERLATIVE),
        ("de", "lindert Schmerzen", Barred.HEALTH_CLAIM),
        ("fr", "la plus légère", Barred.SUPERLATIVE),
        ("fr", "le plus vendu", None),
        ("fr", "soulage le dos", Barred.HEALTH_CLAIM),
        ("es", "la mejor lámpara", Barred.SUPERLATIVE),
        ("es", "el más vendido", None),
        ("it", "la più leggera", Barred.SUPERLATIVE),
        ("pt", "a melhor lâmpada", Barred.SUPERLATIVE),
        ("nl", "beste lamp", Barred.SUPERLATIVE),
        ("sv", "the best lamp", Barred.SUPERLATIVE),  # no list: English
    ],
)
def test_nobody_can_prove_a_superlative_nor_a_cure(
    locale: str, phrase: str, why: Barred | None
) -> None:
    rules = Rulebook(language_of(locale), {}, frozenset({"Bright"}))
    assert rules.bars(phrase, LAMP) == why


@pytest.mark.parametrize(
    ("attribute", "value", "barred"),
    [
        ("certification", "EN 60601", False),
        ("certification", "no", True),
        ("Zertifikat", "TÜV", True),  # in German alone
        ("material", "steel", True),
    ],
)
def test_a_health_claim_needs_a_certificate(attribute: str, value: str, barred: bool) -> None:
    lamp = product("1", "Lamp", attributes={attribute: value})
    assert (book().bars("relieves pain", lamp) is Barred.HEALTH_CLAIM) is barred


def test_another_brand_is_named_only_where_the_title_does() -> None:
    assert book().bars("fits Harbour Lane shades", LAMP) == Barred.OTHER_BRAND
    assert book().bars("fits harbour-lane shades", LAMP) == Barred.OTHER_BRAND
    assert book().bars("fits harbour shades", LAMP) is None
    assert book().bars("by Lumo", LAMP) is None
    shade = product("2", "Shade for Harbour Lane Lamps", brand="Lumo")
    assert book().bars("fits Harbour Lane", shade) is None


def test_lists_hold_for_the_store_and_for_products_of_the_merchant() -> None:
    rules = book(store=PointRules(banned=("cheap",)), adv_1=PointRules(banned=("Warm Lights",)))
    assert rules.bars("so cheap!", LAMP) == Barred.BANNED_PHRASE
    assert rules.bars("warm white light", LAMP) is None
    assert rules.bars("warm white light", LAMP, ["adv_1"]) == Barred.BANNED_PHRASE
    assert rules.bars("warm white light", LAMP, ["adv_2"]) is None
    assert rules.bars("warm", LAMP, ["adv_1"]) is None


def test_what_a_list_allows_passes_the_rules_but_not_another_list() -> None:
    allowed = PointRules(allowed=("best lamp", "bright light"))
    assert book(store=allowed).bars("the best lamp", LAMP) is None
    assert book(store=allowed).bars("bright light", LAMP) is None
    assert book(adv_1=allowed).bars("the best lamp", LAMP) == Barred.SUPERLATIVE
    both = book(store=allowed, adv_1=PointRules(banned=("lamp",)))
    assert both.bars("the best lamp", LAMP, ["adv_1"]) == Barred.BANNED_PHRASE
    silent = book(store=PointRules(banned=("the",), allowed=("and",)))
    assert silent.bars("the best lamp", LAMP) == Barred.SUPERLATIVE


def test_a_merchant_may_want_none_at_all() -> None:
    rules = book(adv_1=PointRules(opted_out=True, allowed=("oak",)))
    assert rules.bars("oak", LAMP, ["adv_2", "adv_1"]) == Barred.OPTED_OUT
    assert rules.bars("oak", LAMP, ["adv_2"]) is None


def test_what_is_barred_makes_room_and_locks_do_not_lift_it() -> None:
    sofa = product("1", "Sofa", "the best sofa", "wide arms", "wool")
    points = every_point(sofa, ENGLISH)
    rules = book(store=PointRules(banned=("wool",)))
    assert [one.text for one in points.values()] == ["the best sofa", "wide arms", "wool"]
    assert [one.text for one in allowed_points(points, sofa, (), rules)] == ["wide arms"]


@pytest.mark.parametrize("code", DENIALS)
def test_every_language_with_denials_has_claims(code: str) -> None:
    assert Rulebook(language_of(code)).bars("20 cm", LAMP) is None
