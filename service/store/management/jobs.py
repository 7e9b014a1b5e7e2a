"""Jobs as those who asked for them see them: one query a function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, insert, select

from service.store.tables import job_findings, jobs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

_HIDDEN: Final = {"store_id", "key_id", "attempt", "leased_until"}
_SHOWN: Final = [column for column in jobs.columns if column.name not in _HIDDEN]


async def add_job(
    connection: AsyncConnection, store_id: str, values: Mapping[str, Any]
) -> RowMapping:
    """Add a job for the workers to take."""
    statement = insert(jobs).values(store_id=store_id, **values).returning(*_SHOWN)
    return (await connection.execute(statement)).mappings().one()


async def count_unfinished(connection: AsyncConnection, store_id: str) -> int:
    """How many of the store's jobs wait or run."""
    here = (jobs.c.store_id == store_id, jobs.c.status.in_(("queued", "running")))
    statement = select(func.count()).select_from(jobs).where(*here)
    return (await connection.execute(statement)).scalar_one()


async def get_job(connection: AsyncConnection, store_id: str, job_id: str) -> RowMapping | None:
    """The store's job of this id."""
    here = (jobs.c.store_id == store_id, jobs.c.id == job_id)
    return (await connection.execute(select(*_SHOWN).where(*here))).mappings().one_or_none()


async def jobs_page(
    connection: AsyncConnection,
    store_id: str,
    only: Mapping[str, str],
    *,
    before: str,
    limit: int,
) -> list[RowMapping]:
    """Jobs whose columns are as `only` says, newest first: those with an id under `before`."""
    here = [jobs.c.store_id == store_id, *(jobs.c[name] == value for name, value in only.items())]
    if before:
        here.append(jobs.c.id < before)
    statement = select(*_SHOWN).where(*here).order_by(jobs.c.id.desc()).limit(limit)
    return list((await connection.execute(statement)).mappings())


async def findings_page(
    connection: AsyncConnection, job_id: str, *, after: int, limit: int
) -> list[RowMapping]:
    """What was found in a job's upload, those with a number past `after`."""
    columns = job_findings.c
    shown = [column for column in columns if column.name != "job_id"]
    here = (columns.job_id == job_id, columns.number > after)
    statement = select(*shown).where(*here).order_by(columns.number).limit(limit)
    return list((await connection.execute(statement)).mappings())
