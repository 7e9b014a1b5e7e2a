"""The demo's merchants: campaigns with keywords, negatives, budgets and ads."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from service.decision.terms import (
    Ad,
    Campaign,
    CampaignStatus,
    Keyword,
    MatchType,
    Micros,
    Placement,
    Store,
)
from service.demo.assortment import load_assortment
from service.demo.catalogue import make_products

if TYPE_CHECKING:
    from service.decision.terms import Product
    from service.demo.assortment import ProductType
    from service.demo.catalogue import MadeProduct

DEMO_SEED = 1
MERCHANTS = 25
CAMPAIGNS = 80
_ADVERTISED_SHARE = 0.88
_SHARED_SHARE = 0.04  # products that a second merchant advertises too
_OWN_BID_SHARE = 0.15
_WEB_ONLY_SHARE = 0.15
_NAMES = (
    "Northgate Outfitters", "Harbour & Hill", "Bluebell Trading", "Alpenladen", "Copper Kettle",
    "The Wool Room", "Fernweh Depot", "Maple & Main", "Studio Nine", "Little Acorns",
    "Summit Supply", "Kitchen Quarter", "Lampenwelt Nord", "Sound & Silence", "Linen Lane",
    "Trail Post", "Casa Verde", "Old Mill Goods", "Parcel & Pine", "Spielhof",
    "Greenway Sports", "Hearth Market", "Urban Pannier", "Cotton Row", "Westwind Stores",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DemoShop:
    """All that the demo store sells, advertises and shows. Every id is the same for a seed."""

    store: Store
    products: tuple[Product, ...]
    advertisers: tuple[tuple[str, str], ...]  # (advertiser id, name)
    campaigns: tuple[Campaign, ...]
    ads: tuple[Ad, ...]
    placements: tuple[Placement, ...]


def typed_id(kind: str, *parts: object) -> str:
    """Make an id such as `cmp_5f...` that is the same for the same parts."""
    return f"{kind}_{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"


def make_shop(seed: int, site_url: str = "http://127.0.0.1:8000") -> DemoShop:
    """Make the store with its catalogue, merchants, campaigns, ads and placements."""
    made = make_products(seed)
    advertisers = tuple(
        (typed_id("adv", seed, number), _NAMES[number]) for number in range(MERCHANTS)
    )
    rng = np.random.default_rng([seed, 3])
    campaigns = tuple(_campaign(rng, seed, number, advertisers) for number in range(CAMPAIGNS))
    return DemoShop(
        store=Store(typed_id("sto", seed), "Tarn & Thistle", "EUR", "en", site_url),
        products=tuple(item.product for item in made),
        advertisers=advertisers,
        campaigns=campaigns,
        ads=_ads(rng, seed, made, campaigns),
        placements=(
            Placement("search_top", "web", 4, Micros(50_000)),
            Placement("category_top", "web", 4, Micros(50_000)),
            Placement("app_search", "app", 2, Micros(80_000), title_limit=90, selling_point_cap=1),
        ),
    )


def campaign_category(number: int) -> int:
    """Say in which category the campaign of that number advertises."""
    return number % len(load_assortment().categories)


def _campaign(
    rng: np.random.Generator, seed: int, number: int, advertisers: tuple[tuple[str, str], ...]
) -> Campaign:
    assortment = load_assortment()
    category = campaign_category(number)
    advertiser_id, name = advertisers[number % MERCHANTS]
    types = [kind for kind in assortment.types if kind.category == category]
    keywords = [word for kind in types for word in _keywords(rng, kind)]
    return Campaign(
        campaign_id=typed_id("cmp", seed, number),
        advertiser_id=advertiser_id,
        name=f"{name}: {assortment.categories[category].name}",
        # the last two wait for their merchant's word, as every new campaign does
        status=CampaignStatus.PAUSED if number >= CAMPAIGNS - 2 else CampaignStatus.ACTIVE,
        bid=Micros(int(rng.integers(20, 120)) * 10_000),
        budget=Micros(int(rng.integers(200, 3_000)) * 1_000_000),
        platforms=("web",) if rng.random() < _WEB_ONLY_SHARE else (),
        keywords=tuple(dict.fromkeys(keywords + _negatives(rng))),
    )


def _keywords(rng: np.random.Generator, kind: ProductType) -> list[Keyword]:
    kinds = tuple(MatchType)
    chosen = [
        Keyword(text, kinds[int(rng.choice(3, p=(0.25, 0.35, 0.4)))]) for text in kind.queries
    ]
    return [Keyword(kind.noun.lower(), MatchType.BROAD), *chosen]


def _negatives(rng: np.random.Generator) -> list[Keyword]:
    refused = (
        "used",
        "second hand",
        "repair",
        "rental",
        "free pattern",
        "for dogs",
        "how to clean",
    )
    picked = rng.choice(refused, size=3, replace=False)
    kinds = tuple(MatchType)
    return [Keyword(str(text), kinds[int(rng.integers(3))], negative=True) for text in picked]


def _ads(
    rng: np.random.Generator,
    seed: int,
    made: tuple[MadeProduct, ...],
    campaigns: tuple[Campaign, ...],
) -> tuple[Ad, ...]:
    types = load_assortment().types
    ads = []
    for item in made:
        rivals = [
            campaign
            for number, campaign in enumerate(campaigns)
            if campaign_category(number) == types[item.kind].category
        ]
        draw = rng.random(3)
        if draw[0] > _ADVERTISED_SHARE:
            continue
        takers = rng.permutation(len(rivals))[: 2 if draw[1] < _SHARED_SHARE else 1]
        for taker in takers:
            campaign = rivals[int(taker)]
            own = Micros(campaign.bid * 5 // 4) if draw[2] < _OWN_BID_SHARE else None
            product_id = item.product.product_id
            ad_id = typed_id("ad", seed, campaign.campaign_id, product_id)
            ads.append(Ad(ad_id, campaign.campaign_id, product_id, own))
    return tuple(ads)
