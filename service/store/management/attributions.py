"""Reports of what ads sold: one query a function."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

    from service.store.management.reports import PerformanceQuery

_SALES: Final = "count(*) FILTER (WHERE kind = 'sale'"
_PAGE: Final = text(
    "WITH period AS ("
    "  SELECT CAST(:first_day AS timestamp) AT TIME ZONE 'UTC' AS starts,"
    "  CAST(CAST(:last_day AS date) + 1 AS timestamp) AT TIME ZONE 'UTC' AS ends),"
    " counted AS ("
    "  SELECT CAST(converted_at AT TIME ZONE 'UTC' AS date) AS day, campaign_id,"
    f"  {_SALES}) AS conversions, {_SALES} AND touch = 'view') AS view_through,"
    f"  {_SALES} AND halo) AS halo, {_SALES} AND new_to_brand) AS new_to_brand,"
    "  coalesce(sum(quantity) FILTER (WHERE kind = 'sale'), 0) AS quantity,"
    "  CAST(coalesce(sum(value_micros) FILTER (WHERE kind = 'sale'), 0) AS bigint)"
    "   AS value_micros,"
    "  count(*) FILTER (WHERE kind = 'return') AS returns,"
    "  coalesce(-sum(quantity) FILTER (WHERE kind = 'return'), 0) AS returned_quantity,"
    "  CAST(coalesce(-sum(value_micros) FILTER (WHERE kind = 'return'), 0) AS bigint)"
    "   AS returned_micros"
    "  FROM attributions JOIN period ON converted_at >= starts AND converted_at < ends"
    "  WHERE store_id = :store_id"
    "  AND (CAST(:campaign_id AS text) IS NULL OR campaign_id = :campaign_id) GROUP BY 1, 2)"
    " SELECT counted.*, name AS campaign_name, advertiser_id FROM counted"
    " JOIN campaigns ON campaigns.id = campaign_id"
    " WHERE (CAST(:advertiser_id AS text) IS NULL OR advertiser_id = :advertiser_id)"
    " AND (day, campaign_id) > (CAST(:first_day AS date), :after)"
    " ORDER BY day, campaign_id LIMIT :limit"
)


async def conversions_page(
    connection: AsyncConnection, query: PerformanceQuery, *, limit: int
) -> list[RowMapping]:
    """Attributed sales and returns of campaigns by day, in the order of day and campaign."""
    return list((await connection.execute(_PAGE, asdict(query) | {"limit": limit})).mappings())
