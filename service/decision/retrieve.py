"""Which ads a query or a category calls for, best match first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from service.decision.index import category_rows
from service.decision.keywords import BROAD, NO_MATCH, match_keywords
from service.decision.spelling import UNKNOWN, word_row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from service.decision.snapshot import Snapshot
    from service.decision.tables import Bools, Floats, Ints, Longs
    from service.decision.terms import AdQuery

DEEPEST = 1000  # ads kept for one query
ON_TOPIC = 0.5  # of the best coverage


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The ads that a query calls for and that nothing fixed forbids, best match first.

    All arrays are (n,), n <= 1000; the ads of one product stand together, highest bid first.
    """

    rows: Ints
    lexical: Floats
    product: Ints
    campaign: Ints
    advertiser: Ints
    bid: Longs
    group: Ints  # equal numbers are one product, in rising order
    starts_at: Floats
    ends_at: Floats
    latest_start: float
    earliest_end: float
    lowest_bid: int
    repeats: bool  # a product stands here more than once
    words: frozenset[int]  # of the query, as far as known
    filtered: Mapping[str, int]
    nothing: str  # why there is no ad at all; empty if there is one


def retrieve(query: AdQuery, snapshot: Snapshot) -> Found:
    """The ads for `query.query`, or else for `query.category`, on the placement's platform.

    An ad is called for when a keyword of its campaign matches the query and no negative one does;
    it is on topic when its product covers at least half as much of the query as the best product
    does: the best of all for a broad keyword, the best of its campaign for a closer one, since
    who names the query means it. Its lexical score is

        coverage = sum of idf over the query's words on the product / sum of idf over all
        lexical = coverage + 0, 0.1 or 0.2 for a broad, phrase or exact keyword

    For a category every ad of a product under it is called for, with lexical 1.
    """
    key = (query.placement.platform, query.query, query.category)
    found = snapshot.memory.found.get(key)
    if found is None:
        platform = query.placement.platform
        if query.query.strip():
            found = _by_query(query.query, platform, snapshot)
        else:
            found = _by_category(query.category, platform, snapshot)
        snapshot.memory.found.put(key, found)
    return found


def _by_query(query: str, platform: str, snapshot: Snapshot) -> Found:
    sequence = [word_row(word, snapshot) for word in snapshot.tokenizer.words(query)]
    known = frozenset(sequence) - {UNKNOWN}
    if not sequence:
        return _nothing("empty_query")
    matched = match_keywords(sequence, snapshot)
    campaigns = np.flatnonzero(matched.bonus > NO_MATCH)
    rows = _ads_of(campaigns, snapshot)
    if not len(rows):
        return _nothing("no_keyword_match", known)
    filtered: dict[str, int] = {}
    refused = matched.refused[snapshot.ads.campaign[rows]]
    rows = _left(rows, "negative_keyword", refused, filtered)
    rows = _servable(rows, platform, snapshot, filtered)
    coverage = _coverage(sequence, snapshot)[snapshot.ads.product[rows]]
    bonus = matched.bonus[snapshot.ads.campaign[rows]]
    best = np.where(
        bonus > BROAD,
        _best_of_campaign(coverage, snapshot.ads.campaign[rows]),
        coverage.max(initial=0.0),
    )
    on_topic = coverage >= ON_TOPIC * best
    rows = _left(rows, "off_topic", ~on_topic, filtered)
    return _ordered(rows, (coverage + bonus)[on_topic], known, filtered, snapshot)


def _by_category(category: str, platform: str, snapshot: Snapshot) -> Found:
    products, _ = snapshot.categories.products.gather(category_rows(category, snapshot.categories))
    rows = np.sort(snapshot.ads.of_product.gather(products)[0])
    if not len(rows):
        return _nothing("no_ads_in_category")
    filtered: dict[str, int] = {}
    rows = _servable(rows, platform, snapshot, filtered)
    return _ordered(rows, np.ones(len(rows)), frozenset(), filtered, snapshot)


def _ads_of(campaigns: NDArray[np.intp], snapshot: Snapshot) -> Ints:
    starts = snapshot.ads.of_campaign
    lengths = starts[campaigns + 1] - starts[campaigns]
    before = np.cumsum(lengths) - lengths
    return (np.repeat(starts[campaigns] - before, lengths) + np.arange(lengths.sum())).astype(
        np.int32
    )


def _servable(rows: Ints, platform: str, snapshot: Snapshot, filtered: dict[str, int]) -> Ints:
    """The rows whose product and campaign may be shown at all, as of the snapshot."""
    ads, campaigns, products = snapshot.ads, snapshot.campaigns, snapshot.products
    rows = _left(rows, "out_of_stock", ~products.in_stock[ads.product[rows]], filtered)
    rows = _left(rows, "campaign_paused", ~campaigns.active[ads.campaign[rows]], filtered)
    rows = _left(rows, "spent_out", campaigns.spent_out[ads.campaign[rows]], filtered)
    runs_on = campaigns.platforms & _bit(platform, snapshot.platforms)
    return _left(rows, "wrong_platform", (runs_on == 0)[ads.campaign[rows]], filtered)


def _bit(platform: str, platforms: Sequence[str]) -> np.uint64:
    """The platform's own bit; a platform that no one names runs the campaigns that run on all."""
    return np.uint64(1 << platforms.index(platform)) if platform in platforms else np.uint64(0)


def _left(rows: Ints, reason: str, out: Bools, filtered: dict[str, int]) -> Ints:
    count = int(np.count_nonzero(out))
    if not count:
        return rows
    filtered[reason] = count
    return rows[~out]


def _coverage(sequence: Sequence[int], snapshot: Snapshot) -> Floats:
    """How much of the query each product covers: (P,) in 0..1. A word unknown weighs the most."""
    words = snapshot.words
    covered = np.zeros(len(snapshot.products.ids))
    total = 0.0
    for word in dict.fromkeys(sequence):
        weight = float(words.idf[word]) if word != UNKNOWN else float(np.log1p(len(covered)))
        total += weight
        if word != UNKNOWN:
            covered[words.products[word]] += weight
    return covered / total if total else covered


def _best_of_campaign(coverage: Floats, campaign: Ints) -> Floats:
    """For each ad, the best coverage in its campaign; ads of a campaign stand together."""
    if not len(campaign):
        return coverage
    first = np.flatnonzero(np.diff(campaign, prepend=-1))
    best = np.maximum.reduceat(coverage, first)
    return np.repeat(best, np.diff(first, append=len(campaign)))


def _ordered(
    rows: Ints,
    lexical: Floats,
    words: frozenset[int],
    filtered: dict[str, int],
    snapshot: Snapshot,
) -> Found:
    if not len(rows):
        return _nothing(
            next(iter(filtered)) if len(filtered) == 1 else "all_filtered", words, filtered
        )
    bid = snapshot.ads.bid[rows]
    if len(rows) > DEEPEST:
        rank = lexical + bid / (bid.max() * 1e6)  # the bid only decides between equals
        deepest = np.sort(np.argpartition(-rank, DEEPEST)[:DEEPEST])
        rows, lexical, bid = rows[deepest], lexical[deepest], bid[deepest]
    product = snapshot.ads.product[rows]
    together = np.lexsort((rows, -bid, product))
    first = np.flatnonzero(np.diff(product[together], prepend=-1))
    size = np.diff(first, append=len(rows))
    best = np.maximum.reduceat(lexical[together], first)
    groups = np.lexsort((-bid[together][first], -best))
    order = together[np.concatenate([np.arange(first[g], first[g] + size[g]) for g in groups])]
    rows, campaign = rows[order], snapshot.ads.campaign[rows[order]]
    starts_at, ends_at = (
        snapshot.campaigns.starts_at[campaign],
        snapshot.campaigns.ends_at[campaign],
    )
    return Found(
        rows=rows,
        lexical=lexical[order],
        product=product[order],
        campaign=campaign,
        advertiser=snapshot.campaigns.advertiser[campaign],
        bid=bid[order],
        group=np.repeat(np.arange(len(groups), dtype=np.int32), size[groups]),
        starts_at=starts_at,
        ends_at=ends_at,
        latest_start=float(starts_at.max()),
        earliest_end=float(ends_at.min()),
        lowest_bid=int(bid.min()),
        repeats=len(groups) < len(rows),
        words=words,
        filtered=filtered,
        nothing="",
    )


def _nothing(
    reason: str, words: frozenset[int] = frozenset(), filtered: Mapping[str, int] | None = None
) -> Found:
    none, no_time, no_bid = np.empty(0, np.int32), np.empty(0), np.empty(0, np.int64)
    return Found(
        rows=none, lexical=no_time, product=none, campaign=none, advertiser=none, bid=no_bid,
        group=none, starts_at=no_time, ends_at=no_time, latest_start=-np.inf,
        earliest_end=np.inf, lowest_bid=0, repeats=False, words=words, filtered=filtered or {},
        nothing=reason,
    )  # fmt: skip
