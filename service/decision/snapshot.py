"""Everything the hot path reads of one store, as flat arrays that can be mapped from disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from service.contract.tokenizer import Tokenizer
from service.decision.recent import Recent
from service.decision.terms import Micros, Product

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from service.decision.tables import (
        AdTable,
        CampaignTable,
        CategoryTable,
        KeywordTable,
        PhraseTable,
        PointTable,
        ProductTable,
        WordTable,
    )
    from service.decision.terms import Ad, ApiKey, Campaign, Placement, Store


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
    campaigns: CampaignTable
    ads: AdTable
    keywords: KeywordTable
    bundles: tuple[BundleRef, ...] = ()
    models: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    tokenizer: Tokenizer = field(init=False, repr=False)
    memory: Memory = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tokenizer", Tokenizer(self.store.locale))
        object.__setattr__(self, "memory", Memory())

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


class Memory:
    """What a snapshot's readers worked out lately, so that they need not again."""

    def __init__(self) -> None:
        self.found: Recent[Any, Any] = Recent(2048)
        self.product_rows: Recent[str, int] = Recent(65_536)
        self.points: Recent[Any, Any] = Recent(8192)
        self.titles: Recent[Any, Any] = Recent(16_384)


def build_snapshot(catalogue: Catalogue) -> Snapshot:
    """Lay out `catalogue` as arrays. Products with an unsafe link are left out and counted."""
    raise NotImplementedError(catalogue)
