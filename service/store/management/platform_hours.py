"""Hours of a platform as people read them: newest first."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import text

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

_ROWS: Final = (
    "SELECT hour, campaign_id, source, spend_micros, impressions, clicks, conversions,"
    " updated_at AS told_at FROM platform_results"
    " WHERE store_id = :store_id AND platform = :platform"
    " AND (CAST(:since AS timestamptz) IS NULL OR hour >= :since)"
    " AND (CAST(:until AS timestamptz) IS NULL OR hour < :until)"
    " AND (CAST(:hour AS timestamptz) IS NULL OR (hour <= :hour"
    "  AND (hour, coalesce(campaign_id, ''), source) < (:hour, :named, :source)))"
)
_NEWEST: Final = "ORDER BY hour DESC, coalesce(campaign_id, '') DESC, source DESC LIMIT :limit"
# a few rows of each campaign by its index, however many hours of however many there are
_PAGE: Final = text(
    "SELECT * FROM (SELECT told.* FROM campaigns CROSS JOIN LATERAL ("
    f" {_ROWS} AND campaign_id = campaigns.id"
    " ORDER BY hour DESC, source DESC LIMIT :limit) AS told"
    " WHERE campaigns.store_id = :store_id"
    " AND (CAST(:campaign_id AS text) IS NULL OR campaigns.id = :campaign_id)"
    " AND (CAST(:advertiser_id AS text) IS NULL OR campaigns.advertiser_id = :advertiser_id)"
    # of the whole store, which is no merchant's
    f" UNION ALL ({_ROWS} AND campaign_id IS NULL AND CAST(:campaign_id AS text) IS NULL"
    f" AND CAST(:advertiser_id AS text) IS NULL ORDER BY hour DESC, source DESC LIMIT :limit)"
    f") AS told {_NEWEST}"
)


class HourPlace(NamedTuple):
    """Where a page ends: the row that the next one comes after."""

    hour: datetime
    named: str  # the campaign; "" is the whole store
    source: str


@dataclass(frozen=True, slots=True)
class HoursQuery:
    """Hours of a store's platform; of one advertiser or campaign, or of a time, if given."""

    store_id: str
    platform: str
    advertiser_id: str | None = None
    campaign_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None  # hours that begin before


async def hours_page(
    connection: AsyncConnection, query: HoursQuery, after: HourPlace | None, *, limit: int
) -> list[RowMapping]:
    """What the hours of `query` cost and brought, newest first, those after `after`."""
    past = dict.fromkeys(HourPlace._fields) if after is None else after._asdict()
    values = {**asdict(query), **past, "limit": limit}
    return list((await connection.execute(_PAGE, values)).mappings())
