"""Budgets that last the day: every ten seconds one worker paces the campaigns of all stores."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Final

from service.decision.expected_traffic import expected_week
from service.decision.terms import PPM
from service.store.paces import (
    paced_campaigns,
    requests_by_hour,
    sales_of,
    shown_between,
    write_paces,
)
from service.worker import counts
from service.worker.keep_doing import keep_looking_alone
from service.worker.pace_book import PaceBook

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from service.decision.tables import Floats
    from service.store.paces import PacedCampaign, PaceRow, Sales

LOOK_EVERY_SECONDS: Final = 10.0
PATIENCE_SECONDS: Final = 30.0
RECORDED_AFTER_SECONDS: Final = 3.0  # decisions are in the database by then
FIRST_LOOK_SECONDS: Final = 60.0  # most clicks come within that, and it is soon read
TRAFFIC_EVERY_SECONDS: Final = 3600.0
SALES_EVERY_SECONDS: Final = 300.0
STORES_A_LOOK: Final = 20  # whose traffic is counted; others are expected to be even until then
EVEN: Final = expected_week({})


async def keep_pacing(
    engine: AsyncEngine, stop: asyncio.Event, *, every_seconds: float = LOOK_EVERY_SECONDS
) -> None:
    """Pace until `stop` is set, while no other worker does. Without a database paces stay."""
    await keep_looking_alone(
        engine,
        lambda: Watch().look,
        stop,
        name="pacing",
        every_seconds=every_seconds,
        patience_seconds=PATIENCE_SECONDS,
    )


@dataclass(slots=True)
class Watch:
    """The looks of one worker; each goes on from the one before."""

    _book: PaceBook = field(default_factory=PaceBook)
    _until: float | None = None  # when what was shown was read, by the database's clock
    _weeks: dict[str, Floats] = field(default_factory=dict)
    _weeks_at: dict[str, float] = field(default_factory=dict)
    _sales: dict[str, Sales] = field(default_factory=dict)
    _sales_at: float = -inf

    async def look(self, connection: AsyncConnection) -> None:
        """Write what every paced campaign is to bid from now on."""
        campaigns = await paced_campaigns(connection)
        rows = await self._paces(connection, campaigns) if campaigns else []
        await write_paces(connection, rows)
        counts.PACED.labels("bid").set(sum(row.pace.bid_ppm < PPM for row in rows))
        counts.PACED.labels("throttle").set(sum(row.pace.admit_ppm < PPM for row in rows))

    async def _paces(
        self, connection: AsyncConnection, campaigns: Sequence[PacedCampaign]
    ) -> list[PaceRow]:
        stores = sorted({one.store_id for one in campaigns})
        await self._read_weeks(connection, stores)
        until = campaigns[0].now - RECORDED_AFTER_SECONDS
        since = until - FIRST_LOOK_SECONDS if self._until is None else self._until
        shown = await shown_between(connection, stores, since, until)
        weeks = {store_id: self._weeks.get(store_id, EVEN) for store_id in stores}
        await self._read_sales(connection, campaigns)
        rows = await asyncio.to_thread(self._book.look, campaigns, shown, weeks, self._sales)
        self._until = until
        return rows

    async def _read_sales(
        self, connection: AsyncConnection, campaigns: Sequence[PacedCampaign]
    ) -> None:
        """What those sold that are to bring a return: anew every few minutes."""
        wanted = [one.campaign_id for one in campaigns if one.target_roas_ppm is not None]
        now = time.monotonic()
        if self._sales_at > now - SALES_EVERY_SECONDS and self._sales.keys() >= set(wanted):
            return
        self._sales = await sales_of(connection, wanted) if wanted else {}
        self._sales_at = now

    async def _read_weeks(self, connection: AsyncConnection, stores: Sequence[str]) -> None:
        """What stores expect of a week: anew every hour, a few stores a look."""
        now = time.monotonic()
        old = [
            store_id
            for store_id in stores
            if self._weeks_at.get(store_id, -inf) < now - TRAFFIC_EVERY_SECONDS
        ]
        for store_id in old[:STORES_A_LOOK]:
            self._weeks[store_id] = expected_week(await requests_by_hour(connection, store_id))
            self._weeks_at[store_id] = now
