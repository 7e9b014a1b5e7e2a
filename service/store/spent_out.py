"""Which campaigns cannot pay any more, or not at this hour, or not on a platform."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from service.decision.accounts import AT

if TYPE_CHECKING:
    from sqlalchemy import TextClause
    from sqlalchemy.ext.asyncio import AsyncConnection


def _used_up(spent: str, refused: str, limit: str) -> str:
    return f"({spent} >= {limit} OR {spent} + {refused} > {limit})"


# the limits of platforms today
_ACCOUNTS: Final = (
    f"SELECT store_id, campaigns.id || '{AT}' || platform FROM campaigns"
    " JOIN campaign_platform_days AS there ON there.campaign_id = campaigns.id"
    " AND there.day = CAST(clock_timestamp() AT TIME ZONE time_zone AS date)"
    " WHERE status = 'active' AND limit_micros IS NOT NULL"
)
# what is due is compared with limits that are there: a null limit, or refusal, makes no condition
_SPENT_OUT: Final = text(
    "SELECT campaigns.store_id, campaigns.id FROM campaigns"
    " JOIN advertisers ON advertisers.id = advertiser_id"
    " LEFT JOIN campaign_days AS days ON daily_budget_micros IS NOT NULL"
    " AND days.campaign_id = campaigns.id"
    " AND days.day = CAST(clock_timestamp() AT TIME ZONE time_zone AS date)"
    " WHERE status = 'active' AND ("
    + _used_up("campaigns.spent_micros", "campaigns.refused_micros", "budget_micros")
    + " OR "
    + _used_up("days.spent_micros", "days.refused_micros", "daily_budget_micros")
    + " OR "
    + _used_up("advertisers.spent_micros", "advertisers.refused_micros", "credit_micros")
    + ") UNION ALL "
    + _ACCOUNTS
    + " AND "
    + _used_up("there.spent_micros", "there.refused_micros", "limit_micros")
)
_LIMITED: Final = text(_ACCOUNTS)
_CLOSED: Final = text(
    "SELECT store_id, id FROM campaigns, LATERAL ("
    " SELECT clock_timestamp() AT TIME ZONE time_zone AS at) AS local, LATERAL ("
    " SELECT CAST((extract(isodow FROM at) - 1) * 1440 + extract(hour FROM at) * 60"
    " + extract(minute FROM at) AS integer) AS minute) AS week"
    " WHERE status = 'active' AND NOT isempty(schedule) AND NOT (minute <@ schedule)"
)


async def spent_out_campaigns(connection: AsyncConnection) -> dict[str, set[str]]:
    """The active campaigns of each store that cannot pay another event.

    Their total, the day's budget or the advertiser's balance is used up, or could not pay the
    last that came. The same of a platform's limit is told by the name of the account, as
    `cmp_1@web`. The database's clock says which day it is.
    """
    return await _by_store(connection, _SPENT_OUT)


async def limited_accounts(connection: AsyncConnection) -> dict[str, set[str]]:
    """The accounts of each store's active campaigns whose platforms have limits today."""
    return await _by_store(connection, _LIMITED)


async def closed_campaigns(connection: AsyncConnection) -> dict[str, set[str]]:
    """The active campaigns of each store whose schedule leaves out this minute."""
    return await _by_store(connection, _CLOSED)


async def _by_store(connection: AsyncConnection, statement: TextClause) -> dict[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for store_id, name in await connection.execute(statement):
        found[store_id].add(name)
    return dict(found)
