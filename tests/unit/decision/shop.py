"""A small shop to decide about, and models that score as the test says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from service.contract.history import EMPTY_HISTORY, History
from service.decision.scorers import RankScores, Scorers
from service.decision.snapshot import Catalogue, Snapshot, build_snapshot
from service.decision.terms import (
    Ad,
    AdQuery,
    Campaign,
    CampaignStatus,
    Keyword,
    MatchType,
    Micros,
    Placement,
    Product,
    Shopper,
    Store,
)
from service.errors import ScorerError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from service.contract.arrays import FloatArray
    from service.contract.uplift import Uplift
    from service.decision.scorers import Question

STORE = Store("sto_1", "Shop", "EUR", "en-GB", "https://shop.example")
TOP = Placement("search_top", "web", 4, Micros(10_000))
KNOWN = History(feature_words=(("wool", 60.0),), titles=(), queries=())


def product(product_id: str, title: str, *highlights: str, **more: object) -> Product:
    values = {"link": f"/p/{product_id}", "price": Micros(10_000_000), **more}
    return Product(product_id, title, highlights=highlights, **values)  # type: ignore[arg-type]


def keyword(text: str, match: MatchType = MatchType.BROAD, *, negative: bool = False) -> Keyword:
    return Keyword(text, match, negative)


def campaign(name: str, *keywords: str | Keyword, **more: object) -> Campaign:
    values = {
        "advertiser_id": f"adv_{name}",
        "name": name,
        "status": CampaignStatus.ACTIVE,
        "bid": Micros(100_000),
        "budget": Micros(10**9),
        **more,
    }
    listed = tuple(keyword(one) if isinstance(one, str) else one for one in keywords)
    return Campaign(f"cmp_{name}", keywords=listed, **values)  # type: ignore[arg-type]


def ads(of: Campaign, *products: Product, bid: int | None = None) -> list[Ad]:
    own = None if bid is None else Micros(bid)
    return [
        Ad(f"ad_{of.name}_{one.product_id}", of.campaign_id, one.product_id, own)
        for one in products
    ]


def snapshot(
    products: Sequence[Product],
    campaigns: Sequence[Campaign],
    listed: Sequence[Ad] | None = None,
    *,
    store: Store = STORE,
    placements: Sequence[Placement] = (TOP,),
) -> Snapshot:
    """Every campaign advertises every product, unless `listed` says otherwise."""
    if listed is None:
        listed = [ad for one in campaigns for ad in ads(one, *products)]
    return build_snapshot(Catalogue(store, 7, products, campaigns, listed, placements))


def ask(query: str = "", **more: object) -> AdQuery:
    history = more.pop("history", EMPTY_HISTORY)
    hidden = more.pop("hidden", frozenset())
    shopper = Shopper("usr_1", history, hidden)  # type: ignore[arg-type]
    values = {"category": "", "placement": TOP, "slots": 4, "shopper": shopper, **more}
    return AdQuery(query, **values)  # type: ignore[arg-type]


@dataclass
class KnownRanker:
    """Knows the probability of a click by product id."""

    snapshot: Snapshot
    p_click: Mapping[str, float]
    model: str = "ranker@1:00000000"

    def score(self, questions: Sequence[Question]) -> RankScores:
        products = [row for one in questions for row in one.rows.tolist()]
        ids = self.snapshot.products.ids.take(products)
        found = np.array([self.p_click[one] for one in ids], np.float32)
        return RankScores(found, found)


@dataclass
class KnownPhrases:
    """Knows the score of each phrase; remembers how often it was asked."""

    snapshot: Snapshot
    scores: Mapping[str, float]
    model: str = "selling-points@1:00000000"
    asked: list[tuple[str, History, int]] = field(default_factory=list)
    uplift: Uplift | None = None

    def score(self, questions: Sequence[Question]) -> FloatArray:
        self.asked += [(one.query, one.history, len(one.rows)) for one in questions]
        phrases = [row for one in questions for row in one.rows.tolist()]
        texts = self.snapshot.phrases.texts.take(phrases)
        return np.array([self.scores[text] for text in texts], np.float32)


@dataclass
class Broken:
    """Fails as a model may."""

    model: str = "broken@1:00000000"
    uplift: Uplift | None = None

    def score(self, questions: Sequence[Question]) -> RankScores:
        raise ScorerError(f"nothing for {questions!r}")


def known(
    of: Snapshot, p_click: Mapping[str, float], scores: Mapping[str, float] | None = None
) -> Scorers:
    phrases = None if scores is None else KnownPhrases(of, scores)
    return Scorers(KnownRanker(of, p_click), phrases)
