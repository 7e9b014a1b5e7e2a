"""Which selling points a product's own data attest."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

from service.decision.claim_words import CLAIMS
from service.decision.claims import NO_TAGGER, claims_of, spaced
from service.decision.denial import (
    denials_of,
    denied_words,
    missing_words,
    says_it_lacks,
    telling_words,
)
from service.decision.graphemes import length
from service.decision.lifetime import said_end, valid_until
from service.decision.point_rules import Rulebook
from service.decision.prices_said import says_a_price, says_another_price
from service.decision.terms import SellingPoint
from service.decision.verdicts import PointState

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from service.contract.tagging import Tagger
    from service.decision.claims import Claim
    from service.decision.language import Language
    from service.decision.terms import Product
    from service.decision.verdicts import Verdict

LONGEST_PHRASE = 60  # graphemes
MOST_POINTS = 32  # of one product
POINT_KINDS = ("attribute", "benefit", "service", "promo", "social")

_STRICTNESS = {state: place for place, state in enumerate(PointState)}
_ENGLISH_KINDS = {
    "promo": r"\d\s?(?:%|off\b)|\bsales?\b|\bsav(?:e|ings?)\b|\bcoupon|\bdiscount|\bdeal\b"
    r"|\bclearance",
    "service": r"\bshipping|\bdeliver|\bwarrant|\breturns?\b|\bguarantee|\binstallation\b"
    r"|\bpick-?up\b",
    "social": r"\bbest[- ]?sell|\brated\b|\breview|\baward|\bpopular|\bstars?\b|\bfavou?rite",
}
_UNSHOWABLE = re.compile(r"[<>{}\x00-\x1f\x7f\ud800-\udfff]|https?:|www\.", re.IGNORECASE)
_READ = frozenset({"title", "description"})  # fields that are read for claims, not lists of them


def attest(
    product: Product,
    language: Language,
    verdicts: Sequence[Verdict] = (),
    *,
    tagger: Tagger = NO_TAGGER,
) -> tuple[SellingPoint, ...]:
    """The selling points that `product` attests and `verdicts` allow, the locked ones first."""
    points = every_point(product, language, tagger)
    return allowed_points(points, product, verdicts, Rulebook(language))


def allowed_points(
    points: Mapping[frozenset[str], SellingPoint],
    product: Product,
    verdicts: Sequence[Verdict],
    rulebook: Rulebook,
    merchants: Collection[str] = (),
) -> tuple[SellingPoint, ...]:
    """Those of `points` that neither a verdict nor a rule bars, the locked ones first.

    A verdict holds for every phrase of the same telling words; of several the strictest counts.
    """
    said = states_of(verdicts, rulebook.language)
    allowed = [
        replace(point, locked=True) if said.get(words) == PointState.LOCKED else point
        for words, point in points.items()
        if said.get(words) != PointState.BANNED
        and rulebook.bars(point.text, product, merchants) is None
    ]
    return tuple(sorted(allowed, key=lambda point: not point.locked)[:MOST_POINTS])


def states_of(
    verdicts: Sequence[Verdict], language: Language
) -> Mapping[frozenset[str], PointState]:
    """What was said of the phrases of these words."""
    mildest_first = sorted(verdicts, key=lambda verdict: _STRICTNESS[verdict.state])
    return {telling(verdict.text, language): verdict.state for verdict in mildest_first}


def telling(phrase: str, language: Language) -> frozenset[str]:
    """The words that `phrase` is known by; none if it cannot be shown."""
    return _read_phrase(phrase, language).words


def every_point(
    product: Product, language: Language, tagger: Tagger = NO_TAGGER
) -> Mapping[frozenset[str], SellingPoint]:
    """All that `product` attests, by telling words.

    Dropped are phrases over 60 graphemes, with markup or without a letter, repeats, names such as
    brand and SKU, what title and picture tell by themselves such as type and colour, prices that
    are not the product's, and all that the title, an attribute of value no, or a "not included"
    in the description denies. Denials and such values are read in `language`.
    """
    denied = (
        denied_words(product.title, language)
        | _denied_by_attributes(product, language)
        | missing_words(product.description, language)
    )
    points: dict[frozenset[str], SellingPoint] = {}
    for claim in claims_of(product, language, tagger):
        phrase = _read_phrase(claim.text, language)
        if not phrase.words or phrase.words in points or phrase.claims & denied:
            continue
        if phrase.price and says_another_price(phrase.text, product):
            continue
        if claim.field in _READ and any(phrase.words <= words for words in points):
            continue
        points[phrase.words] = _point(claim, phrase, product)
    return points


def selling_point_id(product_id: str, phrase: str) -> str:
    """The id that `phrase` has as a selling point of that product, for ever the same."""
    return "sp_" + blake2b(f"{product_id}\0{phrase}".encode(), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class _Phrase:
    text: str
    kind: str
    words: frozenset[str]  # none if it cannot be shown
    claims: frozenset[str]  # those that a denial elsewhere contradicts
    price: bool
    stock: bool
    ends: float  # what it says of that itself, in Unix seconds


@lru_cache(maxsize=65_536)
def _read_phrase(text: str, language: Language) -> _Phrase:
    phrase = " ".join(text.split())
    showable = length(phrase) <= LONGEST_PHRASE and not _UNSHOWABLE.search(phrase)
    empty = not showable or says_it_lacks(phrase, language)
    words = frozenset() if empty else telling_words(phrase, language)
    price, stock = says_a_price(phrase), _stock(language.code).search(phrase) is not None
    return _Phrase(
        text=phrase,
        kind="promo" if price or stock else _kind(phrase, language),
        words=words,
        claims=words - denied_words(phrase, language),
        price=price,
        stock=stock,
        ends=said_end(phrase, language),
    )


def _point(claim: Claim, phrase: _Phrase, product: Product) -> SellingPoint:
    kind = claim.kind or phrase.kind
    return SellingPoint(
        selling_point_id=selling_point_id(product.product_id, phrase.text),
        text=phrase.text,
        kind=kind,
        evidence_field=claim.field,
        evidence_value=claim.value,
        valid_until=valid_until(
            product, said=phrase.ends, promo=phrase.kind == "promo", stock=phrase.stock
        ),
    )


def _kind(phrase: str, language: Language) -> str:
    patterns = _kinds(language.code)
    return next((kind for kind, pattern in patterns if pattern.search(phrase)), "benefit")


@lru_cache(maxsize=len(CLAIMS))
def _kinds(code: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    words = CLAIMS.get(code, CLAIMS["en"])
    return tuple(
        (kind, re.compile(f"{english}|{getattr(words, kind)}", re.IGNORECASE))
        for kind, english in _ENGLISH_KINDS.items()
    )


@lru_cache(maxsize=len(CLAIMS))
def _stock(code: str) -> re.Pattern[str]:
    return re.compile(
        f"{CLAIMS['en'].stock}|{CLAIMS.get(code, CLAIMS['en']).stock}", re.IGNORECASE
    )


def _denied_by_attributes(product: Product, language: Language) -> frozenset[str]:
    denials = denials_of(language)
    return frozenset().union(
        *(
            telling_words(spaced(name), language)
            for name, value in product.attributes.items()
            if value.strip().casefold() in denials.no
        )
    )
