"""One table for all peers: what is known of each feature word shown, strictly before it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from training.peers.expected import expected_ad_clicks, expected_word_clicks
from training.peers.past import Pasts
from training.peers.relevance import said_lift, shown_relevance, title_counts
from training.peers.taste_regression import Penalty, taste

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray
    from scipy import sparse

    from service.contract.arrays import FloatArray, LongArray
    from training.peers.past import Past, Seen
    from training.peers.shop import Shop
    from training.peers.word_axes import WordAxes

COMMON: Final = (
    "place",
    "relevance_share",
    "relevance_best",
    "titles",
    "said_lift",
    "margin",
    "relevance_in_page",
    "titles_in_page",
    "margin_in_page",
)
"""The same for every shopper."""

OWN: Final = ("own_excess", "own_alike", "own_level", "own_word_taste", "own_axis_taste")
"""Of the feature words that the shopper saw and clicked."""

ADS: Final = ("ad_lift", "ad_alike", "ad_level", "word_taste", "axis_taste", "taste_in_page")
"""Of the ads that they saw and clicked; tastes are of both logs."""

FLOOR: Final = ("place", "relevance_share", "relevance_best", "titles")
"""What the second floor may look at."""

_OWN_PENALTY: Final = Penalty(words=2.0, axes=4.0)
_BOTH_PENALTY: Final = Penalty(words=3.0, axes=8.0)
_ALIKE_PRIOR: Final = 2.0  # expected clicks that shrink a rate among words alike
_LEVEL_PRIOR: Final = 3.0


@dataclass(frozen=True, slots=True)
class Table:
    """Columns (N, C) of the feature words shown, by name."""

    names: tuple[str, ...]
    values: FloatArray

    def of(self, names: Iterable[str], rows: LongArray) -> FloatArray:
        """Return the columns `names` (n, c) at `rows` (n,)."""
        places = [self.names.index(name) for name in names]
        return self.values[rows][:, places]


def make_table(shop: Shop, pasts: Pasts, axes: WordAxes) -> Table:
    """Put all columns together."""
    share, best = shown_relevance(shop)
    expected = pasts.word_clicks
    columns: dict[str, NDArray[Any]] = {
        "place": shop.facets.places,
        "relevance_share": share,
        "relevance_best": best,
        "titles": title_counts(shop),
        "said_lift": said_lift(shop, pasts.ad_clicks),
        "margin": np.log(expected / (1 - expected)),
    }
    size = len(share)
    columns |= {name: np.zeros(size, np.float32) for name in (*OWN, *ADS)}
    for past in pasts:
        for name, values in shopper_columns(past, axes).items():
            columns[name][past.rows] = values
    pages = shop.facets.pages
    both = columns["word_taste"] + columns["axis_taste"]
    columns |= {
        "relevance_in_page": centred(best, pages),
        "titles_in_page": centred(columns["titles"], pages),
        "margin_in_page": centred(columns["margin"], pages),
        "taste_in_page": centred(both, pages),
    }
    names = (*COMMON, *OWN, *ADS)
    return Table(names, np.stack([columns[name] for name in names], axis=1).astype(np.float32))


def floor_columns(shop: Shop) -> FloatArray:
    """Return relevance, twice, and popularity (N, 3): FLOOR but for the place."""
    share, best = shown_relevance(shop)
    return np.stack([share, best, title_counts(shop)], axis=1)


def expect(shop: Shop) -> Pasts:
    """Say how many clicks anybody would have given, so that pasts hold what exceeds them."""
    return Pasts(shop, expected_word_clicks(shop, floor_columns(shop)), expected_ad_clicks(shop))


def shopper_columns(past: Past, axes: WordAxes) -> Mapping[str, NDArray[Any]]:
    """Return OWN and ADS of one shopper's rows, each (n,), `taste_in_page` apart.

    With c and e the clicks and expected clicks on a word before the row, L the likeness:
        own_excess = (c - e) / (e + 1)         ad_lift = log((c + 1) / (e + 1))
        *_alike = L (c - e) / (L e + 2)        *_level = (sum c - sum e) / (sum e + 3)
    """
    alike = axes.likeness[past.local][:, past.local].tocsr()
    near = axes.axes[past.local]
    own, own_alike, own_level = _sums(past, past.own, alike)
    ads, ad_alike, ad_level = _sums(past, past.ads, alike)
    own_word, own_axis = taste([past.own], near, past.moments, _OWN_PENALTY)
    word, axis = taste([past.own, past.ads], near, past.moments, _BOTH_PENALTY)
    return {
        "own_excess": past.at_rows((own[0] - own[1]) / (own[1] + 1)),
        "own_alike": past.at_rows(own_alike),
        "own_level": own_level[past.moment],
        "own_word_taste": past.at_rows(own_word),
        "own_axis_taste": past.at_rows(own_axis),
        "ad_lift": past.at_rows(np.log((ads[0] + 1) / (ads[1] + 1))),
        "ad_alike": past.at_rows(ad_alike),
        "ad_level": ad_level[past.moment],
        "word_taste": past.at_rows(word),
        "axis_taste": past.at_rows(axis),
    }


def centred(values: NDArray[Any], pages: LongArray) -> NDArray[Any]:
    """Return how far each row lies above the mean of its page view (N,)."""
    means = np.bincount(pages, values) / np.maximum(np.bincount(pages), 1)
    apart: NDArray[Any] = values - means[pages]
    return apart


def _sums(
    past: Past, seen: Seen, alike: sparse.csr_matrix
) -> tuple[tuple[FloatArray, FloatArray], FloatArray, FloatArray]:
    """Return clicks and expected clicks by word (k, S), their excess among words alike, in all."""
    clicks = seen.sums(past.moments, seen.clicks)
    expected = seen.sums(past.moments, seen.expected)
    near = (alike @ (clicks - expected)) / (alike @ expected + _ALIKE_PRIOR)
    in_all, usual = clicks.sum(axis=0), expected.sum(axis=0)
    return (clicks, expected), near, (in_all - usual) / (usual + _LEVEL_PRIOR)
