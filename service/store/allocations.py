"""Campaigns whose budget is spread over platforms: what a plan is made from, and its limits."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, text

from service.decision.day_plans import AllocatedCampaign
from service.decision.flight import Flight
from service.decision.plans import Mode, Policy
from service.decision.proportions import split
from service.decision.responses import Goal
from service.decision.terms import PPM, Micros
from service.store.platform_results import HISTORY_DAYS
from service.store.platform_tables import allocation_lines

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import date

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from service.decision.plans import Plan

# the database's clock says which day it is
_TODAY: Final = (
    "LATERAL (SELECT CAST(clock_timestamp() AT TIME ZONE c.time_zone AS date) AS day) AS today"
)
_CAMPAIGN: Final = text(
    "SELECT c.id, c.store_id, today.day, c.daily_budget_micros,"
    " CAST(c.budget_micros - c.spent_micros - told.earlier - told.today AS bigint) AS left,"
    " CAST(coalesce(days.spent_micros, 0) + told.today AS bigint) AS spent,"
    " extract(epoch FROM greatest(today.day::timestamp AT TIME ZONE c.time_zone,"
    "  c.starts_at))::float8 AS starts,"
    " extract(epoch FROM least((today.day + 1)::timestamp AT TIME ZONE c.time_zone,"
    "  c.ends_at))::float8 AS ends,"
    " extract(epoch FROM c.ends_at)::float8 AS ends_for_good,"
    " CASE WHEN c.platforms <> '{}' THEN c.platforms ELSE ARRAY("
    "  SELECT platform FROM placements WHERE store_id = c.store_id"
    "  UNION SELECT unnest(told.platforms)) END AS platforms,"
    " policy.mode, policy.goal, policy.shares_ppm, policy.floors_ppm, policy.caps_ppm,"
    " policy.max_change_ppm, policy.explore"
    f" FROM campaigns AS c CROSS JOIN {_TODAY}"
    " LEFT JOIN campaign_days AS days ON days.campaign_id = c.id AND days.day = today.day"
    " LEFT JOIN allocation_policies AS policy ON policy.campaign_id = c.id"
    # when the day begins is worked out once, not for every hour that was told
    " CROSS JOIN LATERAL (SELECT today.day::timestamp AT TIME ZONE c.time_zone AS begins OFFSET 0)"
    "  AS local"
    # what is spent elsewhere comes out of the same budget
    " CROSS JOIN LATERAL (SELECT coalesce(sum(earlier), 0) AS earlier,"
    "  coalesce(sum(today), 0) AS today, coalesce(array_agg(platform)"
    f"   FILTER (WHERE last_hour > now() - interval '{HISTORY_DAYS} days'), '{{}}') AS platforms"
    "  FROM (SELECT platform, max(hour) AS last_hour,"
    "   sum(spend_micros) FILTER (WHERE source = 'reported' AND hour < begins) AS earlier,"
    "   sum(spend_micros) FILTER (WHERE source = 'reported' AND hour >= begins) AS today"
    "   FROM platform_results WHERE campaign_id = c.id GROUP BY platform) AS of_platform) AS told"
    " WHERE c.id = ANY(:campaigns)"
)
_DAYS: Final = "unnest(CAST(:campaigns AS text[]), CAST(:days AS date[])) AS wanted (id, day)"
_SPENT: Final = text(
    "SELECT id, platform, CAST(sum(micros) AS bigint) FROM ("
    f" SELECT wanted.id, platform, spent_micros AS micros FROM {_DAYS}"
    "  JOIN campaign_platform_days AS days ON days.campaign_id = wanted.id"
    "  AND days.day = wanted.day"
    " UNION ALL SELECT wanted.id, told.platform, told.spend_micros"
    f"  FROM {_DAYS} JOIN campaigns AS c ON c.id = wanted.id"
    "  CROSS JOIN LATERAL (SELECT platform, spend_micros FROM platform_results"
    "   WHERE campaign_id = c.id AND source = 'reported'"
    "   AND hour >= wanted.day::timestamp AT TIME ZONE c.time_zone"
    "   AND hour < (wanted.day + 1)::timestamp AT TIME ZONE c.time_zone) AS told"
    ") AS of_today GROUP BY 1, 2 HAVING sum(micros) > 0 ORDER BY 1, 2"
)
_BEFORE: Final = text(
    f"SELECT wanted.id, platform, spend_micros FROM {_DAYS}"
    " CROSS JOIN LATERAL (SELECT id FROM allocations WHERE campaign_id = wanted.id"
    "  AND day < wanted.day ORDER BY created_at DESC, id DESC LIMIT 1) AS newest"
    " JOIN allocation_lines ON allocation_id = newest.id ORDER BY 1, 2"
)
_LOCK: Final = text("SELECT FROM campaigns WHERE id = :campaign_id FOR NO KEY UPDATE")
_ADD: Final = text(
    "INSERT INTO allocations"
    " (campaign_id, day, cause, budget_micros, goal, model, gap, created_at)"
    " VALUES (:campaign_id, :day, :cause, :budget, :goal, :model, :gap, clock_timestamp())"
    " RETURNING id"
)
# what is spent already cannot be taken back, and a refusal that a higher limit outgrew is over
_LIMIT: Final = text(
    "INSERT INTO campaign_platform_days AS days (campaign_id, day, platform, limit_micros)"
    " SELECT :campaign_id, :day, * FROM unnest(CAST(:platforms AS text[]),"
    " CAST(:limits AS bigint[])) AS planned (platform, micros) ORDER BY platform"
    " ON CONFLICT (campaign_id, day, platform) DO UPDATE SET"
    " limit_micros = greatest(excluded.limit_micros, days.spent_micros),"
    " refused_micros = CASE WHEN days.spent_micros + days.refused_micros"
    "  > greatest(excluded.limit_micros, days.spent_micros) THEN days.refused_micros END"
)
_CLOSE: Final = text(
    "UPDATE campaign_platform_days SET limit_micros = spent_micros"
    " WHERE campaign_id = :campaign_id AND day = :day AND platform <> ALL(:platforms)"
)
_LIFT: Final = text(
    "UPDATE campaign_platform_days AS days SET limit_micros = NULL, refused_micros = NULL"
    f" FROM campaigns AS c CROSS JOIN {_TODAY}"
    " WHERE c.id = :campaign_id AND days.campaign_id = c.id AND days.day >= today.day"
    " AND days.limit_micros IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class NewAllocation:
    """A plan that is to hold."""

    campaign_id: str
    day: date
    cause: str  # periodic | shock | asked
    budget: Micros
    goal: Goal
    model: str  # its name
    plan: Plan


async def campaign_to_allocate(
    connection: AsyncConnection, campaign_id: str
) -> AllocatedCampaign | None:
    """The campaign of this id, as of now.

    While its row is locked nothing is charged, so that `spent` stays what it is.
    """
    return (await campaigns_to_allocate(connection, [campaign_id])).get(campaign_id)


async def campaigns_to_allocate(
    connection: AsyncConnection, campaign_ids: Iterable[str]
) -> dict[str, AllocatedCampaign]:
    """Those of the campaigns that there are, as of now, by id."""
    found = (await connection.execute(_CAMPAIGN, {"campaigns": list(campaign_ids)})).all()
    days = {"campaigns": [row.id for row in found], "days": [row.day for row in found]}
    spent = _amounts(await connection.execute(_SPENT, days))
    before = _amounts(await connection.execute(_BEFORE, days))
    return {row.id: _allocated(row, spent[row.id], before[row.id]) for row in found}


def _amounts(found: Iterable[Any]) -> Mapping[str, dict[str, Micros]]:
    """Micros by platform, by campaign; of one that is not found there are none."""
    amounts: defaultdict[str, dict[str, Micros]] = defaultdict(dict)
    for campaign_id, platform, micros in found:
        amounts[campaign_id][platform] = Micros(micros)
    return amounts


def _allocated(
    found: Row[Any], spent: Mapping[str, Micros], before: Mapping[str, Micros]
) -> AllocatedCampaign:
    platforms = tuple(sorted(found.platforms))
    spent_there = {name: micros for name, micros in spent.items() if name in platforms}
    policy = policy_of(found)
    return AllocatedCampaign(
        campaign_id=found.id,
        store_id=found.store_id,
        day=found.day,
        until=found.day - timedelta(days=1),
        budget=_budget(found, sum(spent_there.values())),
        platforms=platforms,
        policy=policy and _within(policy, platforms),
        spent=spent_there,
        before=before,
    )


def _budget(found: Row[Any], spent_there: int) -> Micros:
    flight = Flight(
        daily=found.daily_budget_micros,
        left=found.left,
        spent=found.spent,
        starts=found.starts,
        ends=found.ends,
        ends_for_good=found.ends_for_good,
    )
    whole = found.left + found.spent if flight.budget is None else int(flight.budget)
    if flight.ends <= flight.starts:  # it does not run on this day
        whole = 0
    return Micros(max(whole - (found.spent - spent_there), 0))


def _within(policy: Policy, platforms: Collection[str]) -> Policy:
    """What the policy says of `platforms`; fixed shares of others go to these in proportion."""
    shares, floors, caps = (
        {name: share for name, share in told.items() if name in platforms}
        for told in (policy.shares, policy.floors, policy.caps)
    )
    whole = split(PPM, list(shares.values())) if shares else ()
    return replace(policy, shares=dict(zip(shares, whole, strict=True)), floors=floors, caps=caps)


def policy_of(found: Row[Any]) -> Policy | None:
    """The policy in a row with the columns of one; None where they are null."""
    if found.mode is None:
        return None
    return Policy(
        mode=Mode(found.mode),
        goal=Goal(found.goal),
        shares=found.shares_ppm,
        floors=found.floors_ppm,
        caps=found.caps_ppm,
        max_change_ppm=found.max_change_ppm,
        explore=found.explore,
    )


async def apply_allocation(connection: AsyncConnection, new: NewAllocation) -> str:
    """Keep the plan, and make its lines the day's limits, inside the caller's transaction.

    The campaign is locked until it ends. No limit is below what is spent, and platforms without
    a line may spend no more that day. Returns: its id.
    """
    here = {"campaign_id": new.campaign_id, "day": new.day}
    await connection.execute(_LOCK, {"campaign_id": new.campaign_id})
    values = {
        **here,
        "cause": new.cause,
        "budget": new.budget,
        "goal": new.goal.value,
        "model": new.model,
        "gap": new.plan.gap,
    }
    allocation_id = str((await connection.execute(_ADD, values)).scalar_one())
    await _keep_lines(connection, allocation_id, new.plan)
    platforms = [line.platform for line in new.plan.lines]
    limits = [line.spend for line in new.plan.lines]
    await connection.execute(_LIMIT, {**here, "platforms": platforms, "limits": limits})
    await connection.execute(_CLOSE, {**here, "platforms": platforms})
    return allocation_id


async def _keep_lines(connection: AsyncConnection, allocation_id: str, plan: Plan) -> None:
    rows = [
        {
            "allocation_id": allocation_id,
            "platform": line.platform,
            "spend_micros": line.spend,
            "share_ppm": line.share_ppm,
            "predicted": line.predicted,
            "predicted_sd": line.predicted_sd,
            "reason": line.reason.value,
            "detail": line.detail,
        }
        for line in plan.lines
    ]
    if rows:
        await connection.execute(insert(allocation_lines), rows)


async def lift_limits(connection: AsyncConnection, campaign_id: str) -> None:
    """Let each platform spend what the campaign has, from today on; it is locked for that."""
    await connection.execute(_LOCK, {"campaign_id": campaign_id})
    await connection.execute(_LIFT, {"campaign_id": campaign_id})
