"""A campaign whose budget is spread over platforms, and what these told so far."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from service.store.platform_results import HourResult, put_results
from tests.integration.worker.shop import open_shop

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.decision.terms import Campaign, Store

DAILY = 24_000_000  # micros
UNIT = 1_000_000
_POLICY = text(
    "INSERT INTO allocation_policies (campaign_id, mode, goal, shares_ppm, floors_ppm, caps_ppm,"
    " max_change_ppm, explore) VALUES (:id, :mode, 'clicks', CAST(:shares AS jsonb),"
    " CAST(:floors AS jsonb), CAST(:caps AS jsonb), :max_change, :explore)"
    " ON CONFLICT (campaign_id) DO UPDATE SET mode = excluded.mode,"
    " shares_ppm = excluded.shares_ppm, floors_ppm = excluded.floors_ppm,"
    " caps_ppm = excluded.caps_ppm, max_change_ppm = excluded.max_change_ppm,"
    " explore = excluded.explore, updated_at = clock_timestamp()"
)


@dataclass(frozen=True, slots=True)
class Spread:
    """The campaign in its store. Its zone is UTC, as is today."""

    engine: AsyncEngine
    store: Store
    campaign: Campaign

    @property
    def id(self) -> str:
        return self.campaign.campaign_id

    async def execute(self, statement: str, **values: Any) -> None:
        async with self.engine.begin() as connection:
            await connection.execute(text(statement), values)

    async def change(self, assignments: str) -> None:
        """Change the campaign as told in SQL."""
        statement = f"UPDATE campaigns SET {assignments} WHERE id = :id"  # noqa: S608 - our own
        await self.execute(statement, id=self.id)

    async def rows(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        async with self.engine.connect() as connection:
            found = await connection.execute(text(statement), {"id": self.id, **values})
            return [tuple(row) for row in found]

    async def policy(self, **changes: Any) -> None:
        """Put the policy: auto, without exploring, unless told otherwise."""
        values = {
            "id": self.id,
            "mode": "auto",
            "shares": "{}",
            "floors": "{}",
            "caps": "{}",
            "max_change": None,
            "explore": False,
        }
        async with self.engine.begin() as connection:
            await connection.execute(_POLICY, values | changes)

    async def today(self) -> date:
        [(day,)] = await self.rows("SELECT CAST(clock_timestamp() AT TIME ZONE 'UTC' AS date)")
        found: date = day
        return found

    async def tell(
        self, platform: str, days: int, clicks: Callable[[datetime], int], *, spend: int = UNIT
    ) -> None:
        """Report every full hour of the last `days` and of today: a unit of money, and clicks."""
        first = datetime.combine(await self.today(), datetime.min.time(), UTC)
        hour, now = first - timedelta(days=days), datetime.now(UTC)
        told = []
        while hour + timedelta(hours=1) <= now:
            told.append(HourResult(platform, self.id, hour, spend, 1_000, clicks(hour), 0))
            hour += timedelta(hours=1)
        async with self.engine.begin() as connection:
            await put_results(connection, self.store.store_id, told, "reported")

    async def plans(self) -> list[tuple[Any, ...]]:
        """Cause, day, budget and model of each plan, the oldest first."""
        return await self.rows(
            "SELECT cause, day, budget_micros, model FROM allocations WHERE campaign_id = :id"
            " ORDER BY created_at"
        )

    async def newest(self) -> dict[str, tuple[Any, ...]]:
        """Spend, reason and detail of each platform in the newest plan."""
        found = await self.rows(
            "SELECT platform, spend_micros, reason, detail FROM allocation_lines"
            " WHERE allocation_id = (SELECT id FROM allocations WHERE campaign_id = :id"
            " ORDER BY created_at DESC, id DESC LIMIT 1)"
        )
        return {row[0]: row[1:] for row in found}

    async def limits(self) -> dict[str, tuple[int | None, int]]:
        """What each platform may spend today, and did."""
        found = await self.rows(
            "SELECT platform, limit_micros, spent_micros FROM campaign_platform_days"
            " WHERE campaign_id = :id AND day = CAST(clock_timestamp() AT TIME ZONE 'UTC' AS date)"
        )
        return {row[0]: (row[1], row[2]) for row in found}


async def open_spread(engine: AsyncEngine, *, daily: int = DAILY) -> Spread:
    """A campaign with a daily budget and a policy, without any history."""
    store, campaign = await open_shop(engine, budget=10**12)
    spread = Spread(engine, store, campaign)
    await spread.change(f"daily_budget_micros = {daily}")
    await spread.policy()
    return spread
