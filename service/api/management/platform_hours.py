"""What is known of a platform's hours: GET /v1/platforms/{platform_name}/results."""

from datetime import datetime
from typing import Annotated

import orjson
from fastapi import Query, Response
from sqlalchemy import RowMapping

from service.api.management.caller import Manager
from service.api.management.cursor import Page, PageQuery
from service.api.management.database import Database
from service.api.management.platforms import Name
from service.api.management.reports import OfCampaign
from service.api.management.route import management_router
from service.api.schemas.platform_results import PlatformHour, PlatformHourPage, ToldBy
from service.api.schemas.resource import Moment
from service.errors import Fault, InvalidRequestError, NotFoundError
from service.store.management.platform_hours import HourPlace, HoursQuery, hours_page
from service.store.management.platforms import Known, known_platform

router = management_router("platforms")

Since = Annotated[
    Moment | None,
    Query(description="Hours that begin then or later.", examples=["2026-11-22T00:00:00Z"]),
]
Until = Annotated[
    Moment | None,
    Query(description="Hours that begin before then.", examples=["2026-11-23T00:00:00Z"]),
]


@router.get(
    "/platforms/{platform_name:path}/results",
    summary="What a platform cost and brought",
    response_model=PlatformHourPage,
)
async def list_results(  # noqa: PLR0913, PLR0917 - one argument a query parameter
    platform_name: Name,
    caller: Manager,
    database: Database,
    page: Page,
    campaign_id: OfCampaign = None,
    since: Since = None,
    until: Until = None,
) -> Response:
    """List the hours that were reported of a platform, or counted there, newest first.

    A merchant sees those of its own campaigns. Hours without any event are not listed; own
    events are counted for stores that spread a budget over platforms.
    """
    query = HoursQuery(
        caller.store_id, platform_name, caller.advertiser_id, campaign_id, since, until
    )
    after = _place_after(page)
    async with database.begin() as connection:
        rows = await hours_page(connection, query, after, limit=page.fetch)
        if not rows:
            known = await known_platform(
                connection, caller.store_id, caller.advertiser_id, platform_name
            )
            if known is Known.NO:
                raise NotFoundError("platform", platform_name)
    return page.answer(PlatformHourPage, [_shown(row) for row in rows], _key)


def _shown(row: RowMapping) -> PlatformHour:
    return PlatformHour(**{**row, "source": ToldBy(row["source"])})


def _key(one: PlatformHour) -> str:
    parts = (one.hour.isoformat(), one.campaign_id or "", one.source.value)
    return orjson.dumps(parts).decode()


def _place_after(page: PageQuery) -> HourPlace | None:
    if not page.after:
        return None
    try:
        hour, named, source = orjson.loads(page.after)
        place = HourPlace(datetime.fromisoformat(hour), named, ToldBy(source).value)
    except (ValueError, TypeError):
        place = None
    if place is None or place.hour.tzinfo is None or not _is_text(place.named):
        detail = "Not a cursor of this list; give the `next` of the page before, or none"
        raise InvalidRequestError([Fault("/query/cursor", "bad_cursor", detail)], 1)
    return place


def _is_text(part: object) -> bool:
    return isinstance(part, str) and "\0" not in part
