"""Reads one product for the snapshot: its words, its selling points, where it links to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from service.decision.attest import attest
from service.decision.links import resolve_link
from service.decision.naming import names_of
from service.decision.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from service.decision.language import Language
    from service.decision.terms import Product, SellingPoint, Store
    from service.decision.verdicts import Verdict

    Said = tuple[Verdict, ...]

NOTHING_SAID: Mapping[str, Said] = MappingProxyType({})

_ARROW = re.compile(r"\s*>\s*")


@dataclass(frozen=True, slots=True)
class ProductReading:
    """A product with what the snapshot keeps of it."""

    product: Product
    said: Said  # of its selling points
    title: str
    names: tuple[str, ...]  # brand, or "", and attributes that name it
    link: str  # absolute; empty if no shopper may be sent there
    image: str
    category: str  # folded
    words: tuple[str, ...]  # of title, brand and category, each once
    points: tuple[SellingPoint, ...]
    phrase_words: Mapping[str, tuple[str, ...]]  # of each point's text


def read_product(
    product: Product, site_url: str, language: Language, said: Said = ()
) -> ProductReading:
    """Read `product` as it stands on `site_url`, with what was `said` of its selling points."""
    title = plain(product.title)
    texts = (title, product.brand, product.category)
    points = attest(product, language, said)
    return ProductReading(
        product=product,
        said=said,
        title=title,
        names=names_of(product),
        link=resolve_link(product.link, site_url) or "",
        image=resolve_link(product.image_link, site_url) or "",
        category=fold_category(product.category),
        words=tuple(dict.fromkeys(word for text in texts for word in language.words(text))),
        points=points,
        phrase_words={
            point.text: language.telling(language.words(point.text)) for point in points
        },
    )


def fold_category(path: str) -> str:
    """`path` as it is compared: "Tools >  Hammers" and "tools>hammers" are the same."""
    return _ARROW.sub(">", plain(path).casefold())


class Readings:
    """What was read lately for one store: a rebuild reads only what changed."""

    def __init__(self) -> None:
        self._store: tuple[str, str] = ("", "")
        self._kept: dict[str, ProductReading] = {}
        self._words: dict[str, tuple[str, ...]] = {}

    def of(
        self,
        products: Iterable[Product],
        store: Store,
        language: Language,
        verdicts: Mapping[str, Said] = NOTHING_SAID,
    ) -> list[ProductReading]:
        """Read `products` as they stand in `store`, with `verdicts` by id; forget the others."""
        told = (store.site_url, store.locale)
        if told != self._store:
            self._store, self._kept, self._words = told, {}, {}
        kept = self._kept
        readings = []
        for product in products:
            reading = kept.get(product.product_id)
            said = verdicts.get(product.product_id, ())
            if reading is None or reading.product != product or reading.said != said:
                reading = read_product(product, store.site_url, language, said)
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
