"""The worker: everything that happens after an answer, and everything periodic."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import TYPE_CHECKING

import structlog
from redis.asyncio import Redis

from service.store.postgres import open_engine
from service.store.stream import EventStream
from service.worker.allocating import keep_allocating
from service.worker.allotment import keep_allotments
from service.worker.attributing import keep_attributing
from service.worker.backlog import watch_backlog
from service.worker.bundles import Bundles
from service.worker.consume import Consumer
from service.worker.erasures import do_erasures
from service.worker.import_jobs import BOOKINGS, PRODUCTS
from service.worker.import_process import ImportProcesses
from service.worker.jobs import JobRunner
from service.worker.pacing import keep_pacing
from service.worker.partitions import keep_partitions
from service.worker.quality import keep_quality
from service.worker.refresh import Refresher
from service.worker.sweep import keep_sweeping
from service.worker.webhooks import Deliverer, watch_news

if TYPE_CHECKING:
    from pathlib import Path

log = structlog.get_logger(__name__)


async def run_worker(
    *,
    database_url: str,
    redis_url: str,
    state: Path,
    models: Path,
    stop: asyncio.Event,
    private_webhooks: bool = False,
) -> None:
    """Work until `stop` is set: record the stream, refresh snapshots, do jobs, make partitions.

    A store that is away is waited for, also at the start.
    """
    engine = open_engine(database_url)
    redis = Redis.from_url(redis_url, socket_connect_timeout=2, socket_timeout=5)
    stream = EventStream(redis, f"{socket.gethostname()}-{os.getpid()}")
    importing = ImportProcesses(database_url, state / "uploads")
    works = {PRODUCTS: importing, BOOKINGS: importing}
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(Consumer(engine, redis, stream).run(stop))
            tasks.create_task(Refresher(engine, state, Bundles(models)).run(stop))
            tasks.create_task(JobRunner(engine, works).run(stop))
            tasks.create_task(keep_allotments(engine, redis, stop))
            tasks.create_task(keep_allocating(engine, models, stop))
            tasks.create_task(keep_partitions(engine, stop))
            tasks.create_task(keep_pacing(engine, stop))
            tasks.create_task(keep_quality(engine, stop))
            tasks.create_task(keep_attributing(engine, stop))
            tasks.create_task(keep_sweeping(engine, redis, stop))
            tasks.create_task(watch_backlog(stream, stop))
            tasks.create_task(do_erasures(engine, redis, state, stop))
            tasks.create_task(watch_news(engine, stop))
            tasks.create_task(Deliverer(engine, private_webhooks).run(stop))
            log.info("worker_started")
        log.info("worker_stopped")
    finally:
        await redis.aclose()
        await engine.dispose()
