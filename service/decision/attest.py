"""Which selling points a product's own data attest."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

from service.decision.denial import denials_of, denied_words, says_it_lacks, telling_words
from service.decision.graphemes import length
from service.decision.terms import SellingPoint
from service.decision.verdicts import PointState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from service.decision.denial import Denials
    from service.decision.language import Language
    from service.decision.terms import Product
    from service.decision.verdicts import Verdict

LONGEST_PHRASE = 60  # graphemes
MOST_POINTS = 32  # of one product
POINT_KINDS = ("attribute", "benefit", "service", "promo", "social")

_STRICTNESS = {state: place for place, state in enumerate(PointState)}
_KINDS = (
    (
        "promo",
        r"\d\s?%|\boff\b|\bsales?\b|\bsav(?:e|ings?)\b|\bcoupon|\bdiscount|\bdeal\b|\bclearance",
    ),
    (
        "service",
        r"\bshipping|\bdeliver|\bwarrant|\breturns?\b|\bguarantee|\binstallation\b|\bpick-?up\b",
    ),
    (
        "social",
        r"\bbest[- ]?sell|\brated\b|\breview|\baward|\bpopular|\bstars?\b|\bfavou?rite",
    ),
)
_KIND_PATTERNS = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _KINDS)
_SAYS_NOTHING = re.compile(  # names, and what title and picture tell by themselves
    r"\b(?:gtin|mpn|sku|upc|ean|isbn|asin|id|uid|model|brand|manufacturer|url|link|number"
    r"|type|colou?r|size|weight|dimensions?|gender|age group|condition)\b",
    re.IGNORECASE,
)
_UNSHOWABLE = re.compile(r"[<>{}\x00-\x1f\x7f\ud800-\udfff]|https?:|www\.", re.IGNORECASE)


def attest(
    product: Product, language: Language, verdicts: Sequence[Verdict] = ()
) -> tuple[SellingPoint, ...]:
    """The selling points that `product` attests and `verdicts` allow, the locked ones first.

    A verdict holds for every phrase of the same telling words; of several the strictest counts.
    """
    points = every_point(product, language)
    if verdicts:
        said = states_of(verdicts, language)
        points = {
            words: replace(point, locked=said.get(words) == PointState.LOCKED)
            for words, point in points.items()
            if said.get(words) != PointState.BANNED
        }
    return tuple(sorted(points.values(), key=lambda point: not point.locked)[:MOST_POINTS])


def states_of(
    verdicts: Sequence[Verdict], language: Language
) -> Mapping[frozenset[str], PointState]:
    """What was said of the phrases of these words."""
    mildest_first = sorted(verdicts, key=lambda verdict: _STRICTNESS[verdict.state])
    return {telling(verdict.text, language): verdict.state for verdict in mildest_first}


def telling(phrase: str, language: Language) -> frozenset[str]:
    """The words that `phrase` is known by; none if it cannot be shown."""
    return _read_phrase(phrase, language).words


def every_point(product: Product, language: Language) -> Mapping[frozenset[str], SellingPoint]:
    """All that the highlights and attributes of `product` attest, by telling words.

    A highlight is its own phrase; an attribute gives its value, or its name where the value is
    yes. Dropped are phrases over 60 graphemes, with markup or without a letter, repeats, names
    such as brand and SKU, what title and picture tell by themselves such as type and colour, and
    all that the title or an attribute of value no denies. Denials and such values are read in
    `language`.
    """
    denied = denied_words(product.title, language) | _denied_by_attributes(product, language)
    points: dict[frozenset[str], SellingPoint] = {}
    for text, kind, field, value in _claims(product, denials_of(language)):
        phrase = _read_phrase(text, language)
        if not phrase.words or phrase.words in points or phrase.claims & denied:
            continue
        name = selling_point_id(product.product_id, phrase.text)
        points[phrase.words] = SellingPoint(name, phrase.text, kind or phrase.kind, field, value)
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


@lru_cache(maxsize=65_536)
def _read_phrase(text: str, language: Language) -> _Phrase:
    phrase = " ".join(text.split())
    showable = length(phrase) <= LONGEST_PHRASE and not _UNSHOWABLE.search(phrase)
    empty = not showable or says_it_lacks(phrase, language)
    words = frozenset() if empty else telling_words(phrase, language)
    return _Phrase(phrase, _kind(phrase), words, words - denied_words(phrase, language))


def _claims(product: Product, denials: Denials) -> Iterator[tuple[str, str, str, str]]:
    """Text, kind where the field decides it, field, value."""
    for highlight in product.highlights:
        yield highlight, "", "highlight", highlight
    for name, value in product.attributes.items():
        folded = value.strip().casefold()
        if folded not in denials.no and not _SAYS_NOTHING.search(_spaced(name)):
            yield _spaced(name) if folded in denials.yes else value, "attribute", name, value


def _kind(phrase: str) -> str:
    return next((kind for kind, pattern in _KIND_PATTERNS if pattern.search(phrase)), "benefit")


def _spaced(name: str) -> str:
    return " ".join(name.replace("_", " ").split())


def _denied_by_attributes(product: Product, language: Language) -> frozenset[str]:
    denials = denials_of(language)
    return frozenset().union(
        *(
            telling_words(_spaced(name), language)
            for name, value in product.attributes.items()
            if value.strip().casefold() in denials.no
        )
    )
