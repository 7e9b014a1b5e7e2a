"""How a test imports: it uploads, a worker's loop does the job, the report is read."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from service.worker.jobs import JobRunner
    from tests.integration.api.management.conftest import House

PATH = "/v1/products/import"
CSV, TSV, NDJSON = "text/csv", "text/tab-separated-values", "application/x-ndjson"
HEAD = "id,title,price,product_highlight,product_detail\n"


async def post(
    house: House, content: str | bytes, media_type: str = CSV, path: str = PATH, **options: Any
) -> httpx.Response:
    body = content.encode() if isinstance(content, str) else content
    headers = {"content-type": media_type, **options.pop("headers", {})}
    return await house.call("POST", path, content=body, headers=headers, **options)


async def done(house: House, runner: JobRunner, answer: httpx.Response) -> dict[str, Any]:
    """The job of `answer`, once the worker's loop has done it."""
    assert answer.status_code == 202, answer.text
    while await runner.do_one(asyncio.Event()):
        pass
    job = await house.read(answer.headers["location"])
    assert job["status"] in {"done", "failed"}
    return job


async def report(house: House, job: dict[str, Any]) -> list[tuple[int, str, str, str]]:
    """Line, severity, field and what was received of each finding."""
    found = (await house.read(f"{job['report']}?limit=1000"))["data"]
    return [(one["line"], one["severity"], one["field"], one["received"]) for one in found]


def counts(job: dict[str, Any]) -> tuple[int, int, int, int]:
    return job["good"], job["changed"], job["bad"], job["warned"]


async def titles(house: House, prefix: str = "") -> list[str]:
    rows = await house.rows(
        "SELECT title FROM products WHERE store_id = :id AND product_id LIKE :prefix"
        " ORDER BY product_id",
        id=house.shop.store_id,
        prefix=f"{prefix}%",
    )
    return [row[0] for row in rows]


@asynccontextmanager
async def working(runner: JobRunner) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(runner.run(stop))
    yield
    stop.set()
    await task
