"""Made-up shoppers that look at what a service really showed, and click by the click model."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from service.demo.clicks import ClickModel
from service.demo.market import NO_PHRASE, make_market
from service.demo.shoppers import make_shoppers
from service.demo.worlds import world_named

if TYPE_CHECKING:
    from collections.abc import Sequence


class SimulatedShoppers:
    """The shoppers of a demo seed, asked about one thing shown at a time.

    Shoppers are numbered as in the log. Phrases and queries are told apart by their text, in any
    case; a phrase that nobody has a taste for only costs attention.
    """

    def __init__(self, seed: int, world: str = "base") -> None:
        market, shoppers = make_market(seed), make_shoppers(seed)
        self.model = ClickModel(world_named(world), market, shoppers)

    def p_chip_click(self, shopper: int, query: str, phrase: str, position: int) -> float:
        """P(click) of the feature word at `position`, 1 first. Unknown to the shop: 0."""
        asked, word = self._query(query), self._phrase(phrase)
        if asked is None or word == NO_PHRASE:
            return 0.0
        chance = self.model.chip(
            np.array([shopper]), np.array([asked]), np.array([word]), np.array([float(position)])
        )
        return float(chance[0])

    def p_ad_click(
        self, shopper: int, query: str, product_id: str, shown: Sequence[str], slot: int
    ) -> float:
        """P(click) of an ad in `slot`, 0 on top, whose title shows these selling points."""
        asked, product = self._query(query), self._products.get(product_id)
        if asked is None or product is None:
            return 0.0
        phrases = [self._phrase(text) for text in shown]
        chance = self.model.ad(
            np.array([shopper]),
            np.array([asked]),
            np.array([product]),
            np.array([slot + 1.0]),
            np.array([phrases], dtype=np.int64).reshape(1, len(phrases)),
        )
        return float(chance[0])

    def p_conversion(self, shopper: int, query: str, product_id: str) -> float:
        """P(conversion) of a shopper who has clicked."""
        asked, product = self._query(query), self._products.get(product_id)
        if asked is None or product is None:
            return 0.0
        chance = self.model.conversion(np.array([shopper]), np.array([asked]), np.array([product]))
        return float(chance[0])

    @cached_property
    def queries(self) -> tuple[str, ...]:
        """The queries that these shoppers type."""
        return tuple(query.text for query in self.model.market.queries)

    def _query(self, text: str) -> int | None:
        return self._query_places.get(text.casefold())

    def _phrase(self, text: str) -> int:
        return self._phrase_places.get(text.casefold(), NO_PHRASE)

    @cached_property
    def _query_places(self) -> dict[str, int]:
        return {text: place for place, text in enumerate(self.queries)}

    @cached_property
    def _phrase_places(self) -> dict[str, int]:
        return {text: place for place, text in enumerate(self.model.market.phrases)}

    @cached_property
    def _products(self) -> dict[str, int]:
        products = self.model.market.products
        return {item.product.product_id: place for place, item in enumerate(products)}
