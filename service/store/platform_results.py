"""What platforms cost and brought, hour by hour: reported by the shop, or our own events.

Both may stand side by side for the same hour, and count together. A platform that a placement
names tells by events, and reports of it are refused.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from sqlalchemy import text

from service.contract.platform_days import DayRow
from service.store.platform_news import note_told

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

HISTORY_DAYS: Final = 60
"""How far back a campaign's history goes."""

Source = Literal["reported", "own"]

_PUT: Final = text(
    "INSERT INTO platform_results (store_id, source, platform, campaign_id, hour,"
    " spend_micros, impressions, clicks, conversions)"
    " SELECT :store_id, :source, * FROM unnest(CAST(:platforms AS text[]),"
    " CAST(:campaigns AS text[]), CAST(:hours AS timestamptz[]), CAST(:spends AS bigint[]),"
    " CAST(:impressions AS bigint[]), CAST(:clicks AS bigint[]), CAST(:conversions AS bigint[]))"
    " ON CONFLICT ON CONSTRAINT uq_platform_results_store_id DO UPDATE SET"
    " spend_micros = excluded.spend_micros, impressions = excluded.impressions,"
    " clicks = excluded.clicks, conversions = excluded.conversions, updated_at = now()"
)
_TOLD: Final = "hour, told.platform, spend_micros, impressions, clicks, conversions"
_LATELY: Final = f"told.hour > now() - interval '{HISTORY_DAYS} days'"
# days of the campaign's zone; an hour belongs to the day in which it begins
_HISTORIES: Final = text(
    "SELECT c.id, history.* FROM campaigns AS c CROSS JOIN LATERAL ("
    " SELECT CAST(told.hour AT TIME ZONE c.time_zone AS date) AS day, told.platform,"
    "  CAST(sum(told.spend_micros) AS bigint), CAST(sum(told.impressions) AS bigint),"
    "  CAST(sum(told.clicks) AS bigint), CAST(sum(told.conversions) AS bigint) FROM ("
    f"  SELECT {_TOLD} FROM platform_results AS told"
    f"   WHERE told.campaign_id = c.id AND {_LATELY}"
    "   AND (c.platforms = '{}' OR told.platform = ANY(c.platforms))"
    # what the whole store was told stands in for a platform that is new to the campaign; but of
    # one that it does not name it is told nothing: rivals alone may know of it
    f"  UNION ALL SELECT {_TOLD} FROM unnest(c.platforms) AS named (platform)"
    "   JOIN platform_results AS told ON told.store_id = c.store_id"
    f"    AND told.platform = named.platform AND told.campaign_id IS NULL AND {_LATELY}"
    # one look-up a platform, whatever the planner takes NOT EXISTS for
    "   WHERE (SELECT true FROM platform_results AS own"
    "    WHERE own.store_id = c.store_id AND own.platform = named.platform"
    "    AND own.campaign_id = c.id LIMIT 1) IS NULL"
    " ) AS told GROUP BY 1, 2) AS history"
    " WHERE c.id = ANY(:campaigns) ORDER BY 1, 2, 3"
)


class HourResult(NamedTuple):
    """What one hour on one platform cost, in micros, and brought; no campaign: the whole store."""

    platform: str
    campaign_id: str | None
    hour: datetime  # when it begins
    spend: int
    impressions: int
    clicks: int
    conversions: int


async def put_results(
    connection: AsyncConnection, store_id: str, results: Iterable[HourResult], source: Source
) -> None:
    """Keep `results` in the place of what was known of the same hours; the last of each counts."""
    last = {row[:3]: row for row in results}
    # all who write go by this order, so that nobody waits for another in a ring
    rows = sorted(last.values(), key=lambda row: (row.platform, row.campaign_id or "", row.hour))
    if not rows:
        return
    names = ("platforms", "campaigns", "hours", "spends", "impressions", "clicks", "conversions")
    columns = {name: list(map(itemgetter(place), rows)) for place, name in enumerate(names)}
    await connection.execute(_PUT, {"store_id": store_id, "source": source, **columns})
    await note_told(connection, {row.campaign_id for row in rows if row.campaign_id})


async def history_of(connection: AsyncConnection, campaign_id: str) -> list[DayRow]:
    """What the campaign's platforms cost and brought on each day of its zone, today's too.

    Of a platform that the campaign names and that never told of it, what it told of the store.
    """
    return (await histories_of(connection, [campaign_id]))[campaign_id]


async def histories_of(
    connection: AsyncConnection, campaign_ids: Iterable[str]
) -> dict[str, list[DayRow]]:
    """The history of each of the campaigns, empty where there is none."""
    histories: dict[str, list[DayRow]] = {one: [] for one in campaign_ids}
    found = await connection.execute(_HISTORIES, {"campaigns": list(histories)})
    for row in found.all():
        histories[row[0]].append(DayRow(*row[1:]))
    return histories
