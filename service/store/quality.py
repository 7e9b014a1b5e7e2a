"""What ads were shown and clicked, counted for their quality; one query a function."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import select, text

import service.store.quality_tables  # noqa: F401 - its tables stand in the metadata
from service.store.tables import stores

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

DAYS: Final = 28
"""How far back an ad's quality looks."""

_BEGIN: Final = text(
    "INSERT INTO quality_counts (store_id, counted_until) VALUES (:store_id, :since)"
    " ON CONFLICT DO NOTHING"
)
_NEXT: Final = text(
    "SELECT date_trunc('hour', ts AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' FROM events"
    " WHERE store_id = :store_id AND ts >= :since AND ts < :until ORDER BY ts LIMIT 1"
)
_TAKE: Final = text(
    "SELECT counted_until FROM quality_counts WHERE store_id = :store_id FOR UPDATE SKIP LOCKED"
)
# grouped, not joined: a planner without statistics takes an hour of decisions for one row. Events
# of a token have the time of its decision, so an hour holds all that belongs together
_COUNT: Final = text(
    "WITH told AS ("
    "  SELECT impression_id, ts, ad_id, slot, type = 'impression' AS shown,"
    "  type = 'click' AS clicked, CAST(NULL AS bigint) AS predicted"
    "  FROM events WHERE store_id = :store_id AND ts >= :since AND ts < :until"
    "  AND type IN ('impression', 'click') AND invalid_reason IS NULL"
    "  UNION ALL SELECT award ->> 'impression_id', NULL, NULL, NULL, false, false,"
    "  CAST(award ->> 'quality_ppm' AS bigint)"
    "  FROM decisions, jsonb_array_elements(payload -> 'awards') AS award"
    "  WHERE store_id = :store_id AND ts >= :since AND ts < :until),"
    " each AS ("
    "  SELECT max(ad_id) AS ad_id, CAST(max(ts) AT TIME ZONE 'UTC' AS date) AS day,"
    "  max(slot) AS slot, bool_or(clicked) AS clicked, max(predicted) AS predicted"
    "  FROM told GROUP BY impression_id HAVING bool_or(shown) AND max(predicted) IS NOT NULL),"
    " summed AS ("
    "  SELECT ad_id, day, slot, count(*) AS impressions,"
    "  count(*) FILTER (WHERE clicked) AS clicks, sum(predicted) AS predicted"
    "  FROM each GROUP BY 1, 2, 3)"
    " INSERT INTO ad_slot_days AS held"
    " (ad_id, day, slot, store_id, impressions, clicks, predicted_ppm)"
    " SELECT ad_id, day, slot, :store_id, impressions, clicks, predicted FROM summed"
    " WHERE (SELECT true FROM ads WHERE ads.id = summed.ad_id AND ads.store_id = :store_id)"
    " ON CONFLICT (ad_id, day, slot) DO UPDATE SET"
    " (impressions, clicks, predicted_ppm) = ROW (held.impressions + excluded.impressions,"
    " held.clicks + excluded.clicks, held.predicted_ppm + excluded.predicted_ppm)"
)
_MARK: Final = text("UPDATE quality_counts SET counted_until = :until WHERE store_id = :store_id")
_FORGET: Final = text("DELETE FROM ad_slot_days WHERE store_id = :store_id AND day < :day")
_CLEAR: Final = text("DELETE FROM ad_quality WHERE store_id = :store_id")
# clicks fall from slot to slot: what an ad could get is told by all ads that stood in its slots
_SUM_UP: Final = text(
    "WITH own AS (SELECT ad_id, slot, sum(impressions) AS impressions, sum(clicks) AS clicks,"
    "  sum(predicted_ppm) AS predicted FROM ad_slot_days WHERE store_id = :store_id"
    "  GROUP BY 1, 2),"
    " of_all AS (SELECT slot, sum(clicks) / sum(impressions) AS rate,"
    "  sum(clicks) / nullif(sum(predicted), 0) AS kept FROM own GROUP BY 1)"
    " INSERT INTO ad_quality"
    " (ad_id, store_id, impressions, clicks, predicted_clicks, usual_clicks)"
    " SELECT ad_id, :store_id, sum(impressions), sum(clicks),"
    " coalesce(sum(predicted * kept), 0), sum(impressions * rate)"
    " FROM own JOIN of_all USING (slot) GROUP BY ad_id"
)
_AD: Final = text(
    "SELECT campaigns.advertiser_id, products.title, products.description, products.brand,"
    " products.category, products.image_link, products.in_stock, products.highlights,"
    " products.attributes, stores.locale, quality_counts.counted_until AS as_of,"
    " coalesce(ad_quality.impressions, 0) AS impressions,"
    " coalesce(ad_quality.clicks, 0) AS clicks,"
    " coalesce(ad_quality.predicted_clicks, 0) AS predicted_clicks,"
    " coalesce(ad_quality.usual_clicks, 0) AS usual_clicks,"
    " ARRAY(SELECT text FROM keywords WHERE campaign_id = ads.campaign_id AND NOT negative"
    "  ORDER BY text) AS keywords"
    " FROM ads JOIN campaigns ON campaigns.id = ads.campaign_id"
    " JOIN products ON products.store_id = ads.store_id AND products.product_id = ads.product_id"
    " JOIN stores ON stores.id = ads.store_id"
    " LEFT JOIN ad_quality ON ad_quality.ad_id = ads.id"
    " LEFT JOIN quality_counts ON quality_counts.store_id = ads.store_id"
    " WHERE ads.id = :ad_id AND ads.store_id = :store_id"
)


async def stores_to_count(connection: AsyncConnection) -> list[str]:
    """The ids of all stores."""
    return list((await connection.execute(select(stores.c.id).order_by(stores.c.id))).scalars())


async def take_count(
    connection: AsyncConnection, store_id: str, *, until: datetime
) -> datetime | None:
    """How far the store's events are counted, `DAYS` before `until` at the start.

    It is locked until the transaction ends; None where somebody else counts them now.
    """
    since = until - timedelta(days=DAYS)
    await connection.execute(_BEGIN, {"store_id": store_id, "since": since})
    return (await connection.execute(_TAKE, {"store_id": store_id})).scalar_one_or_none()


async def next_told(
    connection: AsyncConnection, store_id: str, since: datetime, until: datetime
) -> datetime:
    """The hour of the store's first event from `since` to before `until`; else `until`."""
    period = {"store_id": store_id, "since": since, "until": until}
    found = (await connection.execute(_NEXT, period)).scalar_one_or_none()
    return until if found is None else max(found, since)


async def count_shown(
    connection: AsyncConnection, store_id: str, since: datetime, until: datetime
) -> None:
    """Add what was shown and clicked from `since` to before `until`; it is counted then.

    The caller holds `take_count`'s lock, so that nothing is counted twice.
    """
    period = {"store_id": store_id, "since": since, "until": until}
    await connection.execute(_COUNT, period)
    await connection.execute(_MARK, {"store_id": store_id, "until": until})


async def sum_up_quality(connection: AsyncConnection, store_id: str, *, now: datetime) -> None:
    """Make the quality of each of the store's ads anew from what the last `DAYS` showed."""
    day = (now - timedelta(days=DAYS)).date()
    await connection.execute(_FORGET, {"store_id": store_id, "day": day})
    await connection.execute(_CLEAR, {"store_id": store_id})
    await connection.execute(_SUM_UP, {"store_id": store_id})


async def get_ad_quality(
    connection: AsyncConnection, store_id: str, ad_id: str
) -> RowMapping | None:
    """All that an ad's quality is judged by: what became of it, its product, its keywords."""
    values = {"store_id": store_id, "ad_id": ad_id}
    return (await connection.execute(_AD, values)).mappings().one_or_none()
