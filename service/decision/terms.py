"""The words of the house: what a catalogue holds, what is asked, what is decided."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from math import inf
from typing import TYPE_CHECKING, NamedTuple, NewType

from service.decision.policy import STANDARD_POLICY, SellingPointPolicy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.contract.history import History

Micros = NewType("Micros", int)
"""Money: millionths of the store's currency unit."""

Cap = tuple[int, int]
"""(impressions a shopper, in any so many seconds)"""

PPM = 1_000_000
"""Probabilities enter the auction as integer parts per million."""


class MatchType(StrEnum):
    """How closely a query must follow a keyword."""

    EXACT = "exact"
    PHRASE = "phrase"
    BROAD = "broad"


class CampaignStatus(StrEnum):
    """Only an active campaign may spend."""

    PAUSED = "paused"
    ACTIVE = "active"
    ENDED = "ended"


class KeyKind(StrEnum):
    """Publishable keys may stand in a page; secret keys may not."""

    PUBLISHABLE = "publishable"
    SECRET = "secret"  # noqa: S105 - the kind, not a key


class AuctionRule(StrEnum):
    """What the winners of an auction pay."""

    GSP = "gsp"  # generalised second price
    VCG = "vcg"  # Vickrey, Clarke, Groves: what their being there costs the others
    FIRST = "first"  # their own bid


class Pricing(StrEnum):
    """What a campaign pays for."""

    CLICK = "click"
    IMPRESSION = "impression"
    ORDER = "order"


class PhraseStyle(StrEnum):
    """What to do with a selling point that stands in the title already."""

    IN_PLACE = "in_place"
    FRONT = "front"


class PhrasePosition(StrEnum):
    """Where selling points stand that the title does not say already."""

    PREFIX = "prefix"
    SUFFIX = "suffix"


@dataclass(frozen=True, slots=True)
class Store:
    """A shop: the tenant that owns everything else."""

    store_id: str
    name: str
    currency: str  # ISO 4217
    locale: str  # BCP 47, decides tokenizing and stemming
    site_url: str  # product links that begin with "/" stand on it


@dataclass(frozen=True, slots=True)
class ApiKey:
    """Who may call for a store, and for what. The key itself is known by its SHA-256 only."""

    key_id: str
    sha256: str  # hex
    kind: KeyKind
    scopes: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    advertiser_id: str | None = None


@dataclass(frozen=True, slots=True)
class Product:
    """One line of the shop's catalogue."""

    product_id: str
    title: str
    link: str  # absolute https, or a path on the store's site
    price: Micros
    description: str = ""
    brand: str = ""
    category: str = ""
    image_link: str = ""
    in_stock: bool = True
    highlights: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    told_at: float | None = field(default=None, compare=False)  # when the shop last changed it


@dataclass(frozen=True, slots=True)
class SellingPoint:
    """A short true phrase about one product, with the field that attests it."""

    selling_point_id: str
    text: str
    kind: str  # attribute | benefit | service | promo | social
    evidence_field: str
    evidence_value: str
    locked: bool = False  # somebody said that it goes before all others
    valid_until: float = inf  # Unix seconds; what it says of price, promotion or stock runs out


@dataclass(frozen=True, slots=True)
class Keyword:
    """A query that a campaign bids on, or refuses."""

    text: str
    match_type: MatchType
    negative: bool = False


@dataclass(frozen=True, slots=True)
class Campaign:
    """A budget with dates, keywords and a bid. Times are Unix seconds; None is open-ended."""

    campaign_id: str
    advertiser_id: str
    name: str
    status: CampaignStatus
    bid: Micros  # per click, single impression or order, as `pricing` says
    budget: Micros
    spent: Micros = Micros(0)
    starts_at: float | None = None
    ends_at: float | None = None
    platforms: tuple[str, ...] = ()  # empty: all
    keywords: tuple[Keyword, ...] = ()
    pricing: Pricing = Pricing.CLICK
    cap: Cap | None = None


@dataclass(frozen=True, slots=True)
class Ad:
    """One product of a campaign, with its own bid if it has one."""

    ad_id: str
    campaign_id: str
    product_id: str
    bid: Micros | None = None
    active: bool = True


@dataclass(frozen=True, slots=True)
class Placement:
    """A named area of a page, on one platform."""

    name: str
    platform: str
    slots: int
    reserve: Micros
    title_limit: int = 150  # graphemes
    selling_point_cap: int = 2
    phrase_style: PhraseStyle = PhraseStyle.IN_PLACE
    phrase_position: PhrasePosition = PhrasePosition.PREFIX
    rule: AuctionRule = AuctionRule.GSP
    squash_ppm: int = PPM  # the power that qualities are raised to before they weigh bids
    relevance_floor_ppm: int = 0  # the least share of the query that an ad's product must have
    exposure_ppm: tuple[int, ...] = ()  # how many look at each slot; past the last, as there


@dataclass(frozen=True, slots=True)
class Shopper:
    """Who asks, as far as they consented to be known."""

    user_id: str | None
    history: History
    hidden_ads: frozenset[str] = frozenset()
    seen: Mapping[str, int] = field(default_factory=dict)  # selling points shown lately, how often
    bought: frozenset[str] = frozenset()  # products, just now
    capped: Mapping[str, Cap] = field(default_factory=dict)  # campaigns, and the cap reached


@dataclass(frozen=True, slots=True)
class AdQuery:
    """One request for ads, in the words of the domain. Either a query or a category."""

    query: str
    category: str
    placement: Placement
    slots: int
    shopper: Shopper
    excluded_products: frozenset[str] = frozenset()
    organic_products: frozenset[str] = frozenset()
    explain: bool = False  # ask for the trace
    policy: SellingPointPolicy = STANDARD_POLICY
    explored_share: float = 0.0  # of titles, whose selling points are drawn by lot


@dataclass(frozen=True, slots=True)
class ScoredAd:
    """An ad in the auction. `row` is its row in the snapshot."""

    row: int
    ad_id: str
    product_id: str
    bid: Micros
    quality_ppm: int  # calibrated probability of a click in the first slot
    lot: int = 0  # drawn where values are equal: the lowest stands first
    rate_ppm: int = 0  # what its bid is weighed with; 0 for its quality
    pricing: Pricing = Pricing.CLICK
    reserve_ppm: int = 0  # what the reserve, which is per click, is weighed with; 0 for its rate
    due_ppm: int = 0  # how probable it is that being shown is paid for; 0 for its quality


@dataclass(frozen=True, slots=True)
class Award:
    """A slot won, and what a click, an impression or an order costs, as its pricing says."""

    slot: int
    ad: ScoredAd
    price: Micros


class TitlePart(NamedTuple):
    """A run of title text; `selling_point_id` names the phrase that it shows, if any."""

    text: str
    selling_point_id: str | None = None
    highlight: bool = False


class Title(NamedTuple):
    """A title in parts. The parts, joined, are the text."""

    text: str
    original: str
    parts: tuple[TitlePart, ...]
    left_out: tuple[str, ...] = ()  # what names the product and had no room


@dataclass(frozen=True, slots=True)
class ChosenPoint:
    """A selling point picked for an award, with the score and the chance it was picked by."""

    point: SellingPoint
    score: float
    propensity: float


@dataclass(frozen=True, slots=True)
class AwardedAd:
    """An award with its title: what one slot shows."""

    award: Award
    campaign_id: str
    title: Title
    chosen: tuple[ChosenPoint, ...]
    reason: str  # personal | prior | plain | explored
    propensity: float = 1.0  # the chance that its title shows just these selling points
    arm: str | None = None  # what a lot drew, where the title was explored


@dataclass(frozen=True, slots=True)
class TraceLine:
    """How one candidate stood in the auction."""

    ad_id: str
    product_id: str
    lexical: float  # share of the query found, plus the bonus of the keyword's match type
    quality_ppm: int
    bid: Micros
    value: int  # bid times quality_ppm, squashed as the placement says


@dataclass(frozen=True, slots=True)
class Decision:
    """Our whole answer to one request."""

    awards: tuple[AwardedAd, ...]
    no_fill_reason: str | None
    degraded: tuple[str, ...]
    candidates: int
    filtered: Mapping[str, int]  # reason -> how many candidates it removed
    propensity: float = 1.0  # of this list of awards, given the inputs
    trace: tuple[TraceLine, ...] = ()  # best value first, only when the query asks for it
    paces: Mapping[str, tuple[int, int]] = field(default_factory=dict)  # that it met, by campaign
    spent_out: tuple[str, ...] = ()  # campaigns that it met
