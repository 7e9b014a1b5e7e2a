from __future__ import annotations

import pytest

from service.decision.attest import attest
from service.decision.language import language_of
from service.decision.prices_said import says_a_price
from service.decision.terms import Micros
from tests.unit.decision.shop import product


@pytest.mark.parametrize(
    ("phrase", "shown"),
    [
        ("now only $12.50", True),
        ("now only $12.49", False),
        ("nur 12,50 €", True),
        ("jetzt 12 EUR", False),
        ("save $5 today", True),
        ("free delivery over £40", True),
        ("12.50 mm steel", True),
    ],
)
def test_a_price_that_is_not_the_products_is_no_selling_point(phrase: str, shown: bool) -> None:
    mug = product("1", "Mug", phrase, price=Micros(12_500_000))
    assert [point.text for point in attest(mug, language_of("en"))] == [phrase] * shown


def test_a_whole_price_has_no_cents() -> None:
    mug = product("1", "Mug", "now $12", price=Micros(12_000_000))
    (point,) = attest(mug, language_of("en"))
    assert (point.text, point.kind) == ("now $12", "promo")
    assert not says_a_price("save 5 USD")
