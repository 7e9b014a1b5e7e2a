"""The demo shop as arrays: what the click model and the log are computed on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from service.contract.tokenizer import Tokenizer
from service.decision.terms import CampaignStatus
from service.demo.assortment import load_assortment
from service.demo.catalogue import make_products
from service.demo.merchants import make_shop
from service.demo.queries import make_queries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from service.demo.catalogue import MadeProduct
    from service.demo.queries import Query

NO_PHRASE = -1
CANDIDATES = 24  # ads that compete for a query in the log
CHIPS = 8  # feature words shown with a query
_OTHER_TYPE, _PHRASE_MISSING = 0.4, 0.75


@dataclass(frozen=True, slots=True)
class Market:
    """P products, Q queries, V phrases; -1 pads lists of phrases."""

    phrases: tuple[str, ...]
    products: tuple[MadeProduct, ...]
    queries: tuple[Query, ...]
    product_kind: NDArray[np.int64]  # (P,)
    product_category: NDArray[np.int64]  # (P,)
    price_z: NDArray[np.float64]  # (P,), log price within its type
    title_phrases: NDArray[np.int64]  # (P, 2)
    true_phrases: NDArray[np.int64]  # (P, M)
    quality: NDArray[np.float64]  # (P,), standard normal: the pull of picture and brand
    query_kind: NDArray[np.int64]  # (Q,)
    query_phrase: NDArray[np.int64]  # (Q,)
    query_weight: NDArray[np.float64]  # (Q,)
    advertised: NDArray[np.bool_]  # (P,)
    popularity_z: NDArray[np.float64]  # (V,), log share of products
    in_query: NDArray[np.bool_]  # (Q, V), whether the query's words say the phrase already
    chip_weight: NDArray[np.float64]  # (Q, V), 0 where the phrase is no chip of the query

    def relevance(
        self, query: NDArray[np.int64], product: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Say how well products answer queries, 0 to 1, by broadcast index arrays."""
        kind, phrase = self.query_kind[query], self.query_phrase[query]
        category = self.product_category[product] == _category_of(kind)
        near = np.where(self.product_kind[product] == kind, 1.0, _OTHER_TYPE * category)
        has = (self.true_phrases[product] == phrase[..., None]).any(axis=-1)
        return np.asarray(near * np.where(has | (phrase == NO_PHRASE), 1.0, _PHRASE_MISSING))


def make_market(seed: int) -> Market:
    """Lay the demo shop of a seed out as arrays."""
    assortment, products, queries = load_assortment(), make_products(seed), make_queries(seed)
    phrases = assortment.phrases
    number = {phrase: place for place, phrase in enumerate(phrases)}
    kind = np.array([item.kind for item in products])
    true = _padded([[number[p] for p in item.true_phrases] for item in products])
    query_kind = np.array([query.kind for query in queries])
    query_phrase = np.array([number[q.phrase] if q.phrase else NO_PHRASE for q in queries])
    in_query = _said(queries, phrases)
    has = np.zeros((len(products), len(phrases) + 1))
    has[np.arange(len(products))[:, None], true] = 1.0  # padding lands in the last column
    return Market(
        phrases=phrases,
        products=products,
        queries=queries,
        product_kind=kind,
        product_category=_category_of(kind),
        price_z=_price_z(np.array([float(item.product.price) for item in products]), kind),
        title_phrases=_padded([[number[p] for p in item.title_phrases] for item in products], 2),
        true_phrases=true,
        quality=np.random.default_rng([seed, 5]).standard_normal(len(products)),
        query_kind=query_kind,
        query_phrase=query_phrase,
        query_weight=np.array([query.weight for query in queries]),
        advertised=_advertised(seed, products),
        popularity_z=_z(np.log(has[:, :-1].sum(axis=0) + 1.0)),
        in_query=in_query,
        chip_weight=np.where(in_query, 0.0, _shares(has[:, :-1], kind)[query_kind]),
    )


def _category_of(kind: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.array([entry.category for entry in load_assortment().types])[kind]


def _advertised(seed: int, products: Sequence[MadeProduct]) -> NDArray[np.bool_]:
    shop = make_shop(seed)
    active = {c.campaign_id for c in shop.campaigns if c.status is CampaignStatus.ACTIVE}
    wanted = {ad.product_id for ad in shop.ads if ad.campaign_id in active}
    return np.array([p.product.product_id in wanted and p.product.in_stock for p in products])


def _shares(has: NDArray[np.float64], kind: NDArray[np.int64]) -> NDArray[np.float64]:
    """The share of a type's products that have each phrase.  (K, V)."""
    return np.stack([has[kind == k].mean(axis=0) for k in range(kind.max() + 1)])


def _said(queries: Sequence[Query], phrases: Sequence[str]) -> NDArray[np.bool_]:
    words = Tokenizer("en").words
    asked = [set(words(query.text)) | set(words(query.phrase or "")) for query in queries]
    told = [set(words(phrase)) for phrase in phrases]
    return np.array([[phrase <= query for phrase in told] for query in asked])


def _price_z(price: NDArray[np.float64], kind: NDArray[np.int64]) -> NDArray[np.float64]:
    z = np.empty_like(price)
    for k in range(kind.max() + 1):
        z[kind == k] = _z(np.log(price[kind == k]))
    return z


def _z(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((values - values.mean()) / values.std())


def _padded(lists: Sequence[Sequence[int]], width: int = 0) -> NDArray[np.int64]:
    width = width or max(len(row) for row in lists)
    table = np.full((len(lists), width), NO_PHRASE, dtype=np.int64)
    for place, row in enumerate(lists):
        table[place, : len(row)] = row
    return table
