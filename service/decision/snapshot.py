"""Everything the hot path reads of one store, as flat arrays that can be mapped from disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from service.decision.attest import POINT_KINDS
from service.decision.bidding import (
    bidders,
    index_ads,
    index_campaigns,
    index_keywords,
    index_platforms,
    read_keywords,
)
from service.decision.index import (
    index_categories,
    index_phrases,
    index_points,
    index_products,
    index_spellings,
    index_words,
    rows_of,
    spellings_of,
)
from service.decision.language import language_of
from service.decision.memory import Memory
from service.decision.point_rules import STORE, PointRules, Rulebook, brands_of
from service.decision.reading import Readings
from service.decision.terms import Micros, Product

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from service.decision.experiments import Experiment
    from service.decision.language import Language
    from service.decision.tables import (
        AdTable,
        CampaignTable,
        CategoryTable,
        KeywordTable,
        PhraseTable,
        PointTable,
        ProductTable,
        SpellingTable,
        WordTable,
    )
    from service.decision.terms import Ad, ApiKey, Campaign, Placement, Store
    from service.decision.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What a snapshot is built from: the rows of one store at one version."""

    store: Store
    version: int
    products: Sequence[Product]
    campaigns: Sequence[Campaign]
    ads: Sequence[Ad]
    placements: Sequence[Placement]
    keys: Sequence[ApiKey] = ()
    verdicts: Mapping[str, tuple[Verdict, ...]] = field(default_factory=dict)  # by product id
    point_rules: Mapping[str, PointRules] = field(default_factory=dict)  # by whose they are
    experiments: tuple[Experiment, ...] = ()  # those that run


@dataclass(frozen=True, slots=True)
class BundleRef:
    """A model bundle whose rows lie in a snapshot."""

    name: str
    version: str
    manifest_sha256: str


@dataclass(frozen=True, slots=True)
class AdFacts:
    """What a page needs to show one ad."""

    ad_id: str
    campaign_id: str
    advertiser_id: str
    product_id: str
    title: str
    link: str
    image_link: str
    bid: Micros


class Names(NamedTuple):
    """The ids that an ad is told by, its product's row, and where it leads."""

    ad_id: str
    product_id: str
    campaign_id: str
    product: int
    link: str


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """One store, frozen. Row numbers mean the same in all its tables, model rows included.

    `version` names this snapshot; `catalogue_version` is the catalogue that it was built from.
    `models` holds arrays computed elsewhere, by name: "ranker.item" has a row a product,
    "selling-points.phrase" a row a phrase; `bundles` says which models made them.
    """

    store: Store
    version: str
    catalogue_version: int
    placements: Mapping[str, Placement]
    keys: tuple[ApiKey, ...]
    platforms: tuple[str, ...]
    left_out: Mapping[str, int]  # why -> how many products or ads are not in here
    products: ProductTable
    points: PointTable
    phrases: PhraseTable
    categories: CategoryTable
    words: WordTable
    spellings: SpellingTable
    campaigns: CampaignTable
    ads: AdTable
    keywords: KeywordTable
    bundles: tuple[BundleRef, ...] = ()
    models: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    experiments: tuple[Experiment, ...] = ()
    muted: frozenset[int] = frozenset()  # selling points that were banned since
    language: Language = field(init=False, repr=False)
    memory: Memory = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "language", language_of(self.store.locale))
        object.__setattr__(self, "memory", Memory())

    def names(self, row: int) -> Names:
        """The ids of the ad in `row`, and where it leads."""
        names = self.memory.names.get(row)
        if names is None:
            product = int(self.ads.product[row])
            names = Names(
                self.ads.ids[row],
                self.products.ids[product],
                self.campaigns.ids[int(self.ads.campaign[row])],
                product,
                self.products.links[product],
            )
            self.memory.names.put(row, names)
        return names

    def facts(self, row: int) -> AdFacts:
        """What a page needs to show the ad in `row`."""
        campaign, product = int(self.ads.campaign[row]), int(self.ads.product[row])
        return AdFacts(
            ad_id=self.ads.ids[row],
            campaign_id=self.campaigns.ids[campaign],
            advertiser_id=self.campaigns.advertiser_ids[campaign],
            product_id=self.products.ids[product],
            title=self.products.titles[product],
            link=self.products.links[product],
            image_link=self.products.images[product],
            bid=Micros(int(self.ads.bid[row])),
        )

    def product(self, row: int) -> Product:
        """The product in `row`, as far as the snapshot knows it."""
        return Product(
            product_id=self.products.ids[row],
            title=self.products.titles[row],
            link=self.products.links[row],
            price=Micros(int(self.products.price[row])),
            category=self.categories.paths[int(self.products.category[row])],
            image_link=self.products.images[row],
            in_stock=bool(self.products.in_stock[row]),
        )

    def every_product(self) -> list[Product]:
        """All products in row order: what the ranker's item rows are computed from."""
        return [self.product(row) for row in range(len(self.products.ids))]

    def every_phrase(self) -> list[str]:
        """All phrases in row order: what the selling-point model's rows are computed from."""
        return self.phrases.texts.all()


def merchants_of(catalogue: Catalogue) -> dict[str, tuple[str, ...]]:
    """Who advertises each product, of those who made rules."""
    makers = set(catalogue.point_rules) - {STORE}
    whose = {
        one.campaign_id: one.advertiser_id
        for one in catalogue.campaigns
        if one.advertiser_id in makers
    }
    found: dict[str, set[str]] = {}
    for ad in catalogue.ads if whose else ():
        if ad.campaign_id in whose:
            found.setdefault(ad.product_id, set()).add(whose[ad.campaign_id])
    return {product: tuple(sorted(each)) for product, each in found.items()}


def build_snapshot(catalogue: Catalogue, known: Readings | None = None) -> Snapshot:
    """Lay out `catalogue` as arrays. Products with an unsafe link are left out and counted.

    `known` remembers the products read for an earlier snapshot of the store, so that only those
    that changed are read again.

    Raises:
        BadInputError: the campaigns and placements name more than 64 platforms.
    """
    language = language_of(catalogue.store.locale)
    known = known or Readings()
    every = known.of(
        catalogue.products,
        catalogue.store,
        language,
        catalogue.verdicts,
        rulebook=Rulebook(language, catalogue.point_rules, brands_of(catalogue.products)),
        merchants=merchants_of(catalogue),
    )
    readings = sorted(
        (reading for reading in every if reading.link),
        key=lambda reading: reading.product.product_id.encode(),
    )
    product_rows = rows_of([reading.product.product_id for reading in readings])
    able, left_out = bidders(catalogue.ads, catalogue.campaigns, product_rows)
    left_out["product_link_unsafe"] = len(every) - len(readings)
    named = {one.campaign.campaign_id: one.campaign for one in able}
    campaign_rows = rows_of(list(named))
    campaigns = list(named.values())
    platforms = index_platforms(catalogue.placements, campaigns)
    texts = {keyword.text for campaign in campaigns for keyword in campaign.keywords}
    spelled = spellings_of(readings, texts)
    read = known.words(texts | spelled, language)
    keywords = read_keywords(campaigns, read, language)
    phrase_words = {
        text: words for reading in readings for text, words in reading.phrase_words.items()
    }
    words, word_rows = index_words(
        readings, [*phrase_words.values(), *(keyword.words for keyword in keywords)]
    )
    phrases, phrase_rows = index_phrases(phrase_words, word_rows)
    keyword_table = index_keywords(keywords, word_rows, np.diff(words.products.starts))
    categories, category_rows = index_categories(readings)
    return Snapshot(
        store=catalogue.store,
        version=str(catalogue.version),
        catalogue_version=catalogue.version,
        placements={placement.name: placement for placement in catalogue.placements},
        keys=tuple(catalogue.keys),
        platforms=platforms,
        left_out={reason: count for reason, count in left_out.items() if count},
        products=index_products(readings, category_rows),
        points=index_points(readings, phrase_rows, POINT_KINDS),
        phrases=phrases,
        categories=categories,
        words=words,
        spellings=index_spellings(spelled, read, word_rows, words, keyword_table),
        campaigns=index_campaigns(campaigns, platforms),
        ads=index_ads(able, campaign_rows, len(readings)),
        keywords=keyword_table,
        experiments=catalogue.experiments,
    )
