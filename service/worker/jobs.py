"""Jobs: taken one at a time under a lease that is renewed while they run."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

import structlog

from service.errors import BadInputError
from service.store.job_files import drop_orphans, drop_upload
from service.store.jobs import (
    LeaseLostError,
    claim_job,
    finish_job,
    forget_jobs,
    give_up_jobs,
    release_job,
    renew_lease,
)
from service.worker import counts
from service.worker.failures import is_poison
from service.worker.keep_doing import keep_doing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.store.jobs import Job

log = structlog.get_logger(__name__)

LOOK_EVERY_SECONDS = 0.5
LEASE_SECONDS = 30.0
RETRY_SECONDS = 2.0
PATIENCE_SECONDS = 10.0
TIDY_EVERY_SECONDS = 600.0
KEPT_DAYS = 30
ORPHAN_SECONDS = 6 * 3600.0
"""An upload whose job has not come after that will not come."""

Work = Callable[["Job"], Awaitable[None]]


@dataclass(slots=True)
class JobRunner:
    """Does the jobs of each kind by the work given for it.

    A job that fails because a store is away, or that is interrupted, goes back to the others; one
    whose own data is at fault ends as failed. Work must go on where an earlier attempt stopped.
    """

    engine: AsyncEngine
    works: Mapping[str, Work]
    lease_seconds: float = LEASE_SECONDS
    _tidy_at: float = field(default=0.0)

    async def run(self, stop: asyncio.Event) -> None:
        """Do jobs until `stop` is set; outages are waited out."""

        async def look() -> bool:
            await self._tidy()
            return await self.do_one(stop)

        await keep_doing(look, stop, every_seconds=LOOK_EVERY_SECONDS, warning="jobs_failed")

    async def do_one(self, stop: asyncio.Event) -> bool:
        """Take a job that nobody holds, and do it; returns whether there was one."""
        async with asyncio.timeout(PATIENCE_SECONDS), self.engine.begin() as connection:
            job = await claim_job(connection, self.works, self.lease_seconds)
        if job is None:
            return False
        log.info("job_taken", job=job.job_id, kind=job.kind, attempt=job.attempt)
        started = monotonic()
        outcome = await self._do(job, stop)
        counts.JOBS.labels(job.kind, outcome).inc()
        log.info("job_left", job=job.job_id, outcome=outcome, seconds=monotonic() - started)
        return True

    async def _do(self, job: Job, stop: asyncio.Event) -> str:
        try:
            await self._work(job, stop)
            await self._end(job, None)
        except LeaseLostError:
            return "lost"
        except asyncio.CancelledError:
            if not stop.is_set():
                raise
            await self._release(job, 0.0)
            return "released"
        except BadInputError as error:
            await self._end(job, str(error))
            return "failed"
        except Exception as error:
            if is_poison(error):
                log.error("job_failed", job=job.job_id, exc_info=error)
                await self._end(job, f"it cannot be done: {type(error).__name__}")
                return "failed"
            log.warning("job_interrupted", job=job.job_id, error=repr(error))
            # a statement that is cancelled may end in an error of its own
            await self._release(job, 0.0 if stop.is_set() else RETRY_SECONDS * job.attempt)
            return "released"
        return "done"

    async def _work(self, job: Job, stop: asyncio.Event) -> None:
        """Do the work until it is done, the lease is lost, or `stop` is set (then: cancelled)."""
        working = asyncio.ensure_future(self.works[job.kind](job))
        others = [asyncio.create_task(self._keep(job)), asyncio.create_task(stop.wait())]
        try:
            await asyncio.wait([working, *others], return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                working.cancel()
                if others[0].done():
                    await others[0]
            await working
        finally:
            for task in (working, *others):
                task.cancel()
            await asyncio.gather(working, *others, return_exceptions=True)

    async def _keep(self, job: Job) -> None:
        """Renew the lease until it is lost. A database that is away is asked again."""
        while True:
            await asyncio.sleep(self.lease_seconds / 3)
            try:
                async with asyncio.timeout(PATIENCE_SECONDS), self.engine.begin() as connection:
                    await renew_lease(connection, job, self.lease_seconds)
            except LeaseLostError:
                raise
            except Exception as error:
                log.warning("lease_not_renewed", job=job.job_id, error=repr(error))

    async def _end(self, job: Job, error: str | None) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS), self.engine.begin() as connection:
            await finish_job(connection, job, error)
            await drop_upload(connection, job.job_id)

    async def _release(self, job: Job, seconds: float) -> None:
        with contextlib.suppress(LeaseLostError):
            async with asyncio.timeout(PATIENCE_SECONDS), self.engine.begin() as connection:
                await release_job(connection, job, seconds)

    async def _tidy(self) -> None:
        if monotonic() < self._tidy_at:
            return
        async with asyncio.timeout(PATIENCE_SECONDS), self.engine.begin() as connection:
            for job_id in await give_up_jobs(connection, self.works):
                log.error("job_given_up", job=job_id)
            await forget_jobs(connection, KEPT_DAYS)
            await drop_orphans(connection, ORPHAN_SECONDS)
        self._tidy_at = monotonic() + TIDY_EVERY_SECONDS
