"""What one shopper saw and clicked before each moment, as matrices that mask what came later."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray, LongArray, TimeArray
    from training.peers.shop import Shop


_SAID: Final = 0.7  # a word that the title said counts for so much more
_DAY_SECONDS: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Seen:
    """Rows of one log that a shopper saw (m,): the words on each, clicks and expected clicks."""

    words: sparse.csr_matrix  # (m, k) weights
    holds: sparse.csr_matrix  # (m, k) 1 where a word stands on the row
    ts: TimeArray
    clicks: FloatArray
    expected: FloatArray

    def before(self, moments: TimeArray) -> FloatArray:
        """Return (m, S): 1 where a row was seen strictly before a moment."""
        return (self.ts[:, None] < moments[None, :]).astype(np.float32)

    def sums(self, moments: TimeArray, values: FloatArray) -> FloatArray:
        """Return (k, S): `values` (m,) added up by word over what was seen before."""
        found: FloatArray = self.holds.T @ (self.before(moments) * values[:, None])
        return found


@dataclass(frozen=True, slots=True)
class Past:
    """One shopper's rows of feature words, and what they had seen at each of the S moments.

    local (k,): the words that count here, as numbers of the shop; `word` and `moment` number
    each of `rows` (n,) among them.
    """

    rows: LongArray
    word: LongArray
    moment: LongArray
    moments: TimeArray  # (S,)
    local: LongArray
    own: Seen
    ads: Seen

    def at_rows(self, states: NDArray[Any]) -> NDArray[Any]:
        """Look states (k, S) up for each row: (n,)."""
        found: NDArray[Any] = states[self.word, self.moment]
        return found


@dataclass(frozen=True, slots=True)
class Pasts:
    """Walks over shoppers; rows of shoppers nobody knows have no past and are left out."""

    shop: Shop
    word_clicks: FloatArray  # (N,) expected
    ad_clicks: FloatArray  # (M,) expected

    def __iter__(self) -> Iterator[Past]:
        """Yield the shoppers one by one, in order of their numbers."""
        facets, ads = self.shop.facets, self.shop.ads
        size = int(max(facets.shoppers.max(initial=-1), ads.shoppers.max(initial=-1))) + 1
        of_words, of_ads = _by_owner(facets.shoppers, size), _by_owner(ads.shoppers, size)
        for rows, ad_rows in zip(of_words, of_ads, strict=True):
            if len(rows):
                yield self._past(rows, ad_rows)

    def _past(self, rows: LongArray, ad_rows: LongArray) -> Past:
        facets, ads, held = self.shop.facets, self.shop.ads, self.shop.held
        on_ads = held[ads.products[ad_rows]]
        said = ads.said[ad_rows]
        local = np.unique(np.concatenate([facets.words[rows], on_ads.indices, said.indices]))
        word = np.searchsorted(local, facets.words[rows])
        ones = np.ones(len(rows), np.float32)
        own = sparse.csr_matrix((ones, (np.arange(len(rows)), word)), (len(rows), len(local)))
        holds = on_ads[:, local]
        weights = _spread(holds) + _SAID * said[:, local]
        moments, moment = np.unique(facets.ts[rows], return_inverse=True)
        return Past(
            rows,
            word,
            moment,
            moments,
            local,
            Seen(own, own, facets.ts[rows], facets.clicks[rows], self.word_clicks[rows]),
            Seen(
                weights.tocsr(),
                holds,
                ads.ts[ad_rows],
                ads.clicks[ad_rows],
                self.ad_clicks[ad_rows],
            ),
        )


def faded(seen: Seen, moments: TimeArray, half_life_days: float) -> FloatArray:
    """Return (k, S): clicks by word, each worth half as much after every `half_life_days`."""
    days = np.maximum(moments[None, :] - seen.ts[:, None], 0.0) / _DAY_SECONDS
    weights = seen.before(moments) * np.exp2(-days / half_life_days) * seen.clicks[:, None]
    found: FloatArray = (seen.words.T @ weights).astype(np.float32)
    return found


def _spread(holds: sparse.csr_matrix) -> sparse.csr_matrix:
    """Share what a title says among its m words, 1 / sqrt(m) each."""
    count = np.maximum(np.diff(holds.indptr), 1)
    return sparse.diags((count**-0.5).astype(np.float32)) @ holds


def _by_owner(owners: LongArray, size: int) -> list[LongArray]:
    order = np.argsort(owners, kind="stable")
    edges = np.searchsorted(owners[order], np.arange(size + 1))
    return [order[begin:end] for begin, end in pairwise(edges)]
