"""Work that outlives its request: claimed under a lease, and taken over when a worker is killed.

`attempt` is raised by every claim. All that a worker writes for a job names the attempt that it
claimed, so that one which slept through its lease writes nothing over its successor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.expression import bindparam

from service.errors import AdServiceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy.ext.asyncio import AsyncConnection

MOST_ATTEMPTS: Final = 8
"""A job that ends the worker so often is at fault itself."""

_FREE: Final = (
    # erasures are never given up: a loop of their own does them
    "kind <> 'erasure' AND (status = 'queued' AND (leased_until IS NULL OR leased_until < now())"
    " OR status = 'running' AND leased_until < now())"
)
_CLAIM: Final = text(
    "UPDATE jobs SET status = 'running', attempt = attempt + 1, updated_at = now(),"
    " started_at = coalesce(started_at, now()),"
    " leased_until = now() + make_interval(secs => :lease_seconds)"
    f" WHERE id = (SELECT id FROM jobs WHERE {_FREE} AND kind = ANY(:kinds)"
    "  AND attempt < :most_attempts ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)"
    " RETURNING id, store_id, kind, advertiser_id, spec, attempt, lines, result"
)
_HELD: Final = "WHERE id = :job_id AND attempt = :attempt AND status = 'running'"
_RENEW: Final = text(
    "UPDATE jobs SET leased_until = now() + make_interval(secs => :lease_seconds),"
    f" updated_at = now() {_HELD}"
)
_ADVANCE: Final = text(
    "UPDATE jobs SET lines = :lines, progress = :progress, result = :result, updated_at = now()"
    f" {_HELD}"
).bindparams(bindparam("result", type_=JSONB))
_RELEASE: Final = text(
    "UPDATE jobs SET status = 'queued', updated_at = now(),"
    f" leased_until = now() + make_interval(secs => :seconds) {_HELD}"
)
_FINISH: Final = text(
    "UPDATE jobs SET status = :status, error = :error, leased_until = NULL, updated_at = now(),"
    f" finished_at = now(), progress = CASE :status WHEN 'done' THEN 1 ELSE progress END {_HELD}"
)
_GIVE_UP: Final = text(
    "UPDATE jobs SET status = 'failed', finished_at = now(), updated_at = now(),"
    " leased_until = NULL, error = :error"
    f" WHERE {_FREE} AND kind = ANY(:kinds) AND attempt >= :most_attempts RETURNING id"
)
_FORGET: Final = text(
    "DELETE FROM jobs WHERE status IN ('done', 'failed')"
    " AND finished_at < now() - make_interval(days => :days)"
)


@dataclass(frozen=True, slots=True)
class Job:
    """A job that this process holds."""

    job_id: str
    store_id: str
    kind: str
    advertiser_id: str | None
    spec: Mapping[str, Any]
    attempt: int
    lines: int  # done and committed by attempts of before
    result: Mapping[str, Any]


class LeaseLostError(AdServiceError):
    """Another worker took the job over, or it is gone."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"the lease on {job_id} is another's now")


async def claim_job(
    connection: AsyncConnection, kinds: Iterable[str], lease_seconds: float
) -> Job | None:
    """The oldest job of `kinds` that nobody holds; it is the caller's for `lease_seconds`."""
    values = {
        "kinds": list(kinds),
        "lease_seconds": lease_seconds,
        "most_attempts": MOST_ATTEMPTS,
    }
    row = (await connection.execute(_CLAIM, values)).one_or_none()
    return None if row is None else Job(*row)


async def renew_lease(connection: AsyncConnection, job: Job, lease_seconds: float) -> None:
    """Keep the job for `lease_seconds` from now.

    Raises: LeaseLostError.
    """
    values = {"lease_seconds": lease_seconds}
    await _held(connection, job, _RENEW, values)


async def advance_job(
    connection: AsyncConnection,
    job: Job,
    *,
    lines: int,
    progress: float,
    result: Mapping[str, Any],
) -> None:
    """Note that everything up to line `lines` is done, in the transaction that did it.

    Raises: LeaseLostError; the transaction must then be given up.
    """
    values = {"lines": lines, "progress": progress, "result": dict(result)}
    await _held(connection, job, _ADVANCE, values)


async def release_job(connection: AsyncConnection, job: Job, seconds: float) -> None:
    """Let others take the job, `seconds` from now.

    Raises: LeaseLostError.
    """
    await _held(connection, job, _RELEASE, {"seconds": seconds})


async def finish_job(connection: AsyncConnection, job: Job, error: str | None = None) -> None:
    """End the job: done, or failed with an `error`.

    Raises: LeaseLostError.
    """
    status = "done" if error is None else "failed"
    await _held(connection, job, _FINISH, {"status": status, "error": error})


async def give_up_jobs(connection: AsyncConnection, kinds: Iterable[str]) -> list[str]:
    """Fail the jobs of `kinds` that were tried too often; returns their ids."""
    error = f"it was tried {MOST_ATTEMPTS} times, and each time the worker ended before the job"
    values = {"kinds": list(kinds), "error": error, "most_attempts": MOST_ATTEMPTS}
    return list((await connection.execute(_GIVE_UP, values)).scalars())


async def forget_jobs(connection: AsyncConnection, days: int) -> None:
    """Remove the jobs that ended more than `days` ago, with their findings."""
    await connection.execute(_FORGET, {"days": days})


async def _held(
    connection: AsyncConnection, job: Job, statement: Any, values: Mapping[str, Any]
) -> None:
    here = {"job_id": job.job_id, "attempt": job.attempt}
    if not (await connection.execute(statement, {**values, **here})).rowcount:
        raise LeaseLostError(job.job_id)
