"""What was paid: /v1/campaigns/{campaign_id}/ledger, and invoices by the month."""

from typing import Annotated

from fastapi import Path, Response

from service.api.management.advertisers import AdvertiserId, found_advertiser
from service.api.management.campaigns import CampaignId, seen
from service.api.management.csv_cells import csv_line
from service.api.management.cursor import Page
from service.api.management.database import Database
from service.api.management.ledger_pages import ledger_answer, place_after
from service.api.management.reports import Reporter
from service.api.management.route import management_router
from service.api.schemas.ledger import LedgerPage
from service.store.catalogue import get_store
from service.store.invoices import MONTH, invoice_rows, month_of
from service.store.management.campaigns import get_campaign
from service.store.management.ledger import invoice_lines, ledger_page

router = management_router("ledger")

Month = Annotated[
    str, Path(pattern=MONTH, description="The month, such as 2026-11.", examples=["2026-11"])
]
_EXAMPLE = (
    "month,campaign_id,campaign,kind,events,currency,charged,refunded,charged_micros,"
    "refunded_micros\r\n2026-11,cmp_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d,Desk lamps,click,12,EUR,"
    "3.000000,0.000000,3000000,0\r\n"
)


@router.get(
    "/campaigns/{campaign_id}/ledger", summary="What a campaign paid", response_model=LedgerPage
)
async def read_ledger(
    campaign_id: CampaignId, caller: Reporter, database: Database, page: Page
) -> Response:
    """List every charge and refund of a campaign, newest first."""
    after = place_after(page)
    async with database.begin() as connection:
        row = await get_campaign(connection, caller.store_id, campaign_id)
        seen(row, caller, campaign_id)
        rows = await ledger_page(connection, campaign_id, after, limit=page.fetch)
    return ledger_answer(page, rows)


@router.get(
    "/advertisers/{advertiser_id}/invoices/{month}.csv",
    summary="An advertiser's month",
    response_class=Response,
    responses={
        200: {
            "description": "The month as a table, with its total in the last row.",
            "content": {
                "text/csv": {
                    "schema": {"type": "string"},
                    "examples": {"one": {"value": _EXAMPLE}},
                }
            },
        }
    },
)
async def read_invoice(
    advertiser_id: AdvertiserId, month: Month, caller: Reporter, database: Database
) -> Response:
    """Give what each campaign paid for in a month, and what it got back, as CSV.

    Charges count on the day of the campaign's zone whose budget paid, refunds on the day on
    which they were booked: a month that is over stays as it is. Cells that a spreadsheet would
    take for a formula have an apostrophe in front.
    """
    async with database.begin() as connection:
        await found_advertiser(connection, caller, advertiser_id)
        store = await get_store(connection, caller.store_id)
        lines = await invoice_lines(connection, caller.store_id, advertiser_id, month_of(month))
    table = "".join(map(csv_line, invoice_rows(month, lines, store.currency)))
    headers = {"Content-Disposition": f'attachment; filename="{advertiser_id}-{month}.csv"'}
    return Response(table, headers=headers, media_type="text/csv")
