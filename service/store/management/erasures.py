"""Erasures as jobs. Their rows name the shopper by hash alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import orjson
from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.ext.asyncio import AsyncConnection

KIND: Final = "erasure"
_CLAIM: Final = text(
    "UPDATE jobs SET status = 'running', attempt = attempt + 1, updated_at = now(),"
    " started_at = coalesce(started_at, now()),"
    " leased_until = now() + make_interval(secs => :lease)"
    " WHERE id = (SELECT id FROM jobs"
    f"  WHERE kind = '{KIND}' AND status IN ('queued', 'running')"
    "  AND (leased_until IS NULL OR leased_until < now())"
    "  ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)"
    " RETURNING id, store_id, spec ->> 'shopper'"
)
_FINISH: Final = text(
    "UPDATE jobs SET status = 'done', progress = 1, result = CAST(:result AS jsonb),"
    " error = NULL, leased_until = NULL, finished_at = now(), updated_at = now()"
    " WHERE id = :job_id"
)
_PUT_OFF: Final = text(
    "UPDATE jobs SET status = 'queued', error = :reason, updated_at = now(),"
    " leased_until = now() + make_interval(secs => :again) WHERE id = :job_id"
)


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erasure to be done."""

    job_id: str
    store_id: str
    shopper: str  # the hash of the shopper, in hex


async def claim_erasure(connection: AsyncConnection, *, lease_seconds: float) -> Erasure | None:
    """The oldest erasure that nobody is at, for the caller alone until its lease ends."""
    row = (await connection.execute(_CLAIM, {"lease": lease_seconds})).one_or_none()
    return None if row is None else Erasure(*row)


async def finish_erasure(
    connection: AsyncConnection, job_id: str, result: Mapping[str, int]
) -> None:
    """Say that it is done."""
    await connection.execute(_FINISH, {"job_id": job_id, "result": orjson.dumps(result).decode()})


async def put_off_erasure(
    connection: AsyncConnection, job_id: str, reason: str, *, again_seconds: float
) -> None:
    """Leave it for another try."""
    values = {"job_id": job_id, "reason": reason, "again": again_seconds}
    await connection.execute(_PUT_OFF, values)
