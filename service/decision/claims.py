"""What the fields of a product claim, before anybody asks whether it may be said."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from service.contract.tagging import Tagger
from service.decision.claim_words import CLAIMS
from service.decision.denial import denials_of, denied_words, telling_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.decision.language import Language
    from service.decision.terms import Product

NO_TAGGER: Final = Tagger()

_CLAUSE: Final = re.compile(r"[^.!?;:\n•|]+(?:\.(?=\d)[^.!?;:\n•|]+)*")
_LONGEST_READ: Final = 2000  # characters of a description
_SAYS_NOTHING: Final = re.compile(  # names, and what title and picture tell by themselves
    r"\b(?:gtin|mpn|sku|upc|ean|isbn|asin|id|uid|model|brand|manufacturer|url|link|number"
    r"|type|colou?r|size|weight|dimensions?|gender|age group|condition|effective date"
    r"|certificat\w*)\b",
    re.IGNORECASE,
)


class Claim(NamedTuple):
    """A phrase, its kind where the field decides it, and the field that says it how."""

    text: str
    kind: str
    field: str
    value: str


def claims_of(product: Product, language: Language, tagger: Tagger = NO_TAGGER) -> Iterator[Claim]:
    """All that `product` claims, the merchant's own words first.

    A highlight is its own phrase; an attribute gives its value, or its name where the value is
    yes. `tagger` finds attributes that the merchant did not list in title and description. Of a
    product without highlights these are read for claims by pattern, too, such as "lifetime
    warranty" or "rust-proof".
    """
    for highlight in product.highlights:
        yield Claim(highlight, "", "highlight", highlight)
    yield from _of_attributes(product, language)
    yield from _tagged(product, tagger)
    if not product.highlights:
        for field, text in _texts(product).items():
            yield from _cut_out(field, text, language)


def spaced(name: str) -> str:
    """The name of an attribute as a reader would write it."""
    return " ".join(name.replace("_", " ").split())


def _of_attributes(product: Product, language: Language) -> Iterator[Claim]:
    denials = denials_of(language)
    for name, value in product.attributes.items():
        folded = value.strip().casefold()
        if folded not in denials.no and not _SAYS_NOTHING.search(spaced(name)):
            yield Claim(spaced(name) if folded in denials.yes else value, "attribute", name, value)


def _texts(product: Product) -> dict[str, str]:
    return {"title": product.title, "description": product.description[:_LONGEST_READ]}


def _tagged(product: Product, tagger: Tagger) -> Iterator[Claim]:
    """The values of attributes that are not listed, each with the clause that says it."""
    listed = {spaced(name).casefold() for name in product.attributes}
    missing = {
        name
        for name in tagger.attributes(product.category)
        if spaced(name).casefold() not in listed and not _SAYS_NOTHING.search(spaced(name))
    }
    texts = _texts(product)
    for name, found in tagger.extract(product.category, texts).items() if missing else ():
        if name in missing:
            value = _clause_at(texts[found.field], found.start)
            yield Claim(found.value, "attribute", found.field, value)


def _clause_at(text: str, start: int) -> str:
    return next(
        (one[0].strip() for one in _CLAUSE.finditer(text) if one.start() <= start < one.end()),
        text,
    )


def _cut_out(field: str, text: str, language: Language) -> Iterator[Claim]:
    """The claims in `text` that its own clause does not deny."""
    pattern = _pattern(language.code)
    if not pattern.search(text):
        return
    for clause in _CLAUSE.findall(text):
        for found in pattern.finditer(clause):
            claim = telling_words(found[0], language) - denied_words(found[0], language)
            if not claim & denied_words(clause, language):
                yield Claim(found[0], "", field, clause.strip())


@lru_cache(maxsize=len(CLAIMS))
def _pattern(code: str) -> re.Pattern[str]:
    words = CLAIMS.get(code, CLAIMS["en"])
    kinds = (words.promo, words.service, words.social, words.stock, words.benefit)
    return re.compile("|".join(kinds), re.IGNORECASE)
