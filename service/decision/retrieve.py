"""Which ads a query or a category calls for, best match first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from service.decision.index import category_rows
from service.decision.keywords import BROAD, NO_MATCH, match_keywords
from service.decision.servable import keep_servable, servable
from service.decision.spelling import UNKNOWN, word_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from service.decision.auction import Lots
    from service.decision.servable import Servable
    from service.decision.snapshot import Snapshot
    from service.decision.tables import Bools, Floats, Ints, Longs
    from service.decision.terms import AdQuery

    Places = NDArray[np.intp]

DEEPEST = 1000  # ads kept for one query
ON_TOPIC = 0.5  # of the best coverage
_NOBODY = np.empty(0, np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The ads that a query calls for and that nothing fixed forbids, best match first.

    All arrays are (n,), n <= 1000; the ads of one product stand together, highest bid first.
    """

    rows: Ints
    lexical: Floats
    coverage: Floats  # the share of the query that the product has; 1 for a category
    product: Ints
    campaign: Ints
    advertiser: Ints
    bid: Longs
    lot_name: Lots
    group: Ints  # equal numbers are one product, in rising order
    latest_start: float
    earliest_end: float
    repeats: bool  # a product stands here more than once
    words: frozenset[int]  # of the query, as far as known
    filtered: Mapping[str, int]
    nothing: str  # why there is no ad at all; empty if there is one


def retrieve(query: AdQuery, snapshot: Snapshot) -> Found:
    """The ads for `query.category`, or else for `query.query`, on the placement's platform.

    An ad is called for when a keyword of its campaign matches the query and no negative one does;
    it is on topic when its product covers at least half as much of the query as the best product
    does: the best of all for a broad keyword, the best of its campaign for a closer one, since
    who names the query means it. Its lexical score is

        coverage = sum of idf over the query's words on the product / sum of idf over all
        lexical = coverage + 0, 0.1 or 0.2 for a broad, phrase or exact keyword

    For a category every ad of a product under it is called for, with coverage and lexical 1.
    """
    key = (query.placement.platform, query.query, query.category)
    found = snapshot.memory.found.get(key)
    if found is None:
        platform = query.placement.platform
        if query.category:
            found = _by_category(query.category, platform, snapshot)
        else:
            found = _by_query(query.query, platform, snapshot)
        snapshot.memory.found.put(key, found)
    return found


def _by_query(query: str, platform: str, snapshot: Snapshot) -> Found:
    sequence = word_rows(query, snapshot)
    known = frozenset(sequence) - {UNKNOWN}
    if not sequence:
        return _nothing("empty_query")
    matched = match_keywords(sequence, snapshot)
    called = matched.bonus > NO_MATCH
    sizes = np.diff(snapshot.ads.of_campaign)
    if not sizes[called].any():
        return _nothing("no_keyword_match", known)
    filtered: dict[str, int] = {}
    _count("negative_keyword", sizes[called & matched.refused], filtered)
    called &= ~matched.refused
    allowed = servable(platform, snapshot)
    for reason, removed in allowed.removed.items():
        _count(reason, removed[called], filtered)
    coverage = coverage_of(sequence, snapshot)
    rows = _on_topic(coverage, np.where(called, matched.bonus, NO_MATCH), allowed, snapshot)
    _count("off_topic", allowed.of_campaign[called].sum() - len(rows), filtered)
    bonus = matched.bonus[snapshot.ads.campaign[rows]]
    called_for = _Called(rows, coverage[snapshot.ads.product[rows]], bonus)
    return _ordered(called_for, known, filtered, snapshot)


def _count(reason: str, removed: Longs | np.int64, filtered: dict[str, int]) -> None:
    count = int(np.sum(removed))
    if count:
        filtered[reason] = count


def _by_category(category: str, platform: str, snapshot: Snapshot) -> Found:
    products, _ = snapshot.categories.products.gather(category_rows(category, snapshot.categories))
    rows = np.sort(snapshot.ads.of_product.gather(products)[0])
    if not len(rows):
        return _nothing("no_ads_in_category")
    filtered: dict[str, int] = {}
    rows = keep_servable(rows, platform, snapshot, filtered)
    called = _Called(rows, np.ones(len(rows)), np.zeros(len(rows)))
    return _ordered(called, frozenset(), filtered, snapshot)


def _on_topic(coverage: Floats, bonus: Floats, allowed: Servable, snapshot: Snapshot) -> Ints:
    """The ads called for, in order, that cover enough of the query.

    Ads of broad keywords are many, and few cover much: they are looked up by their products, from
    those that cover the most.
    """
    ads = snapshot.ads
    closer = _ads_of(np.flatnonzero(bonus > BROAD), snapshot)
    closer = closer[allowed.ads[closer]]
    of_closer = coverage[ads.product[closer]]
    most, best = coverage.max(initial=0.0), of_closer.max(initial=0.0)
    broad = _broad(coverage >= ON_TOPIC * most, bonus, allowed, snapshot)
    best = coverage[ads.product[broad]].max(initial=best)
    if best < most:  # no ad called for covers as much as some other product
        covering = _broad(coverage > 0, bonus, allowed, snapshot)
        best = coverage[ads.product[covering]].max(initial=best)
        broad = _broad(coverage >= ON_TOPIC * best, bonus, allowed, snapshot)
    closer = closer[of_closer >= ON_TOPIC * _best_of_each(of_closer, ads.campaign[closer])]
    return np.sort(np.concatenate([closer, broad]))


def _broad(products: Bools, bonus: Floats, allowed: Servable, snapshot: Snapshot) -> Ints:
    """The ads of `products` (P,) that broad keywords call for."""
    ads = snapshot.ads
    rows, _ = ads.of_product.gather(np.flatnonzero(products).astype(np.int32))
    called: Ints = rows[(bonus[ads.campaign[rows]] == BROAD) & allowed.ads[rows]]
    return called


def _ads_of(campaigns: NDArray[np.intp], snapshot: Snapshot) -> Ints:
    starts = snapshot.ads.of_campaign
    lengths = starts[campaigns + 1] - starts[campaigns]
    before = np.cumsum(lengths) - lengths
    return (np.repeat(starts[campaigns] - before, lengths) + np.arange(lengths.sum())).astype(
        np.int32
    )


def coverage_of(sequence: Sequence[int], snapshot: Snapshot) -> Floats:
    """How much of the query each product covers: (P,) in 0..1. A word unknown weighs the most."""
    words, products = snapshot.words, len(snapshot.products.ids)
    weight = {
        word: float(words.idf[word]) if word != UNKNOWN else float(np.log1p(products))
        for word in sequence
    }
    carriers = [words.products[word] if word != UNKNOWN else _NOBODY for word in weight]
    each = np.repeat(list(weight.values()), [len(one) for one in carriers])
    covered = np.bincount(np.concatenate(carriers), each, products)
    return np.divide(covered, sum(weight.values()), out=covered.astype(np.float64, copy=False))


def _best_of_each(coverage: Floats, campaign: Ints) -> Floats:
    """The best coverage of the campaign of each ad; ads of a campaign stand together."""
    first = np.flatnonzero(np.diff(campaign, prepend=-1))
    if not len(first):
        return coverage
    best: Floats = np.maximum.reduceat(coverage, first)
    return best.repeat(np.diff(first, append=len(campaign)))


@dataclass(frozen=True, slots=True, eq=False)
class _Called:
    """Ads that are called for, with the coverage of their products and their keywords' bonus."""

    rows: Ints
    coverage: Floats
    bonus: Floats


def _ordered(
    called: _Called, words: frozenset[int], filtered: dict[str, int], snapshot: Snapshot
) -> Found:
    rows, lexical = called.rows, called.coverage + called.bonus
    if not len(rows):
        reason = next(iter(filtered)) if len(filtered) == 1 else "all_filtered"
        return _nothing(reason, words, filtered)
    bid, product = snapshot.ads.bid[rows], snapshot.ads.product[rows]
    order, group = _by_product(lexical, bid, product, _deepest(lexical, bid))
    rows, bid = rows[order], bid[order]
    campaign = snapshot.ads.campaign[rows]
    return Found(
        rows=rows,
        lexical=lexical[order],
        coverage=called.coverage[order],
        product=product[order],
        campaign=campaign,
        advertiser=snapshot.campaigns.advertiser[campaign],
        bid=bid,
        lot_name=snapshot.ads.lot_name[rows],
        group=group,
        latest_start=float(snapshot.campaigns.starts_at[campaign].max()),
        earliest_end=float(snapshot.campaigns.ends_at[campaign].min()),
        repeats=int(group[-1]) + 1 < len(rows),
        words=words,
        filtered=filtered,
        nothing="",
    )


def _deepest(lexical: Floats, bid: Longs) -> Places:
    """The places of the best DEEPEST ads; between equal matches the higher bid decides."""
    if len(lexical) <= DEEPEST:
        return np.arange(len(lexical))
    best_first = -(lexical + bid / (float(bid.max()) * 1e6))
    return np.argpartition(best_first, DEEPEST)[:DEEPEST]


def _by_product(lexical: Floats, bid: Longs, product: Ints, places: Places) -> tuple[Places, Ints]:
    """`places` by product, best match first, and within a product by bid; and group numbers."""
    together = places[np.lexsort((places, -bid[places], product[places]))]
    leads = np.diff(product[together], prepend=-1) != 0
    first = np.flatnonzero(leads)
    best = np.maximum.reduceat(lexical[together], first)
    standing = np.empty(len(first), np.int32)
    standing[np.lexsort((-bid[together[first]], -best))] = np.arange(len(first))
    group = standing[np.cumsum(leads) - 1]
    by_group = np.argsort(group, kind="stable")
    return together[by_group], group[by_group]


def _nothing(
    reason: str, words: frozenset[int] = frozenset(), filtered: Mapping[str, int] | None = None
) -> Found:
    none = np.empty(0, np.int32)
    return Found(
        rows=none,
        lexical=np.empty(0),
        coverage=np.empty(0),
        product=none,
        campaign=none,
        advertiser=none,
        bid=np.empty(0, np.int64),
        lot_name=np.empty(0, np.uint64),
        group=none,
        latest_start=-np.inf,
        earliest_end=np.inf,
        repeats=False,
        words=words,
        filtered=filtered or {},
        nothing=reason,
    )
