"""What campaigns that pay by impression or by order are worth beside those that pay by click."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from service.decision.bidding import PRICINGS
from service.decision.eligible import rivals
from service.decision.terms import PPM, Pricing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.decision.auction import Places
    from service.decision.eligible import Candidates
    from service.decision.rank import Ranked
    from service.decision.snapshot import Snapshot
    from service.decision.tables import Longs
    from service.decision.terms import Micros, ScoredAd

P_CONVERSION: Final = 0.02  # of a click, where no model says
_CLICK, _IMPRESSION, _ORDER = range(len(PRICINGS))


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """How the candidates of one request pay: all (n,)."""

    pricing: Sequence[Pricing]
    values: Longs  # bid times rate; 0 where the reserve or a rival keeps it out
    reserve_ppm: Longs  # what the reserve is weighed with
    due_ppm: Longs  # how probable it is that being shown is paid for


def weigh(candidates: Candidates, ranked: Ranked, snapshot: Snapshot, reserve: Micros) -> Ranked:
    """`ranked` with rates for what each campaign bids on; itself where all bid on clicks.

        click:       rate = q                                     [ppm]
        impression:  rate = PPM
        order:       rate = max(1, q * p_conversion / PPM)

    where q is P(click), squashed. So bid times rate is what being shown is worth. The reserve is
    per click: who bids on something else must be worth as much, bid * rate >= reserve * q.
    """
    if not snapshot.campaigns.mixed:
        return ranked
    campaign = snapshot.ads.campaign[candidates.rows]
    kind = snapshot.campaigns.pricing[campaign]
    if not kind.any():
        return ranked
    by_click = ranked.rate_ppm
    rate = _per_kind(kind, by_click, ranked)
    values = candidates.bid * rate
    # divided, since a reserve times a rate may be past 64 bits
    stands = values // by_click >= reserve
    stands &= _ahead(values, candidates.product, snapshot.campaigns.advertiser[campaign])
    terms = Terms(
        pricing=[PRICINGS[one] for one in kind.tolist()],
        values=np.where(stands, values, 0),
        reserve_ppm=by_click,
        due_ppm=_per_kind(kind, ranked.quality_ppm, ranked),
    )
    return replace(ranked, rate_ppm=rate, terms=terms)


def _per_kind(kind: np.ndarray, click_ppm: Longs, ranked: Ranked) -> Longs:
    if ranked.p_conversion is None:
        conversion_ppm = np.full(len(kind), round(P_CONVERSION * PPM), np.int64)
    else:
        p_conversion = np.nan_to_num(ranked.p_conversion.astype(np.float64))
        conversion_ppm = np.rint(p_conversion.clip(0, 1) * PPM).astype(np.int64)
    by_order = np.maximum(click_ppm * conversion_ppm // PPM, 1)
    rate: Longs = np.where(kind == _ORDER, by_order, np.where(kind == _IMPRESSION, PPM, click_ppm))
    return rate


def _ahead(values: Longs, product: np.ndarray, advertiser: np.ndarray) -> np.ndarray:
    """Who stays of each product: the most valuable, and the most valuable of somebody else."""
    order = np.lexsort((-values, product))
    stays = np.zeros(len(values), np.bool_)
    stays[order] = rivals(product[order], advertiser[order])
    return stays


def on_their_terms(ads: Sequence[ScoredAd], front: Places, terms: Terms) -> list[ScoredAd]:
    """`ads`, whose places among the candidates `front` has, as they pay.

    Those whom the reserve or a rival keeps out are left out.
    """
    return [
        replace(
            ad,
            pricing=terms.pricing[place],
            reserve_ppm=int(terms.reserve_ppm[place]),
            due_ppm=int(terms.due_ppm[place]),
        )
        for place, ad in zip(front.tolist(), ads, strict=True)
        if terms.values[place]
    ]
