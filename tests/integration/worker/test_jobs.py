"""Jobs under a lease: what becomes of work that fails, takes long, or loses its database."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from service.errors import BadInputError, StoreUnavailableError
from service.store.jobs import claim_job, renew_lease
from service.store.management.jobs import add_job
from service.store.postgres import open_engine
from service.worker.bans import follow_bans
from service.worker.jobs import JobRunner
from tests.integration.worker.shop import column, eventually, one, open_shop

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.decision.live import Live
    from service.store.jobs import Job

KIND = "test"


@pytest.fixture
async def job_id(engine: AsyncEngine) -> str:
    store, _ = await open_shop(engine)
    made = f"job_{store.store_id.removeprefix('sto_')}"
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM jobs"))
        await add_job(connection, store.store_id, {"id": made, "kind": KIND})
    return made


async def read(engine: AsyncEngine, name: str) -> Any:
    return await one(engine, f"SELECT {name} FROM jobs")  # noqa: S608


async def test_work_whose_store_is_away_is_tried_again_later(
    engine: AsyncEngine, job_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.worker.jobs.RETRY_SECONDS", 0.0)
    seen = []

    async def work(job: Job) -> None:
        seen.append((job.job_id, job.attempt))
        if job.attempt < 3:
            raise StoreUnavailableError("away")

    runner = JobRunner(engine, {KIND: work})
    assert [await runner.do_one(asyncio.Event()) for _ in range(4)] == [True, True, True, False]
    assert seen == [(job_id, 1), (job_id, 2), (job_id, 3)]
    assert await read(engine, "status") == "done"


@pytest.mark.usefixtures("job_id")
async def test_a_retry_waits_a_little(engine: AsyncEngine) -> None:
    async def work(_: Job) -> None:
        raise StoreUnavailableError("away")

    runner = JobRunner(engine, {KIND: work})
    assert await runner.do_one(asyncio.Event())
    assert await read(engine, "status") == "queued"
    assert not await runner.do_one(asyncio.Event())


@pytest.mark.usefixtures("job_id")
async def test_work_that_is_stopped_goes_to_others_at_once_whatever_it_ends_in(
    engine: AsyncEngine,
) -> None:
    stop, begun = asyncio.Event(), asyncio.Event()

    async def work(job: Job) -> None:
        if job.attempt == 1:
            begun.set()
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                raise StoreUnavailableError("another command is already in progress") from None

    runner = JobRunner(engine, {KIND: work})
    first = asyncio.create_task(runner.do_one(stop))
    await begun.wait()
    stop.set()
    assert await first
    assert await read(engine, "status") == "queued"
    assert await runner.do_one(asyncio.Event())
    assert await read(engine, "status") == "done"


@pytest.mark.usefixtures("job_id")
@pytest.mark.parametrize(
    ("error", "told"),
    [
        (BadInputError("no columns"), "no columns"),
        (KeyError("secret"), "it cannot be done: KeyError"),
    ],
)
async def test_work_whose_data_is_at_fault_ends_as_failed(
    engine: AsyncEngine, error: Exception, told: str
) -> None:
    async def work(_: Job) -> None:
        raise error

    assert await JobRunner(engine, {KIND: work}).do_one(asyncio.Event())
    assert (await read(engine, "status"), await read(engine, "error")) == ("failed", told)


@pytest.mark.usefixtures("job_id")
async def test_long_work_keeps_its_lease_and_one_that_lost_it_is_stopped(
    engine: AsyncEngine,
) -> None:
    begun, ended = asyncio.Event(), []

    async def work(job: Job) -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(job.attempt)

    runner = JobRunner(engine, {KIND: work}, lease_seconds=0.3)
    doing = asyncio.create_task(runner.do_one(asyncio.Event()))
    await begun.wait()
    await asyncio.sleep(0.6)  # twice the lease
    async with engine.begin() as connection:
        assert await claim_job(connection, [KIND], 1.0) is None
        await connection.execute(text("UPDATE jobs SET attempt = attempt + 1"))
    assert await asyncio.wait_for(doing, 5)
    assert ended == [1]
    assert await read(engine, "status") == "running"


async def test_jobs_of_other_kinds_are_left_to_others(engine: AsyncEngine, job_id: str) -> None:
    assert not await JobRunner(engine, {}).do_one(asyncio.Event())
    async with engine.begin() as connection:
        job = await claim_job(connection, ["other", KIND], 1.0)
        assert job is not None
        assert job.job_id == job_id
        await renew_lease(connection, job, 1.0)


@pytest.mark.usefixtures("job_id")
async def test_a_database_that_is_away_is_waited_for(engine: AsyncEngine) -> None:
    done = []

    async def work(job: Job) -> None:
        done.append(job.attempt)

    stop = asyncio.Event()
    away = open_engine("postgresql://salient@127.0.0.1:1/none")
    runner = JobRunner(away, {KIND: work})
    running = asyncio.create_task(runner.run(stop))
    await asyncio.sleep(0.2)
    runner.engine = engine

    async def worked() -> bool:
        return bool(done)

    await eventually(worked)
    stop.set()
    await running
    assert done == [1]
    await away.dispose()


async def test_old_jobs_and_uploads_without_one_go(engine: AsyncEngine, job_id: str) -> None:
    async with engine.begin() as connection:
        for number, (chunk, hours) in enumerate([(job_id, 9), ("job_none", 9), ("job_new", 1)]):
            await connection.execute(
                text(
                    "INSERT INTO job_chunks VALUES (:job, :number, 'x',"
                    " now() - make_interval(hours => :hours))"
                ),
                {"job": chunk, "number": number, "hours": hours},
            )
        await connection.execute(
            text(
                "INSERT INTO jobs (id, store_id, kind, status, finished_at) SELECT 'job_old',"
                " store_id, kind, 'done', now() - interval '31 days' FROM jobs"
            )
        )
    stop = asyncio.Event()
    running = asyncio.create_task(JobRunner(engine, {}).run(stop))

    async def gone() -> bool:
        return await column(engine, "SELECT id FROM jobs") == [job_id]

    await eventually(gone)
    stop.set()
    await running
    left = await column(engine, "SELECT job_id FROM job_chunks ORDER BY number")
    assert left == [job_id, "job_new"]
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM job_chunks"))


async def test_without_a_database_the_bans_of_before_stay() -> None:
    away = open_engine("postgresql://salient@127.0.0.1:1/none")
    live: dict[str, Live] = {}
    following = asyncio.create_task(follow_bans(live, away, every_seconds=0.01))
    await asyncio.sleep(0.2)
    assert not following.done()
    following.cancel()
    await away.dispose()
