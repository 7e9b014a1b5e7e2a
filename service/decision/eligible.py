"""Which of the ads found may stand in the auction, counted by what removed the others."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from service.decision.bidding import PRICINGS
from service.decision.caps import capped_rows
from service.decision.pacing import known_rows, stopped
from service.decision.terms import PPM

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from numpy.typing import NDArray

    from service.decision.auction import Lots, Places
    from service.decision.retrieve import Found
    from service.decision.snapshot import Snapshot
    from service.decision.tables import Bools, Floats, Ints, Longs
    from service.decision.terms import AdQuery, Placement

    Kinds = NDArray[np.int8]

MOST_CANDIDATES = 100
ROUNDING = 0.5  # ppm: a share that sums up to just the floor is enough


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """The ads that stand in the auction, best match first: all (n,), n <= 100."""

    rows: Ints
    lexical: Floats
    product: Ints
    bid: Longs
    lot_name: Lots
    rivals: int  # how many of them may share a product
    filtered: Mapping[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """The candidates as they stand before this moment and this page are looked at."""

    alive: Bools  # (n,) of the ads found
    filtered: Mapping[str, int]
    candidates: Candidates


def pick_candidates(
    found: Found,
    query: AdQuery,
    snapshot: Snapshot,
    *,
    now: float,
    spent_out: AbstractSet[str],
    left_out: Iterable[tuple[str, Bools]] = (),
) -> Candidates:
    """The best 100 ads of `found` that nothing forbids here and now.

    `left_out` names why some sit this request out, each (n,).
    Of the ads of one product two stay: the highest bid, and the highest of another advertiser,
    which can only set its price. No one bids against themselves.
    """
    standing = _standing(found, query.placement, snapshot)
    alive, filtered = standing.alive, standing.filtered
    reasons = chain(
        left_out,
        stopped(found, snapshot, now=now, spent_out=spent_out),
        _unwanted(found, query, snapshot),
    )
    for reason, out in reasons:
        count = int(np.count_nonzero(out & alive))
        if count:
            filtered = {**filtered, reason: filtered.get(reason, 0) + count}
            alive = alive & ~out
    if alive is standing.alive:
        return standing.candidates
    return _best(found, alive, filtered, _kinds(found, snapshot))


def _standing(found: Found, placement: Placement, snapshot: Snapshot) -> Standing:
    key = (found, placement.reserve, placement.relevance_floor_ppm)
    standing = snapshot.memory.standing.get(key)
    if standing is None:
        filtered = dict(found.filtered)
        relevant = found.coverage * PPM >= placement.relevance_floor_ppm - ROUNDING
        kinds = _kinds(found, snapshot)
        # what is not bid for a click is weighed against the reserve when its worth is known
        high = found.bid >= placement.reserve
        alive = relevant & (high if kinds is None else high | (kinds != 0))
        below = {
            "below_relevance": int(np.count_nonzero(~relevant)),
            "below_reserve": int(np.count_nonzero(relevant & ~alive)),
        }
        filtered |= {reason: count for reason, count in below.items() if count}
        standing = Standing(alive, filtered, _best(found, alive, filtered, kinds))
        snapshot.memory.standing.put(key, standing)
    return standing


def _kinds(found: Found, snapshot: Snapshot) -> Kinds | None:
    """What each ad found bids on; None where all bid on clicks."""
    return snapshot.campaigns.pricing[found.campaign] if snapshot.campaigns.mixed else None


def _best(
    found: Found, alive: Bools, filtered: Mapping[str, int], kinds: Kinds | None
) -> Candidates:
    left = np.flatnonzero(alive)
    if found.repeats:
        stays = _first(found, left, kinds)
        duplicates = len(left) - int(np.count_nonzero(stays))
        if duplicates:
            filtered = {**filtered, "duplicate_product": duplicates}
        left = left[stays]
    left = left[:MOST_CANDIDATES]
    group = found.group[left]
    return Candidates(
        rows=found.rows[left],
        lexical=found.lexical[left],
        product=found.product[left],
        bid=found.bid[left],
        lot_name=found.lot_name[left],
        rivals=_most_alike(group) if kinds is not None else 1 + bool(_alike(group).any()),
        filtered=filtered,
    )


def _unwanted(found: Found, query: AdQuery, snapshot: Snapshot) -> Iterator[tuple[str, Bools]]:
    """What this page and this shopper rule out."""
    memory, products = snapshot.memory, snapshot.products.ids
    for reason, product_ids in (
        ("excluded", query.excluded_products),
        ("organic", query.organic_products),
        ("just_bought", query.shopper.bought),
    ):
        if product_ids:
            rows = known_rows(product_ids, products, memory.product_rows)
            yield reason, _among(found.product, rows, len(products))
    if query.shopper.hidden_ads:
        places = known_rows(query.shopper.hidden_ads, snapshot.ads.sorted_ids, memory.ad_rows)
        rows = snapshot.ads.sorted_rows[places].tolist()
        yield "hidden_by_shopper", _among(found.rows, rows, len(snapshot.ads.product))
    if query.shopper.capped and (rows := capped_rows(query.shopper.capped, snapshot)):
        yield "capped", _among(found.campaign, rows, len(snapshot.campaigns.ids))


def _among(values: Ints, rows: list[int], size: int) -> Bools:
    listed = np.zeros(size, np.bool_)
    listed[rows] = True
    return listed[values]


def _first(found: Found, left: Places, kinds: Kinds | None) -> Bools:
    """Who stays of each product; bids on clicks and on other things cannot be compared yet."""
    group, advertiser = found.group[left], found.advertiser[left]
    if kinds is None:
        return rivals(group, advertiser)
    kind = kinds[left]
    order = np.lexsort((kind, group))
    stays = np.zeros(len(left), np.bool_)
    stays[order] = rivals(group[order] * len(PRICINGS) + kind[order], advertiser[order])
    return stays


def _alike(group: Ints) -> Bools:
    same: Bools = group[1:] == group[:-1]
    return same


def _most_alike(group: Ints) -> int:
    return int(np.unique(group, return_counts=True)[1].max(initial=1))


def rivals(group: Ints, advertiser: Ints) -> Bools:
    """Which of the ads of each group stay: the first, and the first of another advertiser."""
    leads = np.ones(len(group), np.bool_)
    np.not_equal(group[1:], group[:-1], out=leads[1:])
    leader = np.maximum.accumulate(np.where(leads, np.arange(len(group)), 0))
    other = advertiser != advertiser[leader]
    so_far = np.cumsum(other)
    stays: Bools = leads | (other & (so_far - so_far[leader] == 1))
    return stays
