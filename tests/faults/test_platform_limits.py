"""Several processes charge the same clicks at the same moment: no platform passes its limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from service.store.reconcile import reconcile
from tests.faults.charging_process import BATCH, due_of
from tests.faults.test_click_races import CAMPAIGNS, PROCESSES, run_all
from tests.unit.store.made import campaign, fill

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from sqlalchemy.ext.asyncio import AsyncEngine

pytestmark = pytest.mark.usefixtures("emptied")

CHECK = "ck_campaign_platform_days_spent_within_limit"
LIMITS = (
    "INSERT INTO campaign_platform_days (campaign_id, day, platform, limit_micros)"
    " SELECT id, (clock_timestamp() AT TIME ZONE time_zone)::date, platform, micros"
    " FROM campaigns, (VALUES ('web', CAST(:web AS bigint)), ('app', 0)) AS of (platform, micros)"
)
# by the ledger itself, whatever the days say
OVER = (
    "SELECT count(*) FROM (SELECT sum(price_micros) AS paid, limit_micros FROM charges"
    " JOIN campaign_platform_days USING (campaign_id, day, platform)"
    " GROUP BY campaign_id, day, platform, limit_micros) AS there WHERE paid > limit_micros"
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the ledger holds against the list of clicks that were sent."""

    missing: int  # neither charged nor kept as unpaid
    over: int  # limits that were passed
    app: int  # charged where nothing may be spent
    mail_unpaid: int  # refused where there is no limit
    difference: int  # that `reconcile` sees but for events, of which there are none
    least_left: int  # micros of the limit on the web, of the campaign that used it up best
    most_left: int  # of the one that used it up worst
    told: int  # how many the processes say they charged
    charged: int


@pytest.fixture
async def without_check(engine: AsyncEngine, empty: Callable[[], None]) -> AsyncIterator[None]:
    """The schema itself forbids nothing."""
    async with engine.begin() as connection:
        drop = f"ALTER TABLE campaign_platform_days DROP CONSTRAINT {CHECK}"
        await connection.execute(text(drop))
    yield
    empty()
    async with engine.begin() as connection:
        add = (
            f"ALTER TABLE campaign_platform_days ADD CONSTRAINT {CHECK}"
            " CHECK (spent_micros >= 0 AND spent_micros <= limit_micros)"
        )
        await connection.execute(text(add))


async def race(engine: AsyncEngine, database_url: str, clicks: int, defect: str) -> Outcome:
    """A third of the clicks each come from web, app and mail; the web pays for half of its own."""
    each = clicks // CAMPAIGNS
    web = 50 * each // 3
    async with engine.begin() as connection:
        await fill(
            connection, *(campaign(f"cmp_{n}", budget=1000 * each) for n in range(CAMPAIGNS))
        )
        await connection.execute(text(LIMITS), {"web": web})
    # each begins with clicks of its own, which all come out of the same limits
    apart = clicks // BATCH // PROCESSES
    told = await run_all(database_url, defect, clicks, apart=apart)
    return await outcome_of(engine, clicks, web, told)


async def outcome_of(engine: AsyncEngine, clicks: int, web: int, told: int) -> Outcome:
    dues = {due.impression_id: due for due in (due_of(n, CAMPAIGNS) for n in range(clicks))}
    async with engine.connect() as connection:
        found = (await connection.execute(text("SELECT impression_id FROM charges"))).scalars()
        charged = set(found)
        found = (await connection.execute(text("SELECT impression_id FROM unpaid"))).scalars()
        unpaid = set(found)
        over = (await connection.execute(text(OVER))).scalar_one()
        spent = text("SELECT spent_micros FROM campaign_platform_days WHERE platform = 'web'")
        left = [web - one for one in (await connection.execute(spent)).scalars()]
    return Outcome(
        missing=len(dues.keys() - charged - unpaid),
        over=over,
        app=sum(dues[name].platform == "app" for name in charged),
        mail_unpaid=sum(dues[name].platform == "mail" for name in unpaid),
        difference=(await reconcile(engine, "sto_1")).difference,
        least_left=min(left),
        most_left=max(left),
        told=told,
        charged=len(charged),
    )


def check(outcome: Outcome) -> None:
    """The web's limits are used up to less than the dearest click, and never passed."""
    assert 0 <= outcome.least_left <= outcome.most_left < 106
    assert outcome == Outcome(
        missing=0,
        over=0,
        app=0,
        mail_unpaid=0,
        difference=0,
        least_left=outcome.least_left,
        most_left=outcome.most_left,
        told=outcome.charged,
        charged=outcome.charged,
    )


async def test_platforms_that_several_processes_charge_keep_their_limits(
    engine: AsyncEngine, database_url: str
) -> None:
    check(await race(engine, database_url, 2_000, "none"))


@pytest.mark.slow
async def test_ten_thousand_concurrent_clicks_pass_no_platforms_limit(
    engine: AsyncEngine, database_url: str
) -> None:
    check(await race(engine, database_url, 10_000, "none"))


@pytest.mark.usefixtures("without_check")
async def test_the_lock_holds_where_the_schema_forbids_nothing(
    engine: AsyncEngine, database_url: str
) -> None:
    check(await race(engine, database_url, 2_000, "none"))


@pytest.mark.usefixtures("without_check")
async def test_mutant_that_looks_at_no_platforms_limit_is_caught(
    engine: AsyncEngine, database_url: str
) -> None:
    outcome = await race(engine, database_url, 2_000, "no_platforms")
    assert (outcome.over, outcome.app) == (2 * CAMPAIGNS, 660)
