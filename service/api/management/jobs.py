"""Jobs: /v1/jobs, and what each found, as JSON or as a table."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Path, Query, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from service.api.management.answers import answer
from service.api.management.caller import Caller, Manager
from service.api.management.csv_cells import csv_line
from service.api.management.cursor import MOST_ROWS, Page
from service.api.management.database import Database, Transactions
from service.api.management.route import management_router
from service.api.schemas.jobs import Finding, FindingPage, Job, JobPage, JobStatus, Severity
from service.api.schemas.resource import Id
from service.errors import NotFoundError
from service.store.management.jobs import findings_page, get_job, jobs_page

router = management_router("jobs")

JobId = Annotated[
    Id, Path(description="The job.", examples=["job_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"])
]
OfStatus = Annotated[
    JobStatus | None, Query(description="Only those of this status.", examples=["running"])
]
OfKind = Annotated[
    Id | None, Query(description="Only those of this kind.", examples=["product_import"])
]
_COUNTS = ("good", "changed", "bad", "warned")
_COLUMNS = ("line", "severity", "field", "received", "advice")


@router.get("/jobs", summary="List jobs", response_model=JobPage)
async def list_jobs(
    caller: Manager,
    database: Database,
    page: Page,
    status: OfStatus = None,
    kind: OfKind = None,
) -> Response:
    """List the store's jobs of the last 30 days, newest first; a merchant sees its own."""
    asked = {
        "status": status and status.value,
        "kind": kind,
        "advertiser_id": caller.advertiser_id,
    }
    only = {name: value for name, value in asked.items() if value is not None}
    async with database.begin() as connection:
        rows = await jobs_page(
            connection, caller.store_id, only, before=page.after, limit=page.fetch
        )
    return page.answer(JobPage, [shown_job(row) for row in rows], lambda one: one.id)


@router.get("/jobs/{job_id}", summary="One job", response_model=Job)
async def read_job(job_id: JobId, caller: Manager, database: Database) -> Response:
    """Show how far a job has come."""
    async with database.begin() as connection:
        return answer(await _found(connection, caller, job_id))


@router.get("/jobs/{job_id}/report", summary="What a job found", response_model=FindingPage)
async def read_job_report(
    job_id: JobId, caller: Manager, database: Database, page: Page
) -> Response:
    """List every bad line of an import, and every warning, in the order of the upload."""
    after = page.number_after()
    async with database.begin() as connection:
        await _found(connection, caller, job_id)
        rows = await findings_page(
            connection, job_id, after=-1 if after is None else after, limit=page.fetch
        )
    return page.answer(FindingPage, [_shown(row) for row in rows], lambda one: str(one.number))


@router.get(
    "/jobs/{job_id}/report.csv",
    summary="What a job found, as a table",
    response_class=Response,
    responses={
        200: {
            "description": "A line for each finding",
            "content": {
                "text/csv": {
                    "schema": {"type": "string"},
                    "examples": {
                        "one": {
                            "value": "line,severity,field,received,advice\r\n17,error,price,"
                            "'39.90 USD',\"give prices in the store's currency, EUR\"\r\n"
                        }
                    },
                }
            },
        }
    },
)
async def read_job_report_table(job_id: JobId, caller: Manager, database: Database) -> Response:
    """Give the whole report as CSV.

    Cells that a spreadsheet would take for a formula have an apostrophe in front.
    """
    async with database.begin() as connection:
        await _found(connection, caller, job_id)
    headers = {"Content-Disposition": f'attachment; filename="{job_id}.csv"'}
    return StreamingResponse(_table(database, job_id), media_type="text/csv", headers=headers)


def shown_job(row: RowMapping) -> Job:
    """The job of `row`."""
    told: dict[str, Any] = {name: int(row["result"].get(name, 0)) for name in _COUNTS}
    same = {
        name: row[name]
        for name in (
            "id", "kind", "progress", "lines", "error", "created_at", "updated_at", "started_at",
            "finished_at",
        )
    }  # fmt: skip
    return Job(
        **same,
        **told,
        status=JobStatus(row["status"]),
        dry_run=bool(row["spec"].get("dry_run", False)),
        report=f"/v1/jobs/{row['id']}/report",
    )


async def _found(connection: AsyncConnection, caller: Caller, job_id: str) -> Job:
    row = await get_job(connection, caller.store_id, job_id)
    if row is None or not caller.sees(row["advertiser_id"]):
        raise NotFoundError("job", job_id)
    return shown_job(row)


async def _table(database: Transactions, job_id: str) -> AsyncIterator[str]:
    yield csv_line(_COLUMNS)
    after = -1
    while True:
        async with database.begin() as connection:
            rows = await findings_page(connection, job_id, after=after, limit=MOST_ROWS)
        if not rows:
            return
        yield "".join(csv_line([str(row[name]) for name in _COLUMNS]) for row in rows)
        after = rows[-1]["number"]


def _shown(row: RowMapping) -> Finding:
    return Finding(**{**row, "severity": Severity(row["severity"])})
