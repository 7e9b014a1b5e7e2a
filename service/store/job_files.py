"""What belongs to a job: the bytes that were uploaded, and what was found in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, func, insert, select, text

from service.store.copying import raw
from service.store.tables import job_chunks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.ext.asyncio import AsyncConnection

    from service.store.feeds.report import LineError

_ORPHANS: Final = text(
    "DELETE FROM job_chunks WHERE created_at < now() - make_interval(secs => :seconds)"
    " AND NOT EXISTS (SELECT FROM jobs WHERE jobs.id = job_id"
    "  AND status IN ('queued', 'running'))"
)
_FINDINGS: Final = (
    "COPY job_findings (job_id, number, line, severity, field, received, advice) FROM STDIN"
)
_UNSTORABLE: Final = str.maketrans({"\0": "\N{SYMBOL FOR NULL}"})


async def add_chunk(connection: AsyncConnection, job_id: str, number: int, body: bytes) -> None:
    """Keep one piece of an upload."""
    values = {"job_id": job_id, "number": number, "body": body}
    await connection.execute(insert(job_chunks).values(values))


async def read_chunk(connection: AsyncConnection, job_id: str, number: int) -> bytes | None:
    """That piece of the upload; None past its last."""
    here = (job_chunks.c.job_id == job_id, job_chunks.c.number == number)
    found = await connection.execute(select(job_chunks.c.body).where(*here))
    body = found.scalar_one_or_none()
    return None if body is None else bytes(body)


async def upload_bytes(connection: AsyncConnection, job_id: str) -> int:
    """How long the upload is."""
    size = func.coalesce(func.sum(func.length(job_chunks.c.body)), 0)
    statement = select(size).where(job_chunks.c.job_id == job_id)
    return int((await connection.execute(statement)).scalar_one())


async def drop_upload(connection: AsyncConnection, job_id: str) -> None:
    """Remove an upload that is not needed any more."""
    await connection.execute(delete(job_chunks).where(job_chunks.c.job_id == job_id))


async def drop_orphans(connection: AsyncConnection, seconds: float) -> None:
    """Remove uploads older than `seconds` whose job is over, or never came to be."""
    await connection.execute(_ORPHANS, {"seconds": seconds})


async def add_findings(
    connection: AsyncConnection,
    job_id: str,
    first: int,
    found: Iterable[tuple[str, LineError]],
) -> None:
    """Add what was `found`, each with its severity, numbered from `first` on."""
    cursor = (await raw(connection)).cursor()
    async with cursor.copy(_FINDINGS) as copy:
        for number, (severity, one) in enumerate(found, first):
            told = [
                value.translate(_UNSTORABLE) for value in (one.field, one.received, one.advice)
            ]
            await copy.write_row((job_id, number, one.line, severity, *told))
