"""Results and plans of platforms go when they are older than the shop keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from service.worker.retention import drop_old
from tests.unit.store.made import fill

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

TOLD = (
    "INSERT INTO platform_results (store_id, platform, campaign_id, hour, source) SELECT 'sto_1',"
    " 'web', 'cmp_1', date_trunc('hour', now()) - make_interval(days => :days), 'own'"
)
PLANNED = (
    "INSERT INTO allocations (campaign_id, day, cause, budget_micros, goal, model, gap)"
    " SELECT 'cmp_1', CAST(now() AS date) - CAST(:days AS integer), 'asked', 1, 'clicks', 'm', 0"
)
LINES = (
    "INSERT INTO allocation_lines (allocation_id, platform, spend_micros, share_ppm, predicted,"
    " predicted_sd, reason, detail) SELECT id, 'web', 1, 1000000, 1, 1, 'fixed', ''"
    " FROM allocations"
)
AGES = (
    "SELECT 'told', CAST(now() AS date) - CAST(hour AT TIME ZONE 'UTC' AS date)"
    " FROM platform_results"
    " UNION ALL SELECT 'planned', CAST(now() AS date) - day FROM allocation_lines"
    " JOIN allocations ON allocations.id = allocation_id ORDER BY 1, 2"
)


async def test_what_platforms_told_and_was_planned_goes_with_its_time(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await fill(connection)
        for days in (1, 9, 12):
            for statement in (TOLD, PLANNED):
                await connection.execute(text(statement), {"days": days})
        await connection.execute(text(LINES))
    await drop_old(engine, days=10)
    async with engine.begin() as connection:
        left = [tuple(row) for row in await connection.execute(text(AGES))]
        await connection.execute(text("DELETE FROM stores WHERE id = 'sto_1'"))
    assert left == [("planned", 1), ("planned", 9), ("told", 1), ("told", 9)]
