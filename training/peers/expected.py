"""How many clicks anybody would have given: with exposure taken off, clicks mean taste."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from training.floors import CommonLogistic

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray
    from training.peers.shop import Shop

_PLACE_PRIOR: Final = 1.0
_PRODUCT_PRIOR: Final = 100.0
_QUERY_PRIOR: Final = 200.0
_LEAST: Final = 1e-4


def expected_ad_clicks(shop: Shop) -> FloatArray:
    """Return P(click) of each ad shown (M,) to a shopper nobody knows.

        e = mean x rate(place) x rate(product) x rate(query)

    rate(x) = (clicks(x) + prior mean) / (shown(x) + prior) / mean, counted on the learnt part;
    priors of 1, 100 and 200 rows.
    """
    ads, rows = shop.ads, shop.earlier
    clicks = ads.clicks[rows]
    mean = float(clicks.mean()) if len(rows) else 0.0
    if mean == 0.0:
        return np.full(len(ads.clicks), _LEAST, np.float32)
    expected = np.full(len(ads.clicks), mean)
    keys = (ads.places, _PLACE_PRIOR), (ads.products, _PRODUCT_PRIOR), (ads.queries, _QUERY_PRIOR)
    for key, prior in keys:
        size = int(key.max()) + 1
        shown = np.bincount(key[rows], minlength=size)
        clicked = np.bincount(key[rows], clicks, minlength=size)
        expected *= ((clicked / mean + prior) / (shown + prior))[key]
    likely: FloatArray = np.clip(expected, _LEAST, 1 - _LEAST).astype(np.float32)
    return likely


def expected_word_clicks(shop: Shop, common: NDArray[Any]) -> FloatArray:
    """Return P(click) of each feature word shown (N,) to a shopper nobody knows.

    A logistic on the place and the columns `common` (N, K), fitted on the learnt part: the
    second floor.
    """
    facets, rows = shop.facets, shop.learnt
    floor = CommonLogistic.learn(facets.places[rows], common[rows], facets.clicks[rows])
    p = 1 / (1 + np.exp(-floor.margin(facets.places, common)))
    likely: FloatArray = np.clip(p, _LEAST, 1 - _LEAST).astype(np.float32)
    return likely
