"""Campaigns from NDJSON: one campaign a line, with its advertiser, keywords and ads."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from service.decision.terms import Ad, Campaign, CampaignStatus, Keyword, MatchType
from service.store.feeds.campaign_terms import IN_LINE, read_terms
from service.store.feeds.report import FieldError, LineError
from service.store.feeds.text import plain_text
from service.store.feeds.values import (
    choice,
    flag,
    id_of,
    listed,
    money,
    name_of,
    refuse_unknown,
    time_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from service.store.feeds.rows import Row

_LONGEST_KEYWORD: Final = 80
_IN_LINE: Final = (
    "advertiser", "advertiser_id", "advertiser_name", "campaign_id", "name", "status", "bid",
    "bid_micros", "budget", "budget_micros", "starts_at", "ends_at", "platforms", "keywords",
    "ads", "product_ids", *IN_LINE,
)  # fmt: skip
_IN_ADVERTISER: Final = ("id", "name")
_IN_KEYWORD: Final = ("text", "match_type", "negative")
_IN_AD: Final = ("ad_id", "product_id", "bid", "bid_micros", "active")


@dataclass(frozen=True, slots=True)
class Booking:
    """All that one line books."""

    advertiser: tuple[str, str]  # (id, name)
    campaign: Campaign
    ads: tuple[Ad, ...]
    terms: Mapping[str, Any] = field(default_factory=dict)  # columns of the campaign


def made_id(kind: str, *parts: str) -> str:
    """An id that is the same for the same parts: a file imported again adds nothing."""
    return f"{kind}_{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"


def read_bookings(
    rows: Iterable[Row | LineError], store_id: str, currency: str
) -> Iterator[tuple[int, Booking] | LineError]:
    """A booking, with its line, for each good row; the error of each bad one."""
    for row in rows:
        if isinstance(row, LineError):
            yield row
            continue
        try:
            yield row.line, booking_of(row.values, store_id, currency)
        except FieldError as error:
            yield error.on(row.line)


def booking_of(values: Mapping[str, Any], store_id: str, currency: str) -> Booking:
    """The campaign that a line describes.

        {"advertiser": "Lumo", "name": "Lamps", "status": "active", "bid": "0.30 EUR",
         "budget": "100.00 EUR", "keywords": [{"text": "desk lamp", "match_type": "phrase"}],
         "product_ids": ["100001"]}

    `bid_micros` and `budget_micros`, `advertiser` as {"id", "name"}, `ads` as [{"product_id",
    "bid"}], `campaign_id`, `starts_at` and `ends_at` (RFC 3339) and `platforms` are taken too.
    Without an id one is made from store, advertiser and name. Campaigns begin paused. What
    `read_terms` reads stays as it is where it is left out; all else becomes the default.

    Raises: FieldError for the first value that cannot be used.
    """
    refuse_unknown("", values, _IN_LINE)
    advertiser = _advertiser(values, store_id)
    name = name_of("name", values.get("name"))
    campaign_id = id_of("campaign_id", "cmp", values.get("campaign_id")) or made_id(
        "cmp", store_id, advertiser[0], name
    )
    bid = money(values, "bid", currency)
    budget = money(values, "budget", currency)
    if bid is None or bid == 0:
        raise FieldError("bid", bid, "give the most that one of what is paid for costs, above 0")
    if budget is None:
        raise FieldError("budget", budget, f"give an amount, such as 100.00 {currency}")
    starts_at, ends_at = (time_of(end, values.get(end)) for end in ("starts_at", "ends_at"))
    if starts_at is not None and ends_at is not None and ends_at < starts_at:
        raise FieldError("ends_at", values["ends_at"], "give a time that is not before starts_at")
    campaign = Campaign(
        campaign_id=campaign_id,
        advertiser_id=advertiser[0],
        name=name,
        status=choice("status", values.get("status", "paused"), CampaignStatus),
        bid=bid,
        budget=budget,
        starts_at=starts_at,
        ends_at=ends_at,
        platforms=tuple(name_of("platforms", name) for name in listed(values, "platforms")),
        keywords=tuple(map(_keyword, listed(values, "keywords"))),
    )
    ads = _ads(values, campaign_id, currency)
    return Booking(advertiser, campaign, ads, read_terms(values, currency))


def _advertiser(values: Mapping[str, Any], store_id: str) -> tuple[str, str]:
    given = values.get("advertiser") or {}
    if isinstance(given, str):
        given = {"name": given}
    if not isinstance(given, dict):
        raise FieldError("advertiser", given, 'give a name, or {"id", "name"}')
    refuse_unknown("advertiser", given, _IN_ADVERTISER)
    name = name_of("advertiser", given.get("name") or values.get("advertiser_name"))
    told = id_of("advertiser", "adv", given.get("id") or values.get("advertiser_id"))
    return told or made_id("adv", store_id, name), name


def _ads(values: Mapping[str, Any], campaign_id: str, currency: str) -> tuple[Ad, ...]:
    made = []
    ids = [{"product_id": product_id} for product_id in listed(values, "product_ids")]
    for given in [*listed(values, "ads"), *ids]:
        if not isinstance(given, dict) or not str(given.get("product_id") or ""):
            raise FieldError("ads", given, 'give {"product_id": ...}')
        refuse_unknown("ads", given, _IN_AD)
        product_id = str(given["product_id"])
        ad_id = id_of("ads", "ad", given.get("ad_id")) or made_id("ad", campaign_id, product_id)
        bid = money(given, "bid", currency)
        if bid == 0:
            raise FieldError("ads", given, "leave the bid out, or give one above 0")
        made.append(Ad(ad_id, campaign_id, product_id, bid, active=flag("active", given, True)))
    return tuple(made)


def _keyword(given: object) -> Keyword:
    if isinstance(given, str):
        given = {"text": given}
    if not isinstance(given, dict):
        raise FieldError("keywords", given, 'give {"text": ..., "match_type": ...}')
    refuse_unknown("keywords", given, _IN_KEYWORD)
    text = plain_text(str(given.get("text") or "")).lower()
    if not text or len(text) > _LONGEST_KEYWORD:
        raise FieldError("keywords", given, f"give a text of 1 to {_LONGEST_KEYWORD} characters")
    match_type = choice("keywords", given.get("match_type", "broad"), MatchType)
    return Keyword(text, match_type, negative=flag("negative", given, False))
