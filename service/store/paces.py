"""How campaigns are paced: what a pace is worked out from, and where it is written."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import text

from service.decision.accounts import AT, account_of
from service.decision.flight import Flight
from service.decision.pace import UNPACED, Pace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

# the database's clock says which day it is
_CAMPAIGN: Final = (
    "SELECT c.id, c.store_id, c.bid_micros, c.pricing, c.pacing = 'even' AS even,"
    " c.budget_micros - c.spent_micros AS left, today.day,"
    " extract(epoch FROM clock_timestamp())::float8 AS now,"
    " extract(epoch FROM greatest(today.day::timestamp AT TIME ZONE c.time_zone,"
    "  c.starts_at))::float8 AS starts,"
    " extract(epoch FROM least((today.day + 1)::timestamp AT TIME ZONE c.time_zone,"
    "  c.ends_at))::float8 AS ends,"
    " ARRAY(SELECT ARRAY[lower(part), upper(part)] FROM unnest(c.schedule) AS part) AS schedule,"
    " extract(epoch FROM date_trunc('week', today.day::timestamp)"
    "  AT TIME ZONE c.time_zone)::float8 AS monday,"
    " coalesce((SELECT min(reserve_micros) FROM placements WHERE store_id = c.store_id), 0)"
    "  AS reserve,"
)
_NOW: Final = (
    " FROM campaigns AS c"
    " CROSS JOIN LATERAL (SELECT CAST(clock_timestamp() AT TIME ZONE c.time_zone AS date) AS day)"
    "  AS today"
    " LEFT JOIN campaign_paces AS paces ON paces.campaign_id = c.id"
)
_RUNS: Final = (
    " c.status = 'active' AND coalesce(c.starts_at <= clock_timestamp(), true)"
    " AND coalesce(c.ends_at > clock_timestamp(), true)"
)
_CAMPAIGNS: Final = text(
    f"{_CAMPAIGN} '' AS platform, c.target_roas_ppm, c.daily_budget_micros AS daily,"
    " coalesce(days.spent_micros, 0) AS spent,"
    " extract(epoch FROM c.ends_at)::float8 AS ends_for_good,"
    f" paces.bid_ppm, paces.admit_ppm, paces.roas_ppm{_NOW}"
    " LEFT JOIN campaign_days AS days ON days.campaign_id = c.id AND days.day = today.day"
    f" WHERE {_RUNS} AND (c.target_roas_ppm IS NOT NULL OR (c.pacing = 'even'"
    "  AND (c.daily_budget_micros IS NOT NULL OR c.ends_at IS NOT NULL)))"
)
# an account that was never paced begins as its campaign was; the plan of the day spread the rest
_ACCOUNTS: Final = text(
    f"{_CAMPAIGN} days.platform, NULL AS target_roas_ppm, days.limit_micros AS daily,"
    " days.spent_micros AS spent, NULL AS ends_for_good,"
    " coalesce(own.bid_ppm, paces.bid_ppm) AS bid_ppm,"
    " coalesce(own.admit_ppm, paces.admit_ppm) AS admit_ppm, paces.roas_ppm"
    f"{_NOW} JOIN campaign_platform_days AS days ON days.campaign_id = c.id"
    "  AND days.day = today.day AND days.limit_micros IS NOT NULL"
    " LEFT JOIN campaign_platform_paces AS own"
    "  ON own.campaign_id = c.id AND own.platform = days.platform"
    f" WHERE {_RUNS} AND c.pacing = 'even'"
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
    "SELECT decisions.store_id, award->>'campaign_id',"
    " CAST(max(extract(epoch FROM ts)) AS float8),"
    " CAST(sum((award->>'price')::float8 * due) / 1e6 AS float8),"
    " CAST(sum(due) / 1e6 AS float8), platform"
    " FROM decisions LEFT JOIN placements ON placements.store_id = decisions.store_id"
    "  AND placements.name = payload #>> '{request,placement}'"
    " LEFT JOIN LATERAL jsonb_array_elements(payload->'awards') AS award ON true,"
    # of what is paid for by click only its quality is recorded
    " LATERAL (SELECT coalesce(award->>'due_ppm', award->>'quality_ppm')::float8) AS paid (due)"
    " WHERE decisions.store_id = ANY(:stores)"
    " AND ts >= to_timestamp(:since) AND ts < to_timestamp(:until)"
    " GROUP BY 1, 2, platform, floor(extract(epoch FROM ts) / 10)"
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
_WRITE_THERE: Final = text(
    "INSERT INTO campaign_platform_paces AS old"
    " (campaign_id, platform, bid_ppm, admit_ppm, updated_at)"
    " SELECT id, platform, bid, admit, clock_timestamp() FROM unnest(CAST(:ids AS text[]),"
    " CAST(:platforms AS text[]), CAST(:bids AS int[]), CAST(:admits AS int[]))"
    " AS new (id, platform, bid, admit)"
    " WHERE EXISTS (SELECT FROM campaigns WHERE campaigns.id = new.id)"
    " ON CONFLICT (campaign_id, platform) DO UPDATE SET bid_ppm = excluded.bid_ppm,"
    "  admit_ppm = excluded.admit_ppm, updated_at = excluded.updated_at"
    " WHERE (old.bid_ppm, old.admit_ppm) <> (excluded.bid_ppm, excluded.admit_ppm)"
)
# a day goes on as the evening before it ended, also until its own limits are there
_FREE_THERE: Final = text(
    "DELETE FROM campaign_platform_paces AS paces USING campaigns AS c"
    " WHERE c.id = paces.campaign_id AND c.status = 'active' AND (c.pacing <> 'even'"
    " OR NOT EXISTS (SELECT FROM campaign_platform_days AS days WHERE days.campaign_id = c.id"
    "  AND days.day >= CAST(clock_timestamp() AT TIME ZONE c.time_zone AS date) - 1"
    "  AND days.platform = paces.platform AND days.limit_micros IS NOT NULL))"
)
_NEWS: Final = text(
    "SELECT * FROM (SELECT count(*), max(updated_at) FROM campaign_paces) AS paces,"
    " (SELECT count(*), max(updated_at) FROM campaign_platform_paces) AS there"
)
_PACES: Final = text(
    "SELECT store_id, campaign_id, bid_ppm, admit_ppm"
    " FROM campaign_paces JOIN campaigns ON campaigns.id = campaign_id"
    " WHERE status = 'active' AND (bid_ppm < 1000000 OR admit_ppm < 1000000)"
    # also a full one, which its campaign's would stand for otherwise
    f" UNION ALL SELECT store_id, campaign_id || '{AT}' || platform, bid_ppm, admit_ppm"
    " FROM campaign_platform_paces JOIN campaigns ON campaigns.id = campaign_id"
    " WHERE status = 'active'"
)


@dataclass(frozen=True, slots=True)
class PacedCampaign:
    """What a campaign is paced by, now, with the pace that it has.

    With a `platform` it is the campaign's account there, whose day's budget is the limit of it.
    """

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
    platform: str = ""

    @property
    def account(self) -> str:
        """The name that its pace goes by."""
        return account_of(self.campaign_id, self.platform) if self.platform else self.campaign_id


class Shown(NamedTuple):
    """What ads of about ten seconds are expected to bring; no campaign: nothing was sold."""

    store_id: str
    campaign_id: str | None
    ts: float  # Unix seconds, the last of them
    micros: float
    clicks: float
    platform: str | None = None  # that they were shown on, if it is known


class Sales(NamedTuple):
    """What a campaign sold lately, less what came back, and how many clicks it paid for.

    Of a campaign that pays for impressions or orders these count as clicks.
    """

    value: int  # micros
    clicks: int


class PaceRow(NamedTuple):
    """A pace as it is written."""

    account: str  # a campaign, or a campaign on one platform
    pace: Pace
    roas_ppm: int
    spent: int  # micros, today


async def paced_campaigns(connection: AsyncConnection) -> list[PacedCampaign]:
    """The active campaigns whose budget is to last a day, or of whose return there is a target.

    Without a daily budget and without an end a budget is spent as soon as it can be. Behind them
    stand the accounts of platforms that have limits today.
    """
    rows = (await connection.execute(_CAMPAIGNS)).all()
    return [_campaign(row) for row in (*rows, *(await connection.execute(_ACCOUNTS)))]


async def requests_by_hour(connection: AsyncConnection, store_id: str) -> dict[int, int]:
    """A sample of the requests of the last seven days, by hour since 1970."""
    return {row[0]: row[1] for row in await connection.execute(_TRAFFIC, {"store_id": store_id})}


async def shown_between(
    connection: AsyncConnection, stores: Sequence[str], since: float, until: float
) -> list[Shown]:
    """What was decided from `since` up to, not including, `until`, in Unix seconds."""
    values = {"stores": list(stores), "since": since, "until": until}
    found = await connection.execute(_SHOWN, values)
    return [Shown(row[0], row[1], row[2], row[3] or 0.0, row[4] or 0.0, row[5]) for row in found]


async def sales_of(connection: AsyncConnection, campaigns: Sequence[str]) -> dict[str, Sales]:
    """The sales of these campaigns in the last seven days."""
    found = await connection.execute(_SALES, {"campaigns": list(campaigns)})
    return {row[0]: Sales(row[1], row[2]) for row in found}


async def write_paces(connection: AsyncConnection, rows: Sequence[PaceRow]) -> None:
    """Write these paces where they changed, and free all other active campaigns of theirs."""
    whole = [row for row in rows if AT not in row.account]
    await connection.execute(_FREE, {"ids": [row.account for row in whole]})
    values = {
        "ids": [row.account for row in whole],
        "roas": [row.roas_ppm for row in whole],
        "spent": [row.spent for row in whole],
    }
    await connection.execute(_WRITE, values | _shares(whole))
    there = [row for row in rows if AT in row.account]
    await connection.execute(_FREE_THERE)
    if there:
        parts = [row.account.partition(AT) for row in there]
        names = {"ids": [one[0] for one in parts], "platforms": [one[2] for one in parts]}
        await connection.execute(_WRITE_THERE, names | _shares(there))


def _shares(rows: Sequence[PaceRow]) -> dict[str, list[int]]:
    return {
        "bids": [row.pace.bid_ppm for row in rows],
        "admits": [row.pace.admit_ppm for row in rows],
    }


async def state_of_paces(connection: AsyncConnection) -> tuple[object, ...]:
    """Something that differs as soon as a pace does."""
    return tuple((await connection.execute(_NEWS)).one())


async def paces_by_store(connection: AsyncConnection) -> Mapping[str, dict[str, Pace]]:
    """The paces of active campaigns that do not bid in full, and of all accounts, by store."""
    found: defaultdict[str, dict[str, Pace]] = defaultdict(dict)
    for store_id, name, bid_ppm, admit_ppm in await connection.execute(_PACES):
        found[store_id][name] = Pace(bid_ppm, admit_ppm)
    return found


def _campaign(row: Row[tuple[object, ...]]) -> PacedCampaign:
    paced = row.bid_ppm is not None
    flight = Flight(
        daily=row.daily,
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
        roas_ppm=UNPACED.bid_ppm if row.roas_ppm is None else row.roas_ppm,
        was_paced=paced,
        platform=row.platform,
    )
