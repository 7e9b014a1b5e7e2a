"""What may truthfully be said of the products of a catalogue in the layout synth_items."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import polars as pl

from service.contract.history_log import Codes
from service.decision.attest import attest
from service.decision.choice_options import Option
from service.decision.language import language_of
from service.decision.terms import Micros, Product
from service.inference.log_tables import cast, keys, read_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    Listed = Mapping[str | None, tuple[str, tuple[str, ...]]]


class Attested:
    """What may be said of each product beside each query: `listed` by product, not denied."""

    def __init__(self, listed: Listed, locale: str) -> None:
        self._listed = listed
        self._language = language_of(locale)
        self._codes = Codes()
        self._popularity: dict[str, int] = {}
        for _, named in listed.values():
            for text in named:
                self._popularity[text] = self._popularity.get(text, 0) + 1
        self._asked = lru_cache(maxsize=None)(self._words_of)
        self._of_product = lru_cache(maxsize=None)(self._attested)
        self._of_both = lru_cache(maxsize=1 << 16)(self._says_more)

    @classmethod
    def read(cls, items: Path, locale: str) -> Attested:
        """Read product_uid, title and sp_candidates of a catalogue.

        Raises: BadInputError.
        """
        table = read_table(items, "items", ("product_uid", "title", "sp_candidates"))
        candidates = cast(table["sp_candidates"], pl.List(pl.String), "sp_candidates")
        titles = cast(table["title"], pl.String, "title")
        listed: dict[str | None, Any] = {
            product: (title or "", tuple(text for text in named or () if text))
            for product, title, named in zip(
                keys(table, "product_uid"), titles, candidates.to_list(), strict=True
            )
        }
        return cls(listed, locale)

    def options(
        self, products: Iterable[str | None], queries: Iterable[str]
    ) -> list[Sequence[Option]]:
        """The options of each row: attested, and not made only of the query's words."""
        return [self._of_both(*pair) for pair in zip(products, queries, strict=True)]

    def _says_more(self, product: str | None, query: str) -> tuple[Option, ...]:
        asked = self._asked(query)
        return tuple(one for one in self._of_product(product) if not one.words <= asked)

    def _attested(self, product: str | None) -> tuple[Option, ...]:
        title, named = self._listed.get(product, ("", ()))
        read = Product(product or "", title, "/", Micros(0), highlights=named)
        texts = {" ".join(text.split()): text for text in named}
        language = self._language
        options = []
        for place, point in enumerate(attest(read, language)):
            text = texts.get(point.text)
            words = self._coded(language.telling(language.words(point.text)))
            if text is not None and words:
                options.append(
                    Option(place, place, words, text=text, popularity=self._popularity[text])
                )
        return tuple(options)

    def _words_of(self, query: str) -> frozenset[int]:
        return self._coded(self._language.words(query))

    def _coded(self, words: Iterable[str]) -> frozenset[int]:
        return frozenset(self._codes.of(words).tolist())
