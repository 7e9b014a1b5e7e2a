"""An import whose worker is killed goes on in another, and every line counts once."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from service.store.feeds import intake
from service.store.job_files import add_chunk
from service.store.management.jobs import add_job
from service.worker import import_jobs
from service.worker.import_jobs import PRODUCTS, Importer
from service.worker.jobs import JobRunner
from tests.integration.worker.shop import column, eventually, one, open_shop

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator

    import pytest
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from service.decision.terms import Store

CHECKOUT = Path(__file__).parents[2]
LINES = 24_000
BAD_EVERY = 100


def feed() -> bytes:
    """A catalogue whose every hundredth line has no title."""
    rows = (f"n{row},{'' if row % BAD_EVERY == 0 else f'Lamp {row}'},10\n" for row in range(LINES))
    return ("id,title,price\n" + "".join(rows)).encode()


async def queue(engine: AsyncEngine, store: Store, body: bytes) -> str:
    """An import job of `body`, as the API leaves it."""
    job_id = f"job_{store.store_id.removeprefix('sto_')}"
    spec = {"format": "csv", "dry_run": False}
    async with engine.begin() as connection:
        for number, start in enumerate(range(0, len(body), 100_000)):
            await add_chunk(connection, job_id, number, body[start : start + 100_000])
        values = {"id": job_id, "kind": PRODUCTS, "key_id": "key_1", "spec": spec}
        await add_job(connection, store.store_id, values)
    return job_id


async def read(engine: AsyncEngine, job_id: str, name: str) -> Any:
    return await one(engine, f"SELECT {name} FROM jobs WHERE id = :id", id=job_id)  # noqa: S608


@asynccontextmanager
async def worker(database_url: str, redis_url: str, state: Path) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "service",
        "worker",
        cwd=CHECKOUT,
        env=os.environ
        | {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "SALIENT_STATE": str(state)},
        stdout=DEVNULL,
        stderr=DEVNULL,
    )
    yield process
    if process.returncode is None:
        process.terminate()
        await process.wait()


async def test_an_import_whose_worker_is_killed_goes_on_in_another(
    engine: AsyncEngine, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    store, _ = await open_shop(engine)
    job_id = await queue(engine, store, feed())

    async def begun() -> bool:
        return bool(await read(engine, job_id, "lines"))

    async def ended() -> bool:
        return bool(await read(engine, job_id, "finished_at"))

    async with worker(database_url, redis_url, tmp_path / "a") as first:
        await eventually(begun, seconds=60)
        first.kill()
        await first.wait()
    await asyncio.sleep(0.5)  # its import ends with it
    done = await read(engine, job_id, "lines")
    assert 0 < done < LINES
    async with worker(database_url, redis_url, tmp_path / "b"):
        await asyncio.sleep(3)
        assert await read(engine, job_id, "lines") == done
        assert await read(engine, job_id, "attempt") == 1  # the lease still holds
        async with engine.begin() as connection:  # half a minute later
            await connection.execute(text("UPDATE jobs SET leased_until = now()"))
        await eventually(ended, seconds=60)
    assert await read(engine, job_id, "status") == "done"
    assert await read(engine, job_id, "attempt") == 2
    bad = LINES // BAD_EVERY
    assert await read(engine, job_id, "result") == {
        "good": LINES - bad,
        "changed": LINES - bad,
        "bad": bad,
        "warned": 0,
    }
    lines = await column(
        engine, "SELECT line FROM job_findings WHERE job_id = :id ORDER BY number", id=job_id
    )
    assert lines == [row + 2 for row in range(0, LINES, BAD_EVERY)]
    stored = await one(
        engine,
        "SELECT count(*) FROM products WHERE store_id = :id AND product_id LIKE 'n%'",
        id=store.store_id,
    )
    assert stored == LINES - bad
    assert await one(engine, "SELECT count(*) FROM job_chunks") == 0


async def test_a_worker_that_slept_through_its_lease_writes_nothing(
    engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, _ = await open_shop(engine)
    job_id = await queue(engine, store, feed())
    taking = import_jobs._take

    async def slow(connection: AsyncConnection, *others: Any, **more: Any) -> None:
        await taking(connection, *others, **more)
        async with engine.begin() as another:  # it was taken over meanwhile
            await another.execute(text("UPDATE jobs SET attempt = attempt + 1"))

    monkeypatch.setattr(import_jobs, "_take", slow)
    runner = JobRunner(engine, {PRODUCTS: Importer(engine, tmp_path).import_products})
    assert await runner.do_one(asyncio.Event())
    assert await read(engine, job_id, "status") == "running"
    assert (await read(engine, job_id, "lines"), await read(engine, job_id, "attempt")) == (0, 2)
    mine = "SELECT count(*) FROM products WHERE store_id = :id AND product_id LIKE 'n%'"
    assert await one(engine, mine, id=store.store_id) == 0
    assert (
        await one(engine, "SELECT count(*) FROM job_findings WHERE job_id = :id", id=job_id) == 0
    )


async def test_a_worker_that_is_told_to_stop_hands_its_import_over_at_once(
    engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake.batches, "__defaults__", (500,))
    store, _ = await open_shop(engine)
    job_id = await queue(engine, store, feed())
    await_free = "UPDATE jobs SET leased_until = 'infinity' WHERE id <> :id"
    async with engine.begin() as connection:
        await connection.execute(text(await_free), {"id": job_id})
    works = {PRODUCTS: Importer(engine, tmp_path).import_products}
    stop = asyncio.Event()
    first = asyncio.create_task(JobRunner(engine, works).run(stop))

    async def begun() -> bool:
        return bool(await read(engine, job_id, "lines"))

    await eventually(begun, seconds=30)
    stop.set()
    await first
    assert await read(engine, job_id, "status") == "queued"
    assert await read(engine, job_id, "lines") < LINES
    assert await JobRunner(engine, works).do_one(asyncio.Event())
    assert await read(engine, job_id, "status") == "done"
    assert (await read(engine, job_id, "result"))["changed"] == LINES - LINES // BAD_EVERY


async def test_a_job_that_ends_every_worker_is_given_up(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    store, _ = await open_shop(engine)
    job_id = await queue(engine, store, feed())
    tired = "UPDATE jobs SET status = 'running', attempt = 8, leased_until = now() WHERE id = :id"
    async with engine.begin() as connection:
        await connection.execute(text(tired), {"id": job_id})
    works = {PRODUCTS: Importer(engine, tmp_path).import_products}
    stop = asyncio.Event()
    running = asyncio.create_task(JobRunner(engine, works).run(stop))

    async def ended() -> bool:
        return bool(await read(engine, job_id, "finished_at"))

    await eventually(ended)
    stop.set()
    await running
    assert await read(engine, job_id, "status") == "failed"
    assert "tried 8 times" in await read(engine, job_id, "error")
