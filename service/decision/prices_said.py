"""Amounts of money in phrases: what a phrase says something costs must be what it costs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from service.decision.terms import Product

_AMOUNT: Final = re.compile(
    r"(?:[€$£]|\b(?:EUR|USD|GBP|CHF)\b)\s?(\d+(?:[.,]\d{2})?)(?![\d.,]*\d)"
    r"|(?<![\d.,])(\d+(?:[.,]\d{2})?)\s?(?:[€£$]|\b(?:EUR|USD|GBP|CHF)\b)",
    re.IGNORECASE,
)
_NO_PRICE: Final = re.compile(  # what is saved, or must be spent, is no price
    r"\b(?:sav\w+|off|over|above|more|min\w*|worth|rabatt|spar\w+|ab|über|remise|économi\w+|dès"
    r"|descuento|ahorr\w+|desde|sconto|risparmi\w+|oltre|desconto|economi\w+|acima|korting|bespaar"
    r"|vanaf)\b",
    re.IGNORECASE,
)
_MICROS_A_CENT: Final = 10_000


def says_a_price(phrase: str) -> bool:
    """Whether `phrase` says what something costs."""
    return _AMOUNT.search(phrase) is not None and not _NO_PRICE.search(phrase)


def says_another_price(phrase: str, product: Product) -> bool:
    """Whether `phrase` says a price that is not that of `product`, to the cent."""
    return says_a_price(phrase) and any(
        _micros(before or after) != product.price for before, after in _AMOUNT.findall(phrase)
    )


def _micros(amount: str) -> int:
    whole, _, cents = amount.replace(",", ".").partition(".")
    return (int(whole) * 100 + int(cents or 0)) * _MICROS_A_CENT
