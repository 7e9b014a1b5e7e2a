"""How campaigns are paced: what a pace is worked out from, and where it is written."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import text

from service.decision.flight import Flight
from service.decision.pace import UNPACED, Pace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

# the database's clock says which day it is
_CAMPAIGNS: Final = text(
    "SELECT c.id, c.store_id, c.bid_micros, c.pricing, c.pacing = 'even' AS even,"
    " c.target_roas_ppm, c.daily_budget_micros, c.budget_micros - c.spent_micros AS left,"
    " coalesce(days.spent_micros, 0) AS spent, today.day,"
    " extract(epoch FROM clock_timestamp())::float8 AS now,"
    " extract(epoch FROM greatest(today.day::timestamp AT TIME ZONE c.time_zone,"
    "  c.starts_at))::float8 AS starts,"
    " extract(epoch FROM least((today.day + 1)::timestamp AT TIME ZONE c.time_zone,"
    "  c.ends_at))::float8 AS ends,"
    " extract(epoch FROM c.ends_at)::float8 AS ends_for_good,"
    " ARRAY(SELECT ARRAY[lower(part), upper(part)] FROM unnest(c.schedule) AS part) AS schedule,"
    " extract(epoch FROM date_trunc('week', today.day::timestamp)"
    "  AT TIME ZONE c.time_zone)::float8 AS monday,"
    " coalesce((SELECT min(reserve_micros) FROM placements WHERE store_id = c.store_id), 0)"
    "  AS reserve,"
    " paces.bid_ppm, paces.admit_ppm, paces.roas_ppm"
    " FROM campaigns AS c"
    " CROSS JOIN LATERAL (SELECT CAST(clock_timestamp() AT TIME ZONE c.time_zone AS date) AS day)"
    "  AS today"
    " LEFT JOIN campaign_days AS days ON days.campaign_id = c.id AND days.day = today.day"
    " LEFT JOIN campaign_paces AS paces ON paces.campaign_id = c.id"
    " WHERE c.status = 'active' AND (c.target_roas_ppm IS NOT NULL OR (c.pacing = 'even'"
    "  AND (c.daily_budget_micros IS NOT NULL OR c.ends_at IS NOT NULL)))"
    " AND coalesce(c.starts_at <= clock_timestamp(), true)"
    " AND coalesce(c.ends_at > clock_timestamp(), true)"
)
# two minutes of each quarter of an hour are enough to tell hours apart
_TRAFFIC: Final = text(
    "SELECT CAST(floor(extract(epoch FROM at) / 3600) AS bigint), count(*)"
    " FROM generate_series(date_trunc('hour', now()) - interval '7 days',"
    "  now() - interval '2 minutes', interval '15 minutes') AS at"
    " JOIN decisions ON store_id = :store_id AND ts >= at AND ts < at + interval '2 minutes'"
    "  AND ts > now() - interval '8 days'"  # says which partitions to leave alone
    " GROUP BY 1"
)
_SHOWN: Final = text(
    "SELECT store_id, award->>'campaign_id', CAST(max(extract(epoch FROM ts)) AS float8),"
    " CAST(sum((award->>'price')::float8 * due) / 1e6 AS float8),"
    " CAST(sum(due) / 1e6 AS float8)"
    " FROM decisions LEFT JOIN LATERAL jsonb_array_elements(payload->'awards') AS award ON true,"
    # of what is paid for by click only its quality is recorded
    " LATERAL (SELECT coalesce(award->>'due_ppm', award->>'quality_ppm')::float8) AS paid (due)"
    " WHERE store_id = ANY(:stores) AND ts >= to_timestamp(:since) AND ts < to_timestamp(:until)"
    " GROUP BY 1, 2, floor(extract(epoch FROM ts) / 10)"
)
_SALES: Final = text(
    "SELECT id, sold.value, paid.clicks FROM unnest(CAST(:campaigns AS text[])) AS id,"
    " LATERAL (SELECT CAST(coalesce(sum(value_micros), 0) AS bigint) AS value FROM attributions"
    "  WHERE campaign_id = id AND converted_at > now() - interval '7 days') AS sold,"
    " LATERAL (SELECT count(*) AS clicks FROM charges WHERE campaign_id = id"
    "  AND kind <> 'refund' AND charged_at > now() - interval '7 days') AS paid"
)
_WRITE: Final = text(
    "INSERT INTO campaign_paces AS old"
    " (campaign_id, bid_ppm, admit_ppm, roas_ppm, spent_micros, updated_at)"
    " SELECT id, bid, admit, roas, spent, clock_timestamp() FROM unnest(CAST(:ids AS text[]),"
    " CAST(:bids AS int[]), CAST(:admits AS int[]), CAST(:roas AS int[]),"
    " CAST(:spent AS bigint[])) AS new (id, bid, admit, roas, spent)"
    " WHERE EXISTS (SELECT FROM campaigns WHERE campaigns.id = new.id)"
    " ON CONFLICT (campaign_id) DO UPDATE SET bid_ppm = excluded.bid_ppm,"
    "  admit_ppm = excluded.admit_ppm, roas_ppm = excluded.roas_ppm,"
    "  spent_micros = excluded.spent_micros, updated_at = excluded.updated_at"
    " WHERE (old.bid_ppm, old.admit_ppm, old.roas_ppm)"
    "  <> (excluded.bid_ppm, excluded.admit_ppm, excluded.roas_ppm)"
)
# one that is paused goes on where it was
_FREE: Final = text(
    "DELETE FROM campaign_paces USING campaigns WHERE campaigns.id = campaign_id"
    " AND status = 'active' AND campaign_id <> ALL(:ids)"
)
_NEWS: Final = text("SELECT count(*), max(updated_at) FROM campaign_paces")
_PACES: Final = text(
    "SELECT store_id, campaign_id, bid_ppm, admit_ppm"
    " FROM campaign_paces JOIN campaigns ON campaigns.id = campaign_id"
    " WHERE status = 'active' AND (bid_ppm < 1000000 OR admit_ppm < 1000000)"
)


@dataclass(frozen=True, slots=True)
class PacedCampaign:
    """What a campaign is paced by, now, with the pace that it has."""

    campaign_id: str
    store_id: str
    bid: int
    least_bid: float  # the share of a bid for clicks that still passes the lowest reserve
    by_click: bool  # it pays for clicks, which come late
    even: bool  # its budget is to last; else only its return counts
    target_roas_ppm: int | None
    flight: Flight
    day: str  # ISO date of its time zone
    now: float  # Unix seconds, by the database's clock
    pace: Pace = UNPACED
    roas_ppm: int = UNPACED.bid_ppm
    was_paced: bool = False  # by a worker before us


class Shown(NamedTuple):
    """What ads of about ten seconds are expected to bring; no campaign: nothing was sold."""

    store_id: str
    campaign_id: str | None
    ts: float  # Unix seconds, the last of them
    micros: float
    clicks: float


class Sales(NamedTuple):
    """What a campaign sold lately, less what came back, and how many clicks it paid for.

    Of a campaign that pays for impressions or orders these count as clicks.
    """

    value: int  # micros
    clicks: int


class PaceRow(NamedTuple):
    """A pace as it is written."""

    campaign_id: str
    pace: Pace
    roas_ppm: int
    spent: int  # micros, today


async def paced_campaigns(connection: AsyncConnection) -> list[PacedCampaign]:
    """The active campaigns whose budget is to last a day, or of whose return there is a target.

    Without a daily budget and without an end a budget is spent as soon as it can be.
    """
    return [_campaign(row) for row in await connection.execute(_CAMPAIGNS)]


async def requests_by_hour(connection: AsyncConnection, store_id: str) -> dict[int, int]:
    """A sample of the requests of the last seven days, by hour since 1970."""
    return {row[0]: row[1] for row in await connection.execute(_TRAFFIC, {"store_id": store_id})}


async def shown_between(
    connection: AsyncConnection, stores: Sequence[str], since: float, until: float
) -> list[Shown]:
    """What was decided from `since` up to, not including, `until`, in Unix seconds."""
    values = {"stores": list(stores), "since": since, "until": until}
    found = await connection.execute(_SHOWN, values)
    return [Shown(row[0], row[1], row[2], row[3] or 0.0, row[4] or 0.0) for row in found]


async def sales_of(connection: AsyncConnection, campaigns: Sequence[str]) -> dict[str, Sales]:
    """The sales of these campaigns in the last seven days."""
    found = await connection.execute(_SALES, {"campaigns": list(campaigns)})
    return {row[0]: Sales(row[1], row[2]) for row in found}


async def write_paces(connection: AsyncConnection, rows: Sequence[PaceRow]) -> None:
    """Write these paces where they changed, and free all other active campaigns of theirs."""
    ids = [row.campaign_id for row in rows]
    await connection.execute(_FREE, {"ids": ids})
    values = {
        "ids": ids,
        "bids": [row.pace.bid_ppm for row in rows],
        "admits": [row.pace.admit_ppm for row in rows],
        "roas": [row.roas_ppm for row in rows],
        "spent": [row.spent for row in rows],
    }
    await connection.execute(_WRITE, values)


async def state_of_paces(connection: AsyncConnection) -> tuple[object, ...]:
    """Something that differs as soon as a pace does."""
    return tuple((await connection.execute(_NEWS)).one())


async def paces_by_store(connection: AsyncConnection) -> Mapping[str, dict[str, Pace]]:
    """The paces of active campaigns that do not bid in full, by store."""
    found: defaultdict[str, dict[str, Pace]] = defaultdict(dict)
    for store_id, campaign_id, bid_ppm, admit_ppm in await connection.execute(_PACES):
        found[store_id][campaign_id] = Pace(bid_ppm, admit_ppm)
    return found


def _campaign(row: Row[tuple[object, ...]]) -> PacedCampaign:
    paced = row.bid_ppm is not None
    flight = Flight(
        daily=row.daily_budget_micros,
        left=row.left,
        spent=row.spent,
        starts=row.starts,
        ends=row.ends,
        ends_for_good=row.ends_for_good,
        schedule=tuple((first, end) for first, end in row.schedule),
        monday=row.monday,
    )
    return PacedCampaign(
        campaign_id=row.id,
        store_id=row.store_id,
        bid=row.bid_micros,
        least_bid=row.reserve / row.bid_micros if row.pricing == "click" else 0.0,
        by_click=row.pricing == "click",
        even=row.even,
        target_roas_ppm=row.target_roas_ppm,
        flight=flight,
        day=row.day.isoformat(),
        now=row.now,
        pace=Pace(row.bid_ppm, row.admit_ppm) if paced else UNPACED,
        roas_ppm=row.roas_ppm if paced else UNPACED.bid_ppm,
        was_paced=paced,
    )
