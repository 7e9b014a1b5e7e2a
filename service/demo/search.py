"""The demo shop's own search: what it finds without any ads, and its feature words."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from service.contract.tokenizer import Tokenizer
from service.demo.assortment import load_assortment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from service.decision.terms import Product

_TITLE_WEIGHT, _OTHER_WEIGHT = 2.0, 1.0
_SHARED_BY = 3  # a feature word divides the results: at least so many have it
_SHORTEST_TYPO = 4
_MOST_WORDS = 12  # of a query; the rest adds nothing


class ShopSearch:
    """Find products by the words of title, brand, category, attributes and highlights.

    What else people call a type of product counts among its words. A product's score is the sum
    of log(N / df) over the query's words that it has, doubled for words of its title; words that
    no product has are read as the nearest word that is known.
    """

    def __init__(self, products: Sequence[Product], locale: str = "en") -> None:
        self._products = tuple(products)
        self._tokenizer = Tokenizer(locale)
        self._synonyms = {kind.noun: kind.queries for kind in load_assortment().types}
        self._postings: dict[str, dict[int, float]] = defaultdict(dict)
        for place, product in enumerate(self._products):
            for word, weight in self._weights(product).items():
                self._postings[word][place] = weight
        self._known = tuple(word for word in self._postings if len(word) >= _SHORTEST_TYPO)

    def find(self, query: str, limit: int = 24) -> tuple[Product, ...]:
        """The best products for `query`, those in stock first among equals."""
        scores: defaultdict[int, float] = defaultdict(float)
        matched: Counter[int] = Counter()
        for word in dict.fromkeys(self._read(query)):
            places = self._postings.get(word, {})
            idf = math.log(1.0 + len(self._products) / (1.0 + len(places)))
            for place, weight in places.items():
                scores[place] += weight * idf
                matched[place] += 1
        best = max(matched.values(), default=0)
        found = (place for place in scores if matched[place] == best)
        ranked = sorted(found, key=lambda p: (-scores[p], not self._products[p].in_stock, p))
        return tuple(self._products[place] for place in ranked[:limit])

    def in_category(self, path: str, limit: int = 24) -> tuple[Product, ...]:
        """The first products of a category path or of any path below it."""
        under = path + " > "
        return tuple(p for p in self._products if (p.category + " > ").startswith(under))[:limit]

    def feature_words(
        self, query: str, found: Sequence[Product], limit: int = 8
    ) -> tuple[str, ...]:
        """The phrases that divide `found` best, never the query's own words."""
        asked = set(self._read(query))
        count = Counter(phrase for product in found for phrase in feature_phrases(product))
        useful = {
            phrase: n
            for phrase, n in count.items()
            if _SHARED_BY <= n < len(found) and not set(self._tokenizer.words(phrase)) <= asked
        }
        ranked = sorted(useful, key=lambda phrase: (abs(useful[phrase] - len(found) / 3), phrase))
        return tuple(ranked[:limit])

    def _read(self, query: str) -> list[str]:
        return [word if word in self._postings else self._nearest(word)
                for word in self._tokenizer.words(query)[:_MOST_WORDS]]  # fmt: skip

    def _nearest(self, word: str) -> str:
        if len(word) < _SHORTEST_TYPO:
            return word
        allowed = 1 if len(word) <= 2 * _SHORTEST_TYPO else 2
        hit = process.extractOne(
            word, self._known, scorer=DamerauLevenshtein.distance, score_cutoff=allowed
        )
        return hit[0] if hit else word

    def _weights(self, product: Product) -> dict[str, float]:
        called = self._synonyms.get(product.attributes.get("type", ""), ())
        rest = " ".join((product.brand, product.category, *called, *feature_phrases(product)))
        weights = dict.fromkeys(self._tokenizer.words(rest), _OTHER_WEIGHT)
        return weights | dict.fromkeys(self._tokenizer.words(product.title), _TITLE_WEIGHT)


def feature_phrases(product: Product) -> Iterable[str]:
    """What a product could be filtered by: its highlights, style and material."""
    named = (product.attributes.get(name, "") for name in ("style", "material"))
    return dict.fromkeys(phrase for phrase in (*named, *product.highlights) if phrase)
