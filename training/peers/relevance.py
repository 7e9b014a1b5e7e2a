"""What every shopper has in common: how a word suits a query, and how usual it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray, LongArray
    from training.peers.shop import Shop

_PRIOR_CLICKS = 20.0


def shown_relevance(shop: Shop) -> tuple[FloatArray, FloatArray]:
    """Return how many of the products shown for the query so far hold the word, two ways (N,).

        share = n_qv / n_q            best = n_qv / max_w n_qw

    over distinct products that stood under the query strictly before the row; 0 where there is
    none. A word is not its own evidence: clicks play no part.
    """
    facets = shop.facets
    share = np.zeros(len(facets.ts), np.float32)
    best = np.zeros(len(facets.ts), np.float32)
    products, since, starts = _first_shown(shop)
    for rows in _page_views(facets.pages):
        query = facets.queries[rows[0]]
        begin, end = starts[query], starts[query + 1]
        known = begin + int(np.searchsorted(since[begin:end], facets.ts[rows[0]]))
        if known == begin:
            continue
        holding = np.asarray(shop.held[products[begin:known]].sum(axis=0)).ravel()
        share[rows] = holding[facets.words[rows]] / (known - begin)
        best[rows] = holding[facets.words[rows]] / max(holding.max(), 1.0)
    return share, best


def title_counts(shop: Shop) -> FloatArray:
    """Return log(1 + products that could carry the word) of each row (N,)."""
    counts = np.asarray(shop.held.sum(axis=0)).ravel()
    usual: FloatArray = np.log1p(counts)[shop.facets.words].astype(np.float32)
    return usual


def said_lift(shop: Shop, expected: NDArray[Any]) -> FloatArray:
    """Return what it did to say the word in titles, learnt part only, by row (N,).

    log((clicks + 20) / (expected + 20))       over ads that said it, to whomever
    """
    rows = shop.earlier
    said = shop.ads.said[rows].T
    clicks = said @ shop.ads.clicks[rows] + _PRIOR_CLICKS
    usual = said @ expected[rows] + _PRIOR_CLICKS
    lift: FloatArray = np.log(clicks / usual)[shop.facets.words].astype(np.float32)
    return lift


def _first_shown(shop: Shop) -> tuple[LongArray, NDArray[np.float64], LongArray]:
    """Return distinct products by query, oldest first: products, since when, starts (Q + 1,)."""
    ads = shop.ads
    pairs = ads.queries * shop.held.shape[0] + ads.products
    _, firsts = np.unique(pairs, return_index=True)  # rows stand in order of time
    firsts = firsts[np.lexsort((firsts, ads.queries[firsts]))]
    starts = np.searchsorted(ads.queries[firsts], np.arange(shop.queries + 1))
    return ads.products[firsts], ads.ts[firsts], starts


def _page_views(pages: LongArray) -> list[LongArray]:
    order = np.argsort(pages, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(pages[order])) + 1)
