"""Retrieval against its rules, word for word: the index may be clever, its answer may not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.decision.retrieve import retrieve
from service.decision.terms import CampaignStatus, MatchType
from tests.unit.decision.shop import ads, ask, campaign, keyword, product, snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.decision.terms import Ad, Campaign, Keyword, Product

WORDS = ("red", "wool", "hat", "cap", "mat", "rug")
UNKNOWN = "qzx"
BONUS = {MatchType.BROAD: 0.0, MatchType.PHRASE: 0.1, MatchType.EXACT: 0.2}


@dataclass(frozen=True)
class Shop:
    """A made-up shop, each campaign with the products that it advertises."""

    products: tuple[Product, ...]
    campaigns: tuple[tuple[Campaign, tuple[Product, ...]], ...]

    @property
    def ads(self) -> list[tuple[Ad, Campaign, Product]]:
        return [
            (ad, one, item)
            for one, items in self.campaigns
            for ad, item in zip(ads(one, *items), items, strict=True)
        ]


@st.composite
def shops(draw: st.DrawFn) -> Shop:
    titles = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3, unique=True).map(" ".join)
    products = tuple(
        product(str(number), draw(titles), in_stock=draw(st.integers(0, 5)) > 0)
        for number in range(draw(st.integers(1, 6)))
    )
    keywords = st.builds(
        keyword,
        st.lists(st.sampled_from(WORDS), min_size=1, max_size=2, unique=True).map(" ".join),
        st.sampled_from(list(MatchType)),
        negative=st.integers(0, 5).map(lambda drawn: drawn == 0),
    )
    campaigns = []
    for number in range(draw(st.integers(1, 4))):
        listed = draw(st.lists(keywords, min_size=1, max_size=3, unique_by=_as_written))
        status = draw(st.sampled_from([CampaignStatus.ACTIVE] * 4 + [CampaignStatus.PAUSED]))
        platforms = draw(st.sampled_from([(), (), ("web",), ("app",)]))
        one = campaign(f"c{number}", *listed, status=status, platforms=platforms)
        items = draw(st.sets(st.sampled_from(range(len(products))), min_size=1, max_size=2))
        campaigns.append((one, tuple(products[at] for at in sorted(items))))
    return Shop(products, tuple(campaigns))


def _as_written(one: Keyword) -> tuple[str, MatchType]:
    return one.text, one.match_type


queries = st.lists(st.sampled_from((*WORDS, UNKNOWN)), min_size=1, max_size=4)


@settings(max_examples=500)
@given(shop=shops(), query=queries)
def test_what_is_found_is_what_the_rules_call_for(shop: Shop, query: list[str]) -> None:
    built = snapshot(
        shop.products, [one for one, _ in shop.campaigns], [ad for ad, _, _ in shop.ads]
    )
    found = retrieve(ask(" ".join(query)), built)
    lexical = {
        built.ads.ids[row]: score
        for row, score in zip(found.rows.tolist(), found.lexical.tolist(), strict=True)
    }
    expected, filtered = by_the_rules(shop, query)
    assert lexical == pytest.approx(expected)
    assert dict(found.filtered) == filtered


def by_the_rules(shop: Shop, query: Sequence[str]) -> tuple[dict[str, float], dict[str, int]]:
    """Lexical score by ad, and how many each reason removed."""
    filtered: Counter[str] = Counter()
    left = []
    for ad, one, item in shop.ads:
        bonus = bonus_of(one, query, negative=False)
        if bonus is None:
            continue
        reason = why_not(one, item, query)
        if reason is None:
            left.append((ad.ad_id, one.name, covered(item, query, shop), bonus))
        else:
            filtered[reason] += 1
    scores = {}
    for ad_id, name, coverage, bonus in left:
        rivals = [c for _, other, c, _ in left if other == name or not bonus]
        if coverage >= 0.5 * max(rivals):
            scores[ad_id] = coverage + bonus
        else:
            filtered["off_topic"] += 1
    return scores, dict(filtered)


def why_not(one: Campaign, item: Product, query: Sequence[str]) -> str | None:
    reasons = {
        "negative_keyword": bonus_of(one, query, negative=True) is not None,
        "out_of_stock": not item.in_stock,
        "campaign_paused": one.status != CampaignStatus.ACTIVE,
        "wrong_platform": "web" not in (one.platforms or ("web",)),
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def bonus_of(one: Campaign, query: Sequence[str], *, negative: bool) -> float | None:
    matching = [
        BONUS[listed.match_type]
        for listed in one.keywords
        if listed.negative == negative and matches(listed, query)
    ]
    return max(matching, default=None)


def matches(listed: Keyword, query: Sequence[str]) -> bool:
    words = listed.text.split()
    if listed.match_type == MatchType.EXACT:
        return list(query) == words
    if listed.match_type == MatchType.PHRASE:
        runs = [list(query[at : at + len(words)]) for at in range(len(query))]
        return words in runs
    return set(words) <= set(query)


def covered(item: Product, query: Sequence[str], shop: Shop) -> float:
    """The share of the query that `item` covers. Words that nobody uses count as one."""
    products = [set(one.title.split()) for one in shop.products]
    bids = {word for one, _ in shop.campaigns for kw in one.keywords for word in kw.text.split()}
    known = bids.union(*products)
    carriers = Counter(word for words in products for word in words)
    weights = {
        word if word in known else UNKNOWN: log(1 + len(products) / (1 + carriers[word]))
        for word in query
    }
    return sum(weights.get(word, 0.0) for word in item.title.split()) / sum(weights.values())
