from __future__ import annotations

from math import inf

import pytest

from service.decision.attest import every_point
from service.decision.language import language_of
from service.decision.lifetime import offer_ends, said_end
from tests.unit.decision.shop import product

TOLD = 1_000_000.0
NOVEMBER_30 = 1_796_083_200.0  # the end of 2026-11-30 in UTC


def ends(phrase: str, locale: str = "en", **more: object) -> float:
    """When `phrase` of a mug that was told at TOLD runs out."""
    mug = product("1", "Mug", phrase, told_at=TOLD, **more)
    (point,) = every_point(mug, language_of(locale)).values()
    return point.valid_until


@pytest.mark.parametrize(
    ("locale", "phrase"),
    [
        ("en", "20% off until 2026-11-30"),
        ("en", "free shipping until 30 Nov 2026"),
        ("en", "ends November 30th, 2026"),
        ("en", "gift wrapped till 30/11/2026"),
        ("en-US", "gift wrapped till 11/30/2026"),
        ("de", "20 % Rabatt bis zum 30.11.2026"),
        ("de", "gratis Versand bis 30. November 2026"),
        ("fr", "livraison offerte jusqu'au 30 novembre 2026"),
        ("es", "envío gratis hasta el 30 de noviembre de 2026"),
        ("it", "consegna gratuita fino al 30 novembre 2026"),
        ("pt", "frete grátis até 30 de novembro de 2026"),
        ("nl", "gratis bezorging tot en met 30 november 2026"),
    ],
)
def test_a_phrase_says_until_when_it_holds(locale: str, phrase: str) -> None:
    assert said_end(phrase, language_of(locale)) == NOVEMBER_30
    assert ends(phrase, locale) == NOVEMBER_30


@pytest.mark.parametrize(
    "phrase",
    ["made since 2026-11-30", "until 2026-02-30", "until 3 Foo 2026", "until 0000-01-01"],
)
def test_what_is_no_end_ends_nothing(phrase: str) -> None:
    assert said_end(phrase, language_of("en")) == inf


def test_of_a_day_that_can_be_read_in_two_ways_the_earlier_is_meant() -> None:
    # 3 April and 4 March: it ends with the latter
    assert said_end("until 03/04/2026", language_of("en")) == 1_772_668_800.0


def test_a_promotion_holds_14_days_a_word_about_stock_one_and_the_rest_stays() -> None:
    assert ends("20% off today") == TOLD + 14 * 86_400
    assert ends("only 3 left") == TOLD + 86_400
    assert ends("10 year warranty") == inf
    assert ends("keeps coffee hot") == inf


def test_a_promotion_ends_with_the_offer_of_its_product() -> None:
    offer = {"sale price effective date": "2026-11-20T00:00+0100/2026-11-30T23:59+0100"}
    assert offer_ends(offer) == NOVEMBER_30
    assert ends("20% off", attributes=offer) == NOVEMBER_30
    assert ends("only 3 left", attributes=offer) == TOLD + 86_400
    assert offer_ends({"sale_price_effective_date": "soon", "material": "2026-01-01"}) == inf


def test_of_a_product_that_nobody_knows_the_age_of_nothing_runs_out() -> None:
    (point,) = every_point(product("1", "Mug", "20% off"), language_of("en")).values()
    assert point.valid_until == inf
