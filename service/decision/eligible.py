"""Which of the ads found may stand in the auction, counted by what removed the others."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from service.decision.pacing import stopped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from numpy.typing import NDArray

    from service.decision.recent import Recent
    from service.decision.retrieve import Found
    from service.decision.snapshot import Snapshot
    from service.decision.strings import StringTable
    from service.decision.tables import Bools, Floats, Ints, Longs
    from service.decision.terms import AdQuery

    Places = NDArray[np.intp]

MOST_CANDIDATES = 100


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """The ads that stand in the auction, best match first: all (n,), n <= 100."""

    rows: Ints
    lexical: Floats
    product: Ints
    bid: Longs
    filtered: Mapping[str, int]


def pick_candidates(
    found: Found, query: AdQuery, snapshot: Snapshot, *, now: float, spent_out: AbstractSet[str]
) -> Candidates:
    """The best 100 ads of `found` that nothing forbids here and now.

    Of the ads of one product two stay: the highest bid, and the highest of another advertiser,
    which can only set its price. No one bids against themselves.
    """
    alive: Bools | None = None
    filtered = dict(found.filtered)
    reasons = chain(
        stopped(found, snapshot, now=now, spent_out=spent_out),
        _unwanted(found, query, snapshot),
    )
    for reason, out in reasons:
        removed = out if alive is None else out & alive
        count = int(np.count_nonzero(removed))
        if count:
            filtered[reason] = filtered.get(reason, 0) + count
            alive = ~out if alive is None else alive & ~out
    left = np.arange(len(found.rows)) if alive is None else np.flatnonzero(alive)
    if found.repeats:
        left = _rivals(found, left, filtered)
    best = left[:MOST_CANDIDATES]
    return Candidates(
        rows=found.rows[best],
        lexical=found.lexical[best],
        product=found.product[best],
        bid=found.bid[best],
        filtered=filtered,
    )


def _unwanted(found: Found, query: AdQuery, snapshot: Snapshot) -> Iterator[tuple[str, Bools]]:
    """What this page and this shopper rule out."""
    memory, products = snapshot.memory, snapshot.products.ids
    for reason, product_ids in (
        ("excluded", query.excluded_products),
        ("organic", query.organic_products),
    ):
        if product_ids:
            rows = _known(product_ids, products, memory.product_rows)
            yield reason, _among(found.product, rows, len(products))
    if query.shopper.hidden_ads:
        places = _known(query.shopper.hidden_ads, snapshot.ads.sorted_ids, memory.ad_rows)
        rows = snapshot.ads.sorted_rows[places].tolist()
        yield "hidden_by_shopper", _among(found.rows, rows, len(snapshot.ads.product))
    if found.lowest_bid < query.placement.reserve:
        yield "below_reserve", found.bid < query.placement.reserve


def _known(ids: Iterable[str], table: StringTable, memory: Recent[str, int]) -> list[int]:
    """The rows of those of `ids` that are in the sorted `table`."""
    rows = []
    for one in ids:
        row = memory.get(one)
        if row is None:
            row = memory.put(one, table.find(one))
        if row >= 0:
            rows.append(row)
    return rows


def _among(values: Ints, rows: list[int], size: int) -> Bools:
    listed = np.zeros(size, np.bool_)
    listed[rows] = True
    return listed[values]


def _rivals(found: Found, left: Places, filtered: dict[str, int]) -> Places:
    """Of each product's ads the highest bid and the highest of another advertiser."""
    if not len(left):
        return left
    group, advertiser = found.group[left], found.advertiser[left]
    leads = np.diff(group, prepend=-1) != 0
    places = np.arange(len(left))
    leader = np.maximum.accumulate(np.where(leads, places, 0))
    other = advertiser != advertiser[leader]
    so_far = np.cumsum(other)
    stays: Bools = leads | (other & (so_far - so_far[leader] == 1))
    count = int(np.count_nonzero(~stays))
    if count:
        filtered["duplicate_product"] = count
    kept: Places = left[stays]
    return kept
