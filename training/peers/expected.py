"""What a peer expects of shoppers nobody knows: of ads by counted rates, of words by a floor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from training.expected import expected_clicks, within
from training.floors import CommonLogistic

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray
    from training.peers.shop import Shop

_PLACE_PRIOR: Final = 1.0
_PRODUCT_PRIOR: Final = 100.0
_QUERY_PRIOR: Final = 200.0


def expected_ad_clicks(shop: Shop) -> FloatArray:
    """Return P(click) of each ad shown (M,) to a shopper nobody knows.

    Rates of place, product and query are counted on the learnt part, with priors of 1, 100 and
    200 rows.
    """
    ads = shop.ads
    keys = (
        (ads.places, _PLACE_PRIOR),
        (ads.products, _PRODUCT_PRIOR),
        (ads.queries, _QUERY_PRIOR),
    )
    return expected_clicks(ads.clicks, keys, shop.earlier)


def expected_word_clicks(shop: Shop, common: NDArray[Any]) -> FloatArray:
    """Return P(click) of each feature word shown (N,) to a shopper nobody knows.

    A logistic on the place and the columns `common` (N, K), fitted on the learnt part: the
    second floor.
    """
    facets, rows = shop.facets, shop.learnt
    floor = CommonLogistic.learn(facets.places[rows], common[rows], facets.clicks[rows])
    return within(1 / (1 + np.exp(-floor.margin(facets.places, common))))
