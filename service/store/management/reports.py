"""Reports: one query a function."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy import RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

_OF_EVENTS: Final = (
    "SELECT CAST(ts AT TIME ZONE 'UTC' AS date) AS day, campaign_id,"
    " count(*) FILTER (WHERE type = 'impression' AND invalid_reason IS NULL) AS impressions,"
    " count(*) FILTER (WHERE type = 'view' AND invalid_reason IS NULL) AS views,"
    " count(*) FILTER (WHERE type = 'click' AND invalid_reason IS NULL) AS clicks,"
    " count(*) FILTER (WHERE type = 'click' AND invalid_reason IS NOT NULL) AS invalid_clicks,"
    " count(*) FILTER (WHERE type = 'conversion' AND invalid_reason IS NULL) AS conversions,"
    " 0 AS spend"
    " FROM events JOIN period ON ts >= starts AND ts < ends"
    " WHERE store_id = :store_id AND campaign_id IN (SELECT id FROM chosen)"
    " GROUP BY 1, 2"
)
_OF_CHARGES: Final = (
    "SELECT CAST(ts AT TIME ZONE 'UTC' AS date), campaign_id, 0, 0, 0, 0, 0, sum(price_micros)"
    " FROM charges JOIN period ON ts >= starts AND ts < ends"
    " WHERE campaign_id IN (SELECT id FROM chosen)"
    " GROUP BY 1, 2"
)
_PAGE: Final = text(
    "WITH chosen AS ("
    "  SELECT id, name, advertiser_id FROM campaigns WHERE store_id = :store_id"
    "  AND (CAST(:advertiser_id AS text) IS NULL OR advertiser_id = :advertiser_id)"
    "  AND (CAST(:campaign_id AS text) IS NULL OR id = :campaign_id)),"
    " period AS ("
    "  SELECT CAST(:first_day AS timestamp) AT TIME ZONE 'UTC' AS starts,"
    "  CAST(CAST(:last_day AS date) + 1 AS timestamp) AT TIME ZONE 'UTC' AS ends)"
    " SELECT day, campaign_id, name AS campaign_name, advertiser_id,"
    " CAST(sum(impressions) AS bigint) AS impressions, CAST(sum(views) AS bigint) AS views,"
    " CAST(sum(clicks) AS bigint) AS clicks,"
    " CAST(sum(invalid_clicks) AS bigint) AS invalid_clicks,"
    " CAST(sum(conversions) AS bigint) AS conversions,"
    " CAST(sum(spend) AS bigint) AS spend_micros"
    f" FROM ({_OF_EVENTS} UNION ALL {_OF_CHARGES}) AS counted"
    " JOIN chosen ON chosen.id = campaign_id"
    " WHERE (day, campaign_id) > (CAST(:first_day AS date), :after)"
    " GROUP BY day, campaign_id, name, advertiser_id ORDER BY day, campaign_id LIMIT :limit"
)


@dataclass(frozen=True, slots=True)
class PerformanceQuery:
    """Which rows: days in UTC, both of them too; of the first day only campaigns past `after`."""

    store_id: str
    first_day: date
    last_day: date
    advertiser_id: str | None
    campaign_id: str | None
    after: str = ""


async def performance_page(
    connection: AsyncConnection, query: PerformanceQuery, *, limit: int
) -> list[RowMapping]:
    """Valid events and charges of each campaign on each day, in the order of day and campaign."""
    return list((await connection.execute(_PAGE, asdict(query) | {"limit": limit})).mappings())
