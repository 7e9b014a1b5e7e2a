"""The report of opt-outs: /v1/reports/opt-outs."""

from functools import partial

from fastapi import Response
from sqlalchemy import RowMapping

from service.api.management.cursor import Page
from service.api.management.database import Database
from service.api.management.reports import Reporter
from service.api.management.route import management_router
from service.api.schemas.opt_outs import OptOutPage, OptOutRow, OptOutTotals, Said
from service.store.management.point_rules import opt_out_totals, opt_outs_page

router = management_router("reports")

_OF_PRODUCTS = frozenset({Said.APPROVED, Said.BANNED, Said.LOCKED})


@router.get("/reports/opt-outs", summary="What people do not want said", response_model=OptOutPage)
async def report_opt_outs(caller: Reporter, database: Database, page: Page) -> Response:
    """Count how many products and merchants banned, locked or approved which selling points.

    And who lists which phrases, or wants none. A merchant sees what its own keys said.
    """
    whose = (caller.store_id, caller.advertiser_id)
    what, _, phrase = page.after.partition("/")
    async with database.begin() as connection:
        rows = await opt_outs_page(connection, *whose, after=(what, phrase), limit=page.fetch)
        totals = OptOutTotals(**await opt_out_totals(connection, *whose))
    with_totals = partial(OptOutPage, totals=totals)
    return page.answer(with_totals, [_shown(row) for row in rows], _key)


def _shown(row: RowMapping) -> OptOutRow:
    what = Said(row["what"])
    products = row["products"] if what in _OF_PRODUCTS else None
    return OptOutRow(**{**row, "what": what, "products": products})


def _key(row: OptOutRow) -> str:
    return f"{row.what}/{row.phrase}"
