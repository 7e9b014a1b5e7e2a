"""How long thousands of campaigns wait for their plans, when the day of all begins at once.

    python -m tests.benchmarks.replanning --campaigns 2000

Each has 28 days of hourly results on five platforms, made by SQL in an embedded Postgres. Prints
how long one worker takes to plan all, to find that nothing came, and to look at all for shocks,
with the CPU time of the worker's process, and how long campaigns were locked.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from service.store.accounts import hold_campaign
from service.store.embedded.stores import EmbeddedStores
from service.store.migrate import migrate
from service.store.postgres import open_engine
from service.worker import allocating, replanning
from service.worker.allocating import Allocating
from service.worker.response_models import ResponseModels
from tests.integration.worker.shop import open_shop

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

MODELS = Path(__file__).parents[2] / "models"
RESULTS = (
    # indexes are built faster than they are filled
    "ALTER TABLE platform_results DROP CONSTRAINT uq_platform_results_store_id",
    "DROP INDEX ix_platform_results_campaign_id",
    "INSERT INTO platform_results (store_id, platform, campaign_id, hour, source, spend_micros,"
    " impressions, clicks, conversions) SELECT store_id, platform, id, hour, 'reported',"
    " (800000 + 400000 * random())::bigint, 1000, (5 + 10 * random())::int, (2 * random())::int"
    " FROM generate_series(date_trunc('day', now()) - interval '28 days',"
    "  now() - interval '1 hour', interval '1 hour') AS hour,"
    " unnest(ARRAY['app', 'mail', 'social', 'video', 'web']) AS platform, campaigns",
    "ALTER TABLE platform_results ADD CONSTRAINT uq_platform_results_store_id"
    " UNIQUE NULLS NOT DISTINCT (store_id, platform, campaign_id, hour, source)",
    "CREATE INDEX ix_platform_results_campaign_id ON platform_results (campaign_id, hour)"
    " INCLUDE (platform, source, spend_micros, impressions, clicks, conversions)",
    "INSERT INTO allocation_policies (campaign_id, mode, goal) SELECT id, 'auto', 'clicks'"
    " FROM campaigns",
    "VACUUM ANALYZE",
)
DAILY = "UPDATE campaigns SET daily_budget_micros = 120000000"
COPIES = (
    "INSERT INTO campaigns (id, store_id, advertiser_id, name, status, bid_micros, budget_micros,"
    " daily_budget_micros) SELECT 'cmp_' || lpad(n::text, 32, 'c'), store_id, advertiser_id,"
    " name, status, bid_micros, budget_micros, daily_budget_micros"
    " FROM campaigns, generate_series(2, :campaigns) AS n"
)
NEWS = (
    "INSERT INTO platform_news SELECT id, clock_timestamp() FROM campaigns"
    " ON CONFLICT (campaign_id) DO UPDATE SET told_at = clock_timestamp()"
)


@dataclass(slots=True)
class Locks:
    """How long campaigns were locked: from where what is known was read to where all is kept."""

    seconds: list[float] = field(default_factory=list)
    _since: float = 0.0

    def watch(self) -> None:
        """Note the time of each plan from now on."""

        async def held(*told: Any, **named: Any) -> bool:
            is_held = await hold_campaign(*told, **named)
            self._since = time.perf_counter()
            return is_held

        async def replanned(*told: Any) -> Any:
            done = await replanning.replan(*told)
            self.seconds.append(time.perf_counter() - self._since)
            return done

        vars(replanning)["hold_campaign"] = held
        vars(allocating)["replan"] = replanned


async def make(engine: AsyncEngine, campaigns: int) -> AsyncConnection:
    """A connection to a database with that many campaigns and their results."""
    await open_shop(engine, budget=10**12)
    connection = await engine.connect()
    await connection.execution_options(isolation_level="AUTOCOMMIT")
    await connection.execute(text(DAILY))
    await connection.execute(text(COPIES), {"campaigns": campaigns})
    for statement in RESULTS:
        await connection.execute(text(statement))
    return connection


async def run(url: str, campaigns: int) -> None:
    """Measure on the database at `url`."""
    engine = open_engine(url)
    connection = await make(engine, campaigns)
    vars(allocating)["A_LOOK_SECONDS"] = inf
    worker, locks = Allocating(engine, ResponseModels(MODELS)), Locks()
    locks.watch()
    for name, news in (("plan", False), ("nothing came", False), ("look", True)):
        if news:
            await connection.execute(text(NEWS))
        started, worked = time.perf_counter(), time.process_time()
        await worker.look(connection)
        wall, cpu = time.perf_counter() - started, time.process_time() - worked
        each = f"{1000 * cpu / campaigns:6.2f} ms of the worker's CPU each"
        print(f"{name:14} {campaigns} campaigns {wall:7.2f} s  {each}")  # noqa: T201 - its purpose
    milliseconds = [1000 * one for one in locks.seconds]
    print(f"locked: median {median(milliseconds):.1f} ms, at most {max(milliseconds):.1f}")  # noqa: T201
    await connection.close()
    await engine.dispose()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--campaigns", type=int, default=2_000)
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="salient-") as folder,
        EmbeddedStores(Path(folder), only="postgres", tied=True, durable=False) as stores,
    ):
        migrate(stores.urls.database_url)
        asyncio.run(run(stores.urls.database_url, arguments.campaigns))
