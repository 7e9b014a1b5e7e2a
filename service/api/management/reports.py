"""Reports: /v1/reports."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Query, Response
from pydantic import BeforeValidator

from service.api.keys import Scope
from service.api.management.caller import Caller, Gate
from service.api.management.cursor import Page
from service.api.management.database import Database
from service.api.management.route import management_router
from service.api.schemas.conversions import ConversionsRow
from service.api.schemas.reports import PerformancePage, PerformanceRow
from service.api.schemas.resource import Id
from service.errors import Fault, InvalidRequestError
from service.store.management.reports import PerformanceQuery, performance_page

router = management_router("reports")

MOST_DAYS = 92
_USUAL_DAYS = 7
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CURSOR = re.compile(rf"({_DAY.pattern})/([A-Za-z0-9_.-]+)")


def _written_out(given: object) -> object:
    """Refuse what pydantic would take for a day besides: seconds since 1970."""
    if isinstance(given, str) and not _DAY.fullmatch(given):
        raise ValueError("a day is written as in 2026-11-22")
    return given


Reporter = Annotated[Caller, Depends(Gate(Scope.REPORT))]
Day = Annotated[date, BeforeValidator(_written_out)]
FirstDay = Annotated[
    Day | None,
    Query(
        ge=date(2000, 1, 1),
        lt=date(2200, 1, 1),
        description="The first day, in UTC; without it, six days before the last.",
        examples=["2026-11-16"],
    ),
]
LastDay = Annotated[
    Day | None,
    Query(
        ge=date(2000, 1, 1),
        lt=date(2200, 1, 1),
        description="The last day, in UTC; without it, today.",
        examples=["2026-11-22"],
    ),
]
OfCampaign = Annotated[
    Id | None,
    Query(description="Only this campaign.", examples=["cmp_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"]),
]
OfAdvertiser = Annotated[
    Id | None,
    Query(
        description="Only this advertiser's.", examples=["adv_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"]
    ),
]


@router.get("/reports/performance", summary="Performance by day", response_model=PerformancePage)
async def report_performance(  # noqa: PLR0913, PLR0917 - one argument a query parameter
    caller: Reporter,
    database: Database,
    page: Page,
    first_day: FirstDay = None,
    last_day: LastDay = None,
    advertiser_id: OfAdvertiser = None,
    campaign_id: OfCampaign = None,
) -> Response:
    """Count what each campaign got on each day, and what it paid; a merchant sees its own.

    It is up to date: what the worker has recorded is in it. At most 92 days at once.
    """
    first, last = period(first_day, last_day)
    owner = advertiser_id or caller.advertiser_id
    if not caller.sees(owner):
        return page.answer(PerformancePage, [], row_key)
    query = PerformanceQuery(caller.store_id, first, last, owner, campaign_id)
    async with database.begin() as connection:
        rows = await performance_page(connection, rest_of(query, page.after), limit=page.fetch)
    return page.answer(PerformancePage, [PerformanceRow(**row) for row in rows], row_key)


def period(first: date | None, last: date | None) -> tuple[date, date]:
    """The days asked for. Raises: InvalidRequestError if they are too many, or end too early."""
    last = last or datetime.now(UTC).date()
    first = first or last - timedelta(days=_USUAL_DAYS - 1)
    days = (last - first).days + 1
    if not 1 <= days <= MOST_DAYS:
        detail = (
            f"From first_day to last_day are 1 to {MOST_DAYS} days; received {first} to {last}"
        )
        raise InvalidRequestError([Fault("/query/first_day", "bad_period", detail)], 1)
    return first, last


def rest_of(query: PerformanceQuery, after: str) -> PerformanceQuery:
    """The rest of `query` after the row whose key is `after`.

    Raises: InvalidRequestError for the cursor of another list.
    """
    if not after:
        return query
    found = _CURSOR.fullmatch(after)
    try:
        day = date.fromisoformat(found[1] if found else "")
    except ValueError:
        detail = "Not a cursor of this report; give the `next` of the page before, or none"
        raise InvalidRequestError([Fault("/query/cursor", "bad_cursor", detail)], 1) from None
    if found is None or day < query.first_day:
        return query
    return replace(query, first_day=day, after=found[2])


def row_key(row: PerformanceRow | ConversionsRow) -> str:
    """What a cursor says of the last row of a page."""
    return f"{row.day}/{row.campaign_id}"
