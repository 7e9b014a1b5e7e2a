"""Until when a claim about price, promotion or stock is evidence."""

from __future__ import annotations

import math
import re
from calendar import monthrange, timegm
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from service.decision.claim_words import CLAIMS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from service.decision.language import Language
    from service.decision.terms import Product

DAY_SECONDS: Final = 86_400.0
PROMO_DAYS: Final = 14.0  # since the product's data last changed
STOCK_DAYS: Final = 1.0
OPEN: Final = math.inf

_MONTHS_A_YEAR: Final = 12
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar janvier enero gennaio janeiro januari",
            "february feb februar février febrero febbraio fevereiro februari",
            "march mar märz mars marzo março maart",
            "april apr avril abril aprile",
            "may mai mayo maggio maio mei",
            "june jun juni juin junio giugno junho",
            "july jul juli juillet julio luglio julho",
            "august aug août agosto augustus",
            "september sep sept septembre septiembre settembre setembro",
            "october oct oktober okt octobre octubre ottobre outubro",
            "november nov novembre noviembre novembro",
            "december dec dezember dez décembre diciembre dicembre dezembro",
        ),
        1,
    )
    for name in names.split()
}
_ISO: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_IN_NUMBERS: Final = re.compile(r"(\d{1,2})([./-])\s?(\d{1,2})\2\s?(\d{4})")
_IN_WORDS: Final = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th|\.|º)?\s+(?:de\s+)?([^\W\d_]{3,})\.?,?\s+(?:de\s+)?(\d{4})"
)
_AMERICAN: Final = re.compile(r"([^\W\d_]{3,})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")
_ENDS: Final = re.compile(r"sale price effective date|valid until|promotion end", re.IGNORECASE)


def offer_ends(attributes: Mapping[str, str]) -> float:
    """When the product's offer ends by its own attributes, in Unix seconds; inf if none says.

    `sale_price_effective_date` is "begin/end" as in a Google Merchant feed; its last day counts.
    """
    return min(
        (
            end
            for name, value in attributes.items()
            if _ENDS.search(name.replace("_", " "))
            for end in list(_ends_of_days(value))[-1:]
        ),
        default=OPEN,
    )


@lru_cache(maxsize=8)
def _until(code: str) -> re.Pattern[str]:
    words = CLAIMS.get(code, CLAIMS["en"]).until
    return re.compile(rf"(?<!\w)(?:{words})\s+(?:the\s+)?(.{{6,30}})", re.IGNORECASE)


def said_end(phrase: str, language: Language) -> float:
    """The end of the day until which `phrase` says it holds, in UTC; inf if it says none.

    Of a day that can be read in two ways, 03/04/2026, the earlier is meant.
    """
    found = _until(language.code).search(phrase)
    return min(_ends_of_days(found[1]), default=OPEN) if found else OPEN


def valid_until(product: Product, *, said: float, promo: bool, stock: bool) -> float:
    """When a claim of `product` runs out, in Unix seconds.

    What the phrase says itself counts first. A promotion then ends with the product's offer, or
    14 days after its data last changed; a word about stock holds a day. All others stay.
    """
    if said < OPEN or not (promo or stock):
        return said
    if stock:
        return _after(product, STOCK_DAYS)
    ends = offer_ends(product.attributes)
    return ends if ends < OPEN else _after(product, PROMO_DAYS)


def _after(product: Product, days: float) -> float:
    return OPEN if product.told_at is None else product.told_at + days * DAY_SECONDS


def _ends_of_days(text: str) -> Iterator[float]:
    """The end of every day in `text`, in Unix seconds; of a day in numbers, of both readings."""
    for year, month, day in _ISO.findall(text):
        yield from _end_of(year, int(month), day)
    for first, _, second, year in _IN_NUMBERS.findall(text):
        yield from _end_of(year, int(second), first)
        yield from _end_of(year, int(first), second)
    for day, month, year in _IN_WORDS.findall(text):
        yield from _end_of(year, _MONTHS.get(month.casefold(), 0), day)
    for month, day, year in _AMERICAN.findall(text):
        yield from _end_of(year, _MONTHS.get(month.casefold(), 0), day)


def _end_of(year: str, month: int, day: str) -> Iterator[float]:
    """The end of a day, if there is such a day."""
    known = int(year) > 0 and 0 < month <= _MONTHS_A_YEAR
    if known and 0 < int(day) <= monthrange(int(year), month)[1]:
        yield timegm((int(year), month, int(day), 0, 0, 0)) + DAY_SECONDS
