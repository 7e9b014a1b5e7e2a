"""Reads one product for the snapshot: its words, its selling points, where it links to."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from service.decision.attest import allowed_points, every_point
from service.decision.claims import NO_TAGGER
from service.decision.links import resolve_link
from service.decision.naming import names_of
from service.decision.plain import plain
from service.decision.point_rules import Rulebook

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from service.contract.tagging import Tagger
    from service.decision.language import Language
    from service.decision.terms import Product, SellingPoint, Store
    from service.decision.verdicts import Verdict

    Said = tuple[Verdict, ...]
    Merchants = tuple[str, ...]

NOTHING_SAID: Mapping[str, Said] = MappingProxyType({})
NOBODY: Mapping[str, Merchants] = MappingProxyType({})

_ARROW = re.compile(r"\s*>\s*")


@dataclass(frozen=True, slots=True)
class ProductReading:
    """A product with what the snapshot keeps of it."""

    product: Product
    said: Said  # of its selling points
    merchants: Merchants  # who advertise it
    title: str
    names: tuple[str, ...]  # brand, or "", and attributes that name it
    link: str  # absolute; empty if no shopper may be sent there
    image: str
    category: str  # folded
    words: tuple[str, ...]  # of title, brand and category, each once
    attested: Mapping[frozenset[str], SellingPoint]  # by telling words
    points: tuple[SellingPoint, ...]  # those attested that are allowed
    phrase_words: Mapping[str, tuple[str, ...]]  # of each point's text

    @property
    def told(self) -> tuple[Said, Merchants]:
        """What its points were judged by, besides rules."""
        return self.said, self.merchants

    def judged(
        self, said: Said, merchants: Merchants, rulebook: Rulebook, language: Language
    ) -> ProductReading:
        """The same product with the points that are allowed now."""
        points = allowed_points(self.attested, self.product, said, rulebook, merchants)
        words = {point.text: language.telling(language.words(point.text)) for point in points}
        return replace(self, said=said, merchants=merchants, points=points, phrase_words=words)


def read_product(
    product: Product, site_url: str, language: Language, tagger: Tagger = NO_TAGGER
) -> ProductReading:
    """Read `product` as it stands on `site_url`; none of its points is allowed yet."""
    title = plain(product.title)
    texts = (title, product.brand, product.category)
    return ProductReading(
        product=product,
        said=(),
        merchants=(),
        title=title,
        names=names_of(product),
        link=resolve_link(product.link, site_url) or "",
        image=resolve_link(product.image_link, site_url) or "",
        category=fold_category(product.category),
        words=tuple(dict.fromkeys(word for text in texts for word in language.words(text))),
        attested=every_point(product, language, tagger),
        points=(),
        phrase_words={},
    )


def fold_category(path: str) -> str:
    """`path` as it is compared: "Tools >  Hammers" and "tools>hammers" are the same."""
    return _ARROW.sub(">", plain(path).casefold())


class Readings:
    """What was read lately for one store: a rebuild reads only what changed.

    `tagger` finds attributes in titles and descriptions; another one needs other readings.
    """

    def __init__(self, tagger: Tagger = NO_TAGGER) -> None:
        self.tagger = tagger
        self._store: tuple[str, str] = ("", "")
        self._rulebook: Rulebook | None = None
        self._kept: dict[str, ProductReading] = {}
        self._words: dict[str, tuple[str, ...]] = {}

    def of(
        self,
        products: Iterable[Product],
        store: Store,
        language: Language,
        verdicts: Mapping[str, Said] = NOTHING_SAID,
        *,
        rulebook: Rulebook | None = None,
        merchants: Mapping[str, Merchants] = NOBODY,
    ) -> list[ProductReading]:
        """Read `products` as they stand in `store`, with `verdicts` by id; forget the others.

        `merchants` are those who advertise a product, by its id.
        """
        told = (store.site_url, store.locale)
        if told != self._store:
            self._store, self._kept, self._words = told, {}, {}
        rulebook = rulebook or Rulebook(language)
        same_rules, self._rulebook = rulebook == self._rulebook, rulebook
        readings = []
        for product in products:
            told_now = (
                verdicts.get(product.product_id, ()),
                merchants.get(product.product_id, ()),
            )
            reading = before = self._kept.get(product.product_id)
            if reading is None or reading.product != product:
                reading = read_product(product, store.site_url, language, self.tagger)
            if not same_rules or reading is not before or reading.told != told_now:
                reading = reading.judged(*told_now, rulebook, language)
            readings.append(reading)
        self._kept = {reading.product.product_id: reading for reading in readings}
        return readings

    def words(self, texts: Iterable[str], language: Language) -> dict[str, tuple[str, ...]]:
        """The words of each of `texts`, after `of` told the store; forget other texts."""
        kept = self._words
        self._words = {
            text: kept[text] if text in kept else language.words(text) for text in texts
        }
        return self._words
