"""Lays campaigns, ads and keywords out as the flat arrays of a snapshot."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from service.decision.auction import lot_name
from service.decision.index import by_bytes, rows_of
from service.decision.lists import RowLists
from service.decision.strings import StringTable
from service.decision.tables import AdTable, CampaignTable, KeywordTable
from service.decision.terms import CampaignStatus, MatchType, Pricing
from service.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from service.decision.language import Language
    from service.decision.tables import Ints
    from service.decision.terms import Ad, Campaign, Keyword, Placement

PRICINGS = (Pricing.CLICK, Pricing.IMPRESSION, Pricing.ORDER)
MATCH_TYPES = (MatchType.BROAD, MatchType.PHRASE, MatchType.EXACT)  # loosest first
HIGHEST_BID = 10**12  # micros: bid times quality stays far inside 64 bits
MOST_PLATFORMS = 64  # a bit each
ALL_PLATFORMS = (1 << MOST_PLATFORMS) - 1


@dataclass(frozen=True, slots=True)
class Bidder:
    """An ad that may take part, with its campaign."""

    ad: Ad
    campaign: Campaign
    product: int  # row
    bid: int


class Words(NamedTuple):
    """A keyword as it is compared."""

    words: tuple[str, ...]
    match: MatchType
    negative: bool


def bidders(
    ads: Iterable[Ad], campaigns: Iterable[Campaign], products: Mapping[str, int]
) -> tuple[list[Bidder], Counter[str]]:
    """The ads that can be shown, by campaign and ad id, and why others cannot."""
    by_id = {campaign.campaign_id: campaign for campaign in campaigns}
    able: list[Bidder] = []
    left_out: Counter[str] = Counter()
    for ad in ads:
        campaign, product = by_id.get(ad.campaign_id), products.get(ad.product_id)
        if campaign is None or product is None or not ad.active:
            left_out["ad_inactive" if not ad.active else "ad_without_product_or_campaign"] += 1
            continue
        bid = campaign.bid if ad.bid is None else ad.bid
        if not 0 < bid <= HIGHEST_BID:
            left_out["ad_bid_out_of_range"] += 1
            continue
        able.append(Bidder(ad, campaign, product, bid))
    able.sort(key=lambda one: (one.ad.campaign_id.encode(), one.ad.ad_id.encode()))
    return able, left_out


def index_ads(able: Sequence[Bidder], campaigns: Mapping[str, int], products: int) -> AdTable:
    """The ad table; `able` is sorted by campaign."""
    ids = [one.ad.ad_id for one in able]
    campaign = np.array([campaigns[one.ad.campaign_id] for one in able], np.int32)
    starts = np.zeros(len(campaigns) + 1, np.int64)
    np.cumsum(np.bincount(campaign, minlength=len(campaigns)), out=starts[1:])
    order = sorted(range(len(ids)), key=lambda row: ids[row].encode())
    return AdTable(
        ids=StringTable.of(ids),
        sorted_ids=StringTable.of([ids[row] for row in order]),
        sorted_rows=np.array(order, np.int32),
        product=np.array([one.product for one in able], np.int32),
        campaign=campaign,
        bid=np.array([one.bid for one in able], np.int64),
        lot_name=np.array([lot_name(one) for one in ids], np.uint64),
        of_campaign=starts,
        of_product=RowLists.of([[one.product] for one in able]).inverted(products),
    )


def index_platforms(
    placements: Iterable[Placement], campaigns: Iterable[Campaign]
) -> tuple[str, ...]:
    """All platforms that are named anywhere.

    Raises:
        BadInputError: there are more than 64.
    """
    named = {placement.platform for placement in placements}
    named.update(platform for campaign in campaigns for platform in campaign.platforms)
    if len(named) > MOST_PLATFORMS:
        raise BadInputError(f"{len(named)} platforms are named; {MOST_PLATFORMS} is the most")
    return tuple(sorted(named))


def index_campaigns(campaigns: Sequence[Campaign], platforms: Sequence[str]) -> CampaignTable:
    """The campaign table; `campaigns` are sorted by id."""
    advertisers = rows_of(by_bytes(campaign.advertiser_id for campaign in campaigns))
    return CampaignTable(
        ids=StringTable.of([campaign.campaign_id for campaign in campaigns]),
        advertiser_ids=StringTable.of([campaign.advertiser_id for campaign in campaigns]),
        advertiser=np.array([advertisers[one.advertiser_id] for one in campaigns], np.int32),
        active=np.array([one.status == CampaignStatus.ACTIVE for one in campaigns], np.bool_),
        spent_out=np.array([one.spent >= one.budget for one in campaigns], np.bool_),
        starts_at=_times([one.starts_at for one in campaigns], -np.inf),
        ends_at=_times([one.ends_at for one in campaigns], np.inf),
        platforms=np.array([_bits(one.platforms, platforms) for one in campaigns], np.uint64),
        cap_impressions=np.array([one.cap[0] if one.cap else 0 for one in campaigns], np.int32),
        cap_seconds=np.array([one.cap[1] if one.cap else 0 for one in campaigns], np.int32),
        pricing=np.array([PRICINGS.index(one.pricing) for one in campaigns], np.int8),
    )


def read_keywords(
    campaigns: Iterable[Campaign], words: Mapping[str, tuple[str, ...]], language: Language
) -> dict[Words, list[int]]:
    """Each keyword once, with the rows of the campaigns that bid on it or refuse it.

    `words` has the words of each keyword's text. Stop words do not count.
    """
    found: defaultdict[Words, list[int]] = defaultdict(list)
    for row, campaign in enumerate(campaigns):
        listed = (_read(keyword, words[keyword.text], language) for keyword in campaign.keywords)
        for one in dict.fromkeys(listed):
            if one.words:
                found[one].append(row)
    return dict(found)


def index_keywords(
    keywords: Mapping[Words, Sequence[int]], rows: Mapping[str, int], carriers: Ints
) -> KeywordTable:
    """The keyword table. `carriers` (V,) says how many products carry each word."""
    words = [[rows[word] for word in keyword.words] for keyword in keywords]
    rarest = [[min(one, key=lambda word: (carriers[word], word))] for one in words]
    return KeywordTable(
        words=RowLists.of(words),
        match=np.array([MATCH_TYPES.index(keyword.match) for keyword in keywords], np.int32),
        negative=np.array([keyword.negative for keyword in keywords], np.bool_),
        campaigns=RowLists.of(list(keywords.values())),
        by_word=RowLists.of(rarest).inverted(len(rows)),
    )


def _read(keyword: Keyword, words: tuple[str, ...], language: Language) -> Words:
    return Words(language.telling(words), keyword.match_type, keyword.negative)


def _times(
    times: Sequence[float | None], open_end: float
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([open_end if time is None else time for time in times], np.float64)


def _bits(named: Sequence[str], platforms: Sequence[str]) -> int:
    """One bit a platform; a campaign that names none runs on all, also on those yet to come."""
    return sum(1 << platforms.index(one) for one in set(named)) or ALL_PLATFORMS
