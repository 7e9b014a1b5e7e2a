"""Campaigns from NDJSON: one campaign a line, with its advertiser, keywords and ads."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final, TypeVar

from service.decision.terms import Ad, Campaign, CampaignStatus, Keyword, MatchType, Micros
from service.store.feeds.products import amount_of
from service.store.feeds.report import FieldError, LineError
from service.store.feeds.text import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from service.store.feeds.rows import Row

_ID: Final = re.compile(r"[a-z]{2,3}_[A-Za-z0-9_-]{1,64}")
_LONGEST_NAME: Final = 200
_LONGEST_KEYWORD: Final = 80
_MOST: Final = 10_000  # keywords or ads of one campaign
_LARGEST_MICROS: Final = 10**15
_IN_LINE: Final = (
    "advertiser", "advertiser_id", "advertiser_name", "campaign_id", "name", "status", "bid",
    "bid_micros", "budget", "budget_micros", "starts_at", "ends_at", "platforms", "keywords",
    "ads", "product_ids",
)  # fmt: skip
_IN_ADVERTISER: Final = ("id", "name")
_IN_KEYWORD: Final = ("text", "match_type", "negative")
_IN_AD: Final = ("ad_id", "product_id", "bid", "bid_micros", "active")

Choice = TypeVar("Choice", CampaignStatus, MatchType)


@dataclass(frozen=True, slots=True)
class Booking:
    """All that one line books."""

    advertiser: tuple[str, str]  # (id, name)
    campaign: Campaign
    ads: tuple[Ad, ...]


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
    Without an id one is made from store, advertiser and name. Campaigns begin paused.

    Raises: FieldError for the first value that cannot be used.
    """
    _refuse_unknown("", values, _IN_LINE)
    advertiser = _advertiser(values, store_id)
    name = _name("name", values.get("name"))
    campaign_id = _id("campaign_id", "cmp", values.get("campaign_id")) or made_id(
        "cmp", store_id, advertiser[0], name
    )
    bid = _money(values, "bid", currency)
    budget = _money(values, "budget", currency)
    if bid is None or bid == 0:
        raise FieldError("bid", bid, "give the most that a click may cost, above 0")
    if budget is None:
        raise FieldError("budget", budget, f"give an amount, such as 100.00 {currency}")
    starts_at, ends_at = (_time(end, values.get(end)) for end in ("starts_at", "ends_at"))
    if starts_at is not None and ends_at is not None and ends_at < starts_at:
        raise FieldError("ends_at", values["ends_at"], "give a time that is not before starts_at")
    campaign = Campaign(
        campaign_id=campaign_id,
        advertiser_id=advertiser[0],
        name=name,
        status=_choice("status", values.get("status", "paused"), CampaignStatus),
        bid=bid,
        budget=budget,
        starts_at=starts_at,
        ends_at=ends_at,
        platforms=tuple(_name("platforms", name) for name in _list(values, "platforms")),
        keywords=tuple(map(_keyword, _list(values, "keywords"))),
    )
    return Booking(advertiser, campaign, _ads(values, campaign_id, currency))


def _advertiser(values: Mapping[str, Any], store_id: str) -> tuple[str, str]:
    given = values.get("advertiser") or {}
    if isinstance(given, str):
        given = {"name": given}
    if not isinstance(given, dict):
        raise FieldError("advertiser", given, 'give a name, or {"id", "name"}')
    _refuse_unknown("advertiser", given, _IN_ADVERTISER)
    name = _name("advertiser", given.get("name") or values.get("advertiser_name"))
    told = _id("advertiser", "adv", given.get("id") or values.get("advertiser_id"))
    return told or made_id("adv", store_id, name), name


def _ads(values: Mapping[str, Any], campaign_id: str, currency: str) -> tuple[Ad, ...]:
    made = []
    ids = [{"product_id": product_id} for product_id in _list(values, "product_ids")]
    for given in [*_list(values, "ads"), *ids]:
        if not isinstance(given, dict) or not str(given.get("product_id") or ""):
            raise FieldError("ads", given, 'give {"product_id": ...}')
        _refuse_unknown("ads", given, _IN_AD)
        product_id = str(given["product_id"])
        ad_id = _id("ads", "ad", given.get("ad_id")) or made_id("ad", campaign_id, product_id)
        bid = _money(given, "bid", currency)
        if bid == 0:
            raise FieldError("ads", given, "leave the bid out, or give one above 0")
        made.append(Ad(ad_id, campaign_id, product_id, bid, active=_flag("active", given, True)))
    return tuple(made)


def _keyword(given: object) -> Keyword:
    if isinstance(given, str):
        given = {"text": given}
    if not isinstance(given, dict):
        raise FieldError("keywords", given, 'give {"text": ..., "match_type": ...}')
    _refuse_unknown("keywords", given, _IN_KEYWORD)
    text = plain_text(str(given.get("text") or "")).lower()
    if not text or len(text) > _LONGEST_KEYWORD:
        raise FieldError("keywords", given, f"give a text of 1 to {_LONGEST_KEYWORD} characters")
    match_type = _choice("keywords", given.get("match_type", "broad"), MatchType)
    return Keyword(text, match_type, negative=_flag("negative", given, False))


def _refuse_unknown(place: str, given: Mapping[str, Any], known: Sequence[str]) -> None:
    """A misspelt field would be lost in silence: a campaign without products, or without end."""
    for name in given:
        if name not in known:
            meant = get_close_matches(name, known, 1)
            advice = f"write {meant[0]}" if meant else f"the fields are {', '.join(known)}"
            raise FieldError(place or name, name if place else given[name], advice)


def _flag(name: str, given: Mapping[str, Any], otherwise: bool) -> bool:
    value = given.get(name, otherwise)
    if not isinstance(value, bool):
        raise FieldError(name, value, "give true or false")
    return value


def _choice(name: str, given: object, kind: type[Choice]) -> Choice:
    try:
        return kind(str(given).lower())
    except ValueError:
        raise FieldError(name, given, f"give one of {', '.join(kind)}") from None


def _money(values: Mapping[str, Any], name: str, currency: str) -> Micros | None:
    micros, amount = values.get(f"{name}_micros"), values.get(name)
    if micros is None:
        return None if amount is None else amount_of(name, amount, currency)
    if isinstance(micros, bool) or not isinstance(micros, int):
        raise FieldError(f"{name}_micros", micros, "give a whole number of millionths")
    if not 0 <= micros <= _LARGEST_MICROS:
        raise FieldError(f"{name}_micros", micros, f"give 0 to {_LARGEST_MICROS}")
    return Micros(micros)


def _name(field: str, given: object) -> str:
    text = plain_text(str(given or ""))
    if not text or len(text) > _LONGEST_NAME:
        raise FieldError(field, given, f"give a name of 1 to {_LONGEST_NAME} characters")
    return text


def _id(field: str, prefix: str, given: object) -> str | None:
    if given is None or given == "":
        return None
    text = str(given)
    if not (_ID.fullmatch(text) and text.startswith(f"{prefix}_")):
        raise FieldError(field, given, f"give {prefix}_ and letters or digits, or leave it out")
    return text


def _list(values: Mapping[str, Any], name: str) -> list[Any]:
    given = values.get(name) or []
    if not isinstance(given, list):
        raise FieldError(name, given, "give a list")
    if len(given) > _MOST:
        raise FieldError(name, f"{len(given)} values", f"give at most {_MOST}")
    return given


def _time(name: str, given: object) -> float | None:
    if given is None or given == "":
        return None
    try:
        moment = datetime.fromisoformat(str(given))
    except ValueError:
        moment = datetime.min  # noqa: DTZ901 - has no zone, so it is refused below
    if moment.tzinfo is None:
        raise FieldError(name, given, "give a time with its zone, such as 2026-01-31T09:00:00Z")
    return moment.timestamp()
