"""What a campaign may become: amounts, dates, status, platforms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.decision.bidding import MOST_PLATFORMS
from service.decision.terms import CampaignStatus
from service.errors import ConflictError, Fault, InvalidRequestError
from service.store.campaign_terms import is_zone_there, require_known_zone
from service.store.management.platforms import count_platforms_with
from service.store.schedule import Span, minutes_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from service.api.schemas.campaign_terms import Hours
    from service.api.schemas.campaigns import Campaign


def check_dates(starts_at: datetime | None, ends_at: datetime | None) -> None:
    """Raise InvalidRequestError unless the end comes after the start."""
    if starts_at is not None and ends_at is not None and ends_at <= starts_at:
        raise _fault(
            "/ends_at",
            "not_after_start",
            f"Give a time after starts_at, {_told(starts_at)}; received {_told(ends_at)}",
        )


def check_change(before: Campaign, given: Mapping[str, Any], now: datetime) -> None:
    """Raise unless `before` may become what is `given`.

    Raises: ConflictError when it has ended; InvalidRequestError for dates in the wrong order, a
    budget below what is spent, hours that are none, and an activation after the end.
    """
    require_not_ended(before)
    check_schedule(given.get("schedule", ()))
    if {"starts_at", "ends_at"} & set(given):
        starts_at = given.get("starts_at", before.starts_at)
        check_dates(starts_at, given.get("ends_at", before.ends_at))
    budget = given.get("budget_micros", before.budget_micros)
    if budget < before.spent_micros:
        raise _fault(
            "/budget_micros",
            "below_spent",
            f"Give at least what is spent, {before.spent_micros}; received {budget}",
        )
    ends_at = given.get("ends_at", before.ends_at)
    if given.get("status") is CampaignStatus.ACTIVE and ends_at is not None and ends_at <= now:
        raise _fault(
            "/status", "is_over", f"Its ends_at, {_told(ends_at)}, has passed; give a later one"
        )


def check_schedule(schedule: Sequence[Hours]) -> None:
    """Raise InvalidRequestError for hours without a minute in them."""
    for number, hours in enumerate(schedule):
        try:
            minutes_of([Span(hours.days, hours.start, hours.end)])
        except ValueError as error:
            raise _fault(f"/schedule/{number}", "no_hours", str(error)) from None


def check_zone_name(zone: str) -> None:
    """Raise InvalidRequestError for what names no zone."""
    try:
        require_known_zone(zone)
    except ValueError:
        raise _unknown_zone(zone) from None


async def check_zone(connection: AsyncConnection, zone: str) -> None:
    """Raise InvalidRequestError for a zone that we or the database do not know."""
    check_zone_name(zone)
    if not await is_zone_there(connection, zone):
        raise _unknown_zone(zone)


def _unknown_zone(zone: str) -> InvalidRequestError:
    detail = f"Give a zone by its IANA name, such as Europe/Berlin or UTC; received {zone!a}"
    return _fault("/time_zone", "unknown_zone", detail)


def charged_in_its_zone(campaign: Campaign) -> ConflictError:
    """Its charges were booked by the days of one zone, which therefore stays."""
    return ConflictError(
        f"the campaign has charges by the days of {campaign.time_zone}, so its time_zone stays;"
        " make a new campaign for another zone"
    )


def require_not_ended(campaign: Campaign) -> None:
    """Raise ConflictError if the campaign has ended."""
    if campaign.status is CampaignStatus.ENDED:
        raise ConflictError(f"the campaign {campaign.id} has ended; it stays as it is")


async def check_platforms(
    connection: AsyncConnection, store_id: str, named: Sequence[str], pointer: str
) -> None:
    """Raise InvalidRequestError if the store would get more platforms than it can serve."""
    if not named:
        return
    count = await count_platforms_with(connection, store_id, named)
    if count > MOST_PLATFORMS and count > await count_platforms_with(connection, store_id, ()):
        raise _fault(
            pointer,
            "too_many_platforms",
            f"A store has at most {MOST_PLATFORMS} platforms; with these it would have {count}",
        )


def _fault(pointer: str, code: str, detail: str) -> InvalidRequestError:
    return InvalidRequestError([Fault(pointer, code, detail)], 1)


def _told(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
