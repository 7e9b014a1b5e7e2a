"""What ads sold: /v1/reports/conversions."""

from fastapi import Response

from service.api.management.cursor import Page
from service.api.management.database import Database
from service.api.management.reports import (
    FirstDay,
    LastDay,
    OfAdvertiser,
    OfCampaign,
    Reporter,
    period,
    rest_of,
    row_key,
)
from service.api.management.route import management_router
from service.api.schemas.conversions import ConversionsPage, ConversionsRow
from service.store.management.attributions import conversions_page
from service.store.management.reports import PerformanceQuery

router = management_router("reports")


@router.get("/reports/conversions", summary="Conversions by day", response_model=ConversionsPage)
async def report_conversions(  # noqa: PLR0913, PLR0917 - one argument a query parameter
    caller: Reporter,
    database: Database,
    page: Page,
    first_day: FirstDay = None,
    last_day: LastDay = None,
    advertiser_id: OfAdvertiser = None,
    campaign_id: OfCampaign = None,
) -> Response:
    """Count what each campaign sold on each day, and what came back; a merchant sees its own.

    A line of an order is owed to the last click within the attribution window, a few seconds
    after it was told; a click that was recorded late is found for an hour. At most 92 days at
    once.
    """
    first, last = period(first_day, last_day)
    owner = advertiser_id or caller.advertiser_id
    if not caller.sees(owner):
        return page.answer(ConversionsPage, [], row_key)
    query = PerformanceQuery(caller.store_id, first, last, owner, campaign_id)
    async with database.begin() as connection:
        rows = await conversions_page(connection, rest_of(query, page.after), limit=page.fetch)
    return page.answer(ConversionsPage, [ConversionsRow(**row) for row in rows], row_key)
