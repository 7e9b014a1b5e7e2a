"""Clicks that were charged although nobody told that their ad was ever shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from service.store.refunds import ChargeName

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

OVERLAP_SECONDS: Final = 120
"""How long a transaction may take from its beginning, which is its `now()`, to its end."""

_TELLING_DAYS: Final = 1
_ALONE: Final = text("SELECT pg_try_advisory_xact_lock(hashtextextended('sweep of clicks', 0))")
_NOW: Final = text("SELECT clock_timestamp()")
_UNSEEN: Final = text(
    # a store that tells of no impressions at all cannot be judged by them
    "WITH telling AS MATERIALIZED (SELECT stores.id, impression_grace_seconds AS grace FROM stores"
    " WHERE impression_grace_seconds > 0 AND EXISTS (SELECT FROM events"
    "  WHERE store_id = stores.id AND type = 'impression' AND invalid_reason IS NULL"
    f"  AND ts > now() - interval '{_TELLING_DAYS} days'))"
    " SELECT charges.impression_id, charges.kind, charges.charge_key FROM telling"
    " JOIN campaigns ON campaigns.store_id = telling.id"
    " JOIN charges ON charges.campaign_id = campaigns.id AND charges.kind = 'click'"
    # counted from when it was recorded: what waited for an hour has waited with its impression
    "  AND charges.charged_at <= now() - make_interval(secs => grace)"
    "  AND charges.charged_at > CAST(:since AS timestamptz)"
    f"   - make_interval(secs => grace + {OVERLAP_SECONDS})"
    " JOIN events ON events.store_id = charges.store_id AND events.ts = charges.ts"
    "  AND events.type = 'click' AND events.event_key = charges.impression_id"
    '  AND events.invalid_reason IS NULL AND events.payload @> \'{"by": "browser"}\''
    " WHERE NOT EXISTS (SELECT FROM events AS shown WHERE shown.store_id = charges.store_id"
    "  AND shown.ts = charges.ts AND shown.type IN ('impression', 'view')"
    "  AND shown.event_key = charges.impression_id)"
    " ORDER BY charges.charged_at, charges.impression_id LIMIT :most"
)


async def is_alone(connection: AsyncConnection) -> bool:
    """Whether nobody else sweeps, until the transaction ends."""
    return bool((await connection.execute(_ALONE)).scalar_one())


async def database_now(connection: AsyncConnection) -> datetime:
    """The database's clock, by which charges are timed."""
    now: datetime = (await connection.execute(_NOW)).scalar_one()
    return now


async def unseen_clicks(
    connection: AsyncConnection, *, since: datetime, most: int
) -> list[ChargeName]:
    """The oldest charged clicks of browsers whose time for an impression ended after `since`.

    Nothing may have told that their ads were shown: no impression and no view, valid or not
    charged. Clicks that a shop's server told are not among them, nor those of stores that tell of
    no impressions or whose `impression_grace_seconds` is 0.
    """
    found = await connection.execute(_UNSEEN, {"since": since, "most": most})
    return [ChargeName(*row) for row in found]
