"""Shocks that plans were made for: one query a function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from service.decision.platform_watch import PastShock

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from service.decision.platform_watch import Noticed

DAYS: Final = 60
"""How long a shock is remembered: far longer than any model looks back."""

# a day that began as before, and changed after noon, is still one of before
_PAST: Final = text(
    "SELECT campaign_id, platform,"
    " CAST((since AT TIME ZONE time_zone) + interval '12 hours' AS date) AS day, seen, ratio"
    " FROM platform_shocks JOIN campaigns ON campaigns.id = campaign_id"
    f" WHERE campaign_id = ANY(:campaigns) AND seen > clock_timestamp() - interval '{DAYS} days'"
    " ORDER BY seen, platform"
)
_ADD: Final = text(
    "INSERT INTO platform_shocks (campaign_id, platform, since, seen, ratio, statistic)"
    " SELECT :campaign_id, * FROM unnest(CAST(:platforms AS text[]),"
    " CAST(:since AS timestamptz[]), CAST(:seen AS timestamptz[]), CAST(:ratios AS float8[]),"
    " CAST(:statistics AS float8[])) ON CONFLICT DO NOTHING"
)


async def past_shocks(connection: AsyncConnection, campaign_id: str) -> list[PastShock]:
    """The shocks that the campaign's plans know of, the oldest first."""
    return (await past_shocks_of(connection, [campaign_id]))[campaign_id]


async def past_shocks_of(
    connection: AsyncConnection, campaign_ids: Iterable[str]
) -> dict[str, list[PastShock]]:
    """The past shocks of each of the campaigns, none where there was none."""
    shocks: dict[str, list[PastShock]] = {one: [] for one in campaign_ids}
    for row in await connection.execute(_PAST, {"campaigns": list(shocks)}):
        shocks[row[0]].append(PastShock(*row[1:]))
    return shocks


async def add_shocks(
    connection: AsyncConnection, campaign_id: str, noticed: Sequence[Noticed]
) -> None:
    """Remember shocks, in the transaction of the plan that is made for them."""
    columns = {
        "platforms": [one.platform for one in noticed],
        "since": [one.since for one in noticed],
        "seen": [one.seen for one in noticed],
        "ratios": [one.ratio for one in noticed],
        "statistics": [one.statistic for one in noticed],
    }
    await connection.execute(_ADD, {"campaign_id": campaign_id, **columns})
