"""What no selling point may say: by rule, by the store, by a merchant."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from service.decision.claim_words import CLAIMS
from service.decision.denial import denials_of, telling_words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from service.decision.language import Language
    from service.decision.terms import Product

    Words = tuple[str, ...]

STORE: Final = ""
"""Whose rules hold for all products: in place of a merchant's id."""

_WORD: Final = re.compile(r"[^\W_]+")


class Barred(StrEnum):
    """Why a selling point that the product attests is in no title."""

    BANNED = "banned"  # people banned this one
    OPTED_OUT = "opted_out"  # a merchant of the product wants none
    BANNED_PHRASE = "banned_phrase"  # a list of the store or of a merchant holds it
    SUPERLATIVE = "superlative"
    HEALTH_CLAIM = "health_claim"  # and the product has no certificate
    OTHER_BRAND = "other_brand"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class PointRules:
    """What a store or a merchant says of all selling points of its products.

    A phrase is meant with all that hold its telling words. `allowed` ones pass the rules against
    superlatives, health claims and other brands.
    """

    banned: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    opted_out: bool = False


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All rules of one store: its own and each merchant's, and every brand that it sells."""

    language: Language
    rules: Mapping[str, PointRules] = field(default_factory=dict)  # by merchant, or STORE
    brands: frozenset[str] = frozenset()

    def bars(self, text: str, product: Product, merchants: Collection[str] = ()) -> Barred | None:
        """Why no title may say `text` of `product`, which `merchants` advertise; None: it may."""
        said = [self.rules[one] for one in (STORE, *merchants) if one in self.rules]
        if any(one.opted_out for one in said):
            return Barred.OPTED_OUT
        read = _read(text, self.language)
        if said and _holds(read.words, [one.banned for one in said], self.language):
            return Barred.BANNED_PHRASE
        if said and _holds(read.words, [one.allowed for one in said], self.language):
            return None
        if read.superlative:
            return Barred.SUPERLATIVE
        if read.health and not _is_certified(product, self.language):
            return Barred.HEALTH_CLAIM
        named = _named(text, self.brands)
        own = named and _named(f"{product.brand} {product.title}", self.brands)
        return Barred.OTHER_BRAND if named and not named <= own else None


@dataclass(frozen=True, slots=True)
class _Read:
    """What a phrase says, whatever product it is of."""

    words: frozenset[str]
    superlative: bool
    health: bool


@lru_cache(maxsize=65_536)
def _read(text: str, language: Language) -> _Read:
    rules = _rules(language.code)
    return _Read(
        words=telling_words(text, language),
        superlative=rules.superlative.search(text) is not None,
        health=rules.health.search(text) is not None,
    )


@dataclass(frozen=True, slots=True)
class _Rules:
    superlative: re.Pattern[str]
    health: re.Pattern[str]
    certificate: re.Pattern[str]


@lru_cache(maxsize=len(CLAIMS))
def _rules(code: str) -> _Rules:
    english = CLAIMS["en"]
    words = CLAIMS.get(code, english)
    return _Rules(
        re.compile(words.superlative, re.IGNORECASE),
        re.compile(f"{words.health}|{english.health}", re.IGNORECASE),
        re.compile(f"{words.certificate}|{english.certificate}", re.IGNORECASE),
    )


def brands_of(products: Iterable[Product]) -> frozenset[str]:
    """Every brand of `products`, in lower case."""
    return frozenset({product.brand.casefold() for product in products if product.brand})


def _is_certified(product: Product, language: Language) -> bool:
    pattern, no = _rules(language.code).certificate, denials_of(language).no
    return any(
        pattern.search(name) and value.strip().casefold() not in no
        for name, value in product.attributes.items()
    )


def _holds(words: frozenset[str], lists: Iterable[Words], language: Language) -> bool:
    """Whether `words` are all that a phrase of one of `lists` tells, or more."""
    return any(told and told <= words for one in lists for told in _telling(one, language))


@lru_cache(maxsize=4096)
def _telling(phrases: Words, language: Language) -> tuple[frozenset[str], ...]:
    return tuple([telling_words(phrase, language) for phrase in phrases])


@lru_cache(maxsize=64)
def _by_first_word(brands: frozenset[str]) -> Mapping[str, tuple[Words, ...]]:
    found: dict[str, list[Words]] = {}
    for brand in sorted(brands):
        words = tuple(_WORD.findall(brand.casefold()))
        if words:
            found.setdefault(words[0], []).append(words)
    return {first: tuple(each) for first, each in found.items()}


@lru_cache(maxsize=65_536)
def _named(text: str, brands: frozenset[str]) -> frozenset[Words]:
    """The brands that `text` names, as whole words in order."""
    by_first = _by_first_word(brands)
    words = tuple(_WORD.findall(text.casefold()))
    return frozenset(
        brand
        for at, word in enumerate(words)
        for brand in by_first.get(word, ())
        if words[at : at + len(brand)] == brand
    )
