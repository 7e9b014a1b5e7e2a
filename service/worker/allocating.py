"""Budgets over platforms: planned for each day, again every few hours, at once after a shock."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Final

import structlog

from service.decision.pooled_responses import PooledResponses
from service.store.due_allocations import spread_campaigns
from service.store.unseen_clicks import database_now
from service.worker import counts
from service.worker.keep_doing import keep_looking_alone
from service.worker.platform_counting import PlatformCounting
from service.worker.platform_news import PlatformNews
from service.worker.replanning import outlooks_of, replan
from service.worker.response_models import ResponseModels

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from service.decision.responses import ResponseModel
    from service.store.due_allocations import SpreadCampaign
    from service.worker.replanning import Outlook, Replanned

LOOK_EVERY_SECONDS: Final = 10.0
PATIENCE_SECONDS: Final = 120.0
COUNT_EVERY_SECONDS: Final = 300.0
PLAN_EVERY_SECONDS: Final = 4 * 3600.0
TRY_AGAIN_SECONDS: Final = 600.0
SOON_SECONDS: Final = 30.0  # where the connection was lost, it may not be for the campaign
A_LOOK_SECONDS: Final = 60.0  # what is left then is first at the next look
AT_ONCE: Final = 16  # campaigns that are read together

log = structlog.get_logger(__name__)


async def keep_allocating(
    engine: AsyncEngine,
    models: Path,
    stop: asyncio.Event,
    *,
    every_seconds: float = LOOK_EVERY_SECONDS,
    count_every_seconds: float = COUNT_EVERY_SECONDS,
) -> None:
    """Spread budgets until `stop` is set, while no other worker does.

    Without a database, or without a worker, the limits of the day stay as they are.
    """
    await keep_looking_alone(
        engine,
        lambda: Allocating(engine, ResponseModels(models), count_every_seconds).look,
        stop,
        name="allocating",
        every_seconds=every_seconds,
        patience_seconds=PATIENCE_SECONDS,
    )


@dataclass(slots=True)
class Allocating:
    """The looks of one worker. All that they go by stands in the database."""

    engine: AsyncEngine
    models: ResponseModels
    count_every_seconds: float = COUNT_EVERY_SECONDS
    _count_at: float = -inf  # monotonic seconds, as all times here
    _try_at: dict[str, float] = field(default_factory=dict)  # of campaigns that failed
    _news: PlatformNews = field(default_factory=PlatformNews)
    _counting: PlatformCounting = field(init=False)

    def __post_init__(self) -> None:
        self._counting = PlatformCounting(self.engine)

    async def look(self, connection: AsyncConnection) -> None:
        """Count what is new, look for shocks in what was told; plan what is due."""
        try:
            counts.UNALLOCATED_SECONDS.set(await self._look(connection))
        except BaseException:
            counts.UNALLOCATED_SECONDS.set(0)  # another worker may be the one that tells it now
            raise

    async def _look(self, connection: AsyncConnection) -> float:
        """Return how long the campaign waits that has waited longest for a plan of its day."""
        if time.monotonic() >= self._count_at:
            await self._counting.count(now=await database_now(connection))
            self._count_at = time.monotonic() + self.count_every_seconds
        campaigns = await spread_campaigns(connection, every_seconds=PLAN_EVERY_SECONDS)
        planned = await self._plan(self._wanted(campaigns))
        waiting = [
            one.waiting_seconds
            for one in campaigns
            if one.day_is_new and one.campaign_id not in planned
        ]
        return max(waiting, default=0.0)

    def _wanted(self, campaigns: Sequence[SpreadCampaign]) -> list[SpreadCampaign]:
        """Those that are due, then those of which there is news; not what failed of late."""
        now = time.monotonic()
        news = self._news.among(campaigns)
        due = [one for one in campaigns if one.is_due]
        wanted = [*due, *(one for one in news if not one.is_due)]
        return [one for one in wanted if self._try_at.get(one.campaign_id, now) <= now]

    async def _plan(self, wanted: Sequence[SpreadCampaign]) -> frozenset[str]:
        """Plan as many as there is time for; returns those that now have a new plan."""
        planned: set[str] = set()
        if not wanted:
            return frozenset()
        model = await self._model()
        end = time.monotonic() + A_LOOK_SECONDS
        with counts.ALLOCATING_SECONDS.time():
            for start in range(0, len(wanted), AT_ONCE):
                if time.monotonic() > end:
                    break
                planned |= await self._plan_some(wanted[start : start + AT_ONCE], model)
        return frozenset(planned)

    async def _plan_some(self, wanted: Sequence[SpreadCampaign], model: ResponseModel) -> set[str]:
        planned = set()
        async with self.engine.connect() as connection:
            outlooks = await outlooks_of(connection, wanted, model)
            for one in wanted:
                if outlook := outlooks.get(one.campaign_id):
                    counts.PLATFORM_LOOKS.inc()
                    if await self._plan_one(connection, one, outlook, model):
                        planned.add(one.campaign_id)
                if connection.invalidated:  # what is left then is first at the next look
                    break
        return planned

    async def _plan_one(
        self,
        connection: AsyncConnection,
        one: SpreadCampaign,
        outlook: Outlook | Exception,
        model: ResponseModel,
    ) -> bool:
        """Whether the campaign has a new plan; what cannot be planned does not hold up others."""
        try:
            if isinstance(outlook, Exception):
                raise outlook
            if not one.is_due and not outlook.noticed:
                replanned = None
            elif (replanned := await replan(connection, one, outlook, model)) is None:
                return False  # somebody else has it: all stays as it was
        except Exception as error:
            self._put_off(
                one, error, SOON_SECONDS if connection.invalidated else TRY_AGAIN_SECONDS
            )
            return False
        self._try_at.pop(one.campaign_id, None)
        self._news.note(one)
        if replanned is not None:
            _count(one, replanned)
        return replanned is not None

    def _put_off(self, one: SpreadCampaign, error: Exception, seconds: float) -> None:
        self._try_at[one.campaign_id] = time.monotonic() + seconds
        counts.ALLOCATIONS_FAILED.inc()
        log.warning("not_allocated", campaign=one.campaign_id, error=repr(error)[:500])

    async def _model(self) -> ResponseModel:
        newest = await asyncio.to_thread(self.models.newest)
        counts.ALLOCATOR_MISSING.set(newest is None)
        return PooledResponses() if newest is None else newest


def _count(one: SpreadCampaign, replanned: Replanned) -> None:
    counts.ALLOCATIONS.labels(replanned.cause).inc()
    for shock in replanned.noticed:
        counts.SHOCKS.labels("down" if shock.ratio < 1 else "up").inc()
        log.info(
            "platform_shock",
            campaign=one.campaign_id,
            platform=shock.platform,
            since=shock.since.isoformat(),
            ratio=round(shock.ratio, 3),
        )
