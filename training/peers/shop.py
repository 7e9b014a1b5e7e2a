"""Both logs and the catalogue as numbers: shoppers, queries, products and feature words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from service.contract.history_log import Codes

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

    from service.contract.arrays import FloatArray, IntArray, LongArray, TimeArray
    from training.lab.split import Split


@dataclass(frozen=True, slots=True)
class FacetRows:
    """Feature words shown (N,), in order of time; a shopper nobody knows is -1."""

    shoppers: LongArray
    ts: TimeArray
    pages: LongArray  # which page view, 0..
    queries: LongArray
    words: LongArray
    places: IntArray
    clicks: FloatArray


@dataclass(frozen=True, slots=True)
class AdRows:
    """Ads shown (M,), in order of time."""

    shoppers: LongArray
    ts: TimeArray
    queries: LongArray
    products: LongArray
    places: IntArray
    clicks: FloatArray
    said: sparse.csr_matrix  # (M, V) 1 where the title was shown with the word as a selling point


@dataclass(frozen=True, slots=True)
class Shop:
    """What a shop logged, and which words its products could carry.

    held (P, V): 1 where a word is a candidate of a product. `learnt` and `earlier` number the
    rows of either log that a peer may fit to.
    """

    facets: FacetRows
    ads: AdRows
    held: sparse.csr_matrix
    learnt: LongArray
    earlier: LongArray

    @classmethod
    def of(cls, split: Split) -> Shop:
        """Number what stands in the frames of `split`."""
        words, shoppers, queries, products = (Codes() for _ in range(4))
        products.of(split.items["product_uid"].to_list())
        held = _lists(split.items["sp_candidates"], words)
        said = _lists(split.clicks["sp_shown"], words)
        facets, ads = split.facets, split.clicks
        facet_rows = FacetRows(
            shoppers.of(facets["user_id"].to_list()),
            facets["ts"].to_numpy().astype(np.float64),
            Codes().of(facets.select("request", "ts").rows()),
            queries.of(facets["query"].to_list()),
            words.of(facets["sf_keyword"].to_list()),
            facets["position"].to_numpy().astype(np.int32),
            facets["click"].to_numpy().astype(np.float32),
        )
        size = len(words.numbers)
        ad_rows = AdRows(
            shoppers.of(ads["user_id"].to_list()),
            ads["ts"].to_numpy().astype(np.float64),
            queries.of(ads["query"].to_list()),
            products.of(ads["product_uid"].to_list()),
            ads["slot"].to_numpy().astype(np.int32),
            ads["click"].to_numpy().astype(np.float32),
            _matrix(said, size),
        )
        return cls(facet_rows, ad_rows, _matrix(held, size), split.learnt, split.earlier)

    @property
    def words(self) -> int:
        """How many different feature words there are."""
        return int(self.held.shape[1])

    @property
    def queries(self) -> int:
        """How many different queries were asked."""
        asked = np.concatenate([self.facets.queries, self.ads.queries])
        return int(asked.max(initial=-1)) + 1


def _lists(column: pl.Series, words: Codes) -> list[LongArray]:
    return [words.of(_distinct(texts or ())) for texts in column.to_list()]


def _distinct(texts: Iterable[Any]) -> list[Any]:
    return [text for text in dict.fromkeys(texts) if text is not None]


def _matrix(rows: list[LongArray], size: int) -> sparse.csr_matrix:
    """Return (n, size) with a 1 for each number that a row lists."""
    ends = np.cumsum([0, *(len(row) for row in rows)])
    cells = np.concatenate(rows) if rows else np.zeros(0, np.int64)
    ones = np.ones(len(cells), np.float32)
    return sparse.csr_matrix((ones, cells, ends), (len(rows), size))
