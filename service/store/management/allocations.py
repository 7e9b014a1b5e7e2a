"""How campaigns want their budgets spread, and the plans that were made: one query a function."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from service.store.allocations import policy_of
from service.store.platform_tables import allocation_policies

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

    from service.decision.plans import Policy

_ROWS: Final = (
    "SELECT id, campaign_id, day, cause, budget_micros, goal, model, gap, created_at"
    " FROM allocations"
)
_ONE: Final = text(f"{_ROWS} WHERE id = :id")
_PAGE: Final = text(
    f"{_ROWS} WHERE campaign_id = :campaign_id"
    " AND (CAST(:created_at AS timestamptz) IS NULL OR (created_at, id) < (:created_at, :id))"
    " ORDER BY created_at DESC, id DESC LIMIT :limit"
)
# what the whole day brought, beside what was expected of the whole day
_LINES: Final = text(
    "SELECT line.allocation_id, line.platform, line.spend_micros, line.share_ppm, line.predicted,"
    " line.predicted_sd, line.reason, line.detail,"
    " CAST(coalesce(days.spent_micros, 0) + coalesce(told.reported, 0) AS bigint) AS spent_micros,"
    " CAST(CASE made.goal WHEN 'clicks' THEN told.clicks ELSE told.conversions END AS bigint)"
    "  AS actual"
    " FROM allocation_lines AS line JOIN allocations AS made ON made.id = line.allocation_id"
    " JOIN campaigns AS c ON c.id = made.campaign_id"
    " LEFT JOIN campaign_platform_days AS days ON days.campaign_id = made.campaign_id"
    "  AND days.day = made.day AND days.platform = line.platform"
    " CROSS JOIN LATERAL (SELECT sum(clicks) AS clicks, sum(conversions) AS conversions,"
    "  sum(spend_micros) FILTER (WHERE source = 'reported') AS reported"
    "  FROM platform_results AS told WHERE told.campaign_id = made.campaign_id"
    "  AND told.platform = line.platform"
    "  AND told.hour >= made.day::timestamp AT TIME ZONE c.time_zone"
    "  AND told.hour < (made.day + 1)::timestamp AT TIME ZONE c.time_zone) AS told"
    " WHERE line.allocation_id = ANY(:allocations) ORDER BY line.platform"
)


class AllocationPlace(NamedTuple):
    """Where a page ends: the plan that the next one comes after."""

    created_at: datetime
    id: str


async def get_policy(connection: AsyncConnection, campaign_id: str) -> Policy | None:
    """How the campaign wants its budget spread; None is not at all."""
    statement = select(allocation_policies).where(allocation_policies.c.campaign_id == campaign_id)
    found = (await connection.execute(statement)).one_or_none()
    return None if found is None else policy_of(found)


async def put_policy(connection: AsyncConnection, campaign_id: str, policy: Policy) -> None:
    """Have the campaign's budget spread so from the next plan on."""
    values = {
        "mode": policy.mode.value,
        "goal": policy.goal.value,
        "shares_ppm": dict(policy.shares),
        "floors_ppm": dict(policy.floors),
        "caps_ppm": dict(policy.caps),
        "max_change_ppm": policy.max_change_ppm,
        "explore": policy.explore,
        "updated_at": func.clock_timestamp(),
    }
    statement = upsert(allocation_policies).values(campaign_id=campaign_id, **values)
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["campaign_id"], set_=values)
    )


async def remove_policy(connection: AsyncConnection, campaign_id: str) -> None:
    """Have the campaign's budget spread no more."""
    here = allocation_policies.c.campaign_id == campaign_id
    await connection.execute(delete(allocation_policies).where(here))


async def get_allocation(connection: AsyncConnection, allocation_id: str) -> RowMapping:
    """The plan of this id; there must be one."""
    return (await connection.execute(_ONE, {"id": allocation_id})).mappings().one()


async def allocations_page(
    connection: AsyncConnection, campaign_id: str, after: AllocationPlace | None, *, limit: int
) -> list[RowMapping]:
    """The campaign's plans, newest first, those after a place."""
    place = after._asdict() if after else {"created_at": None, "id": None}
    values = {"campaign_id": campaign_id, "limit": limit, **place}
    return list((await connection.execute(_PAGE, values)).mappings())


async def lines_of(
    connection: AsyncConnection, allocations: Sequence[str]
) -> dict[str, list[RowMapping]]:
    """The lines of each of `allocations`, by platform, with what the day brought so far."""
    found: defaultdict[str, list[RowMapping]] = defaultdict(list)
    values = {"allocations": list(allocations)}
    for row in (await connection.execute(_LINES, values)).mappings():
        found[row["allocation_id"]].append(row)
    return found
