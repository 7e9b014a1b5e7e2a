"""Run the worker until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import gc
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

import structlog
from prometheus_client import start_http_server

from service.api.log_lines import configure_logging
from service.errors import BadInputError
from service.store.postgres import open_engine
from service.worker.retention import keep_retention
from service.worker.run import run_worker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.settings import Settings

YOUNG_OBJECTS = 20_000
"""A batch of events makes thousands: the usual 700 collects all the time, and finds nothing."""

log = structlog.get_logger(__name__)


def run_until_stopped(settings: Settings) -> None:
    """Run the worker of these settings.

    Raises: BadInputError where they lack a store, or name an address that cannot be used.
    """
    if settings.database_url is None or settings.redis_url is None:
        raise BadInputError("the worker needs DATABASE_URL and REDIS_URL; or run `salient up`")
    configure_logging()
    with shown_metrics(settings):
        asyncio.run(_work(settings.database_url, settings.redis_url, settings))


@contextmanager
def shown_metrics(settings: Settings) -> Iterator[None]:
    """Show what the worker counts, at the host and port of the settings.

    Raises: BadInputError where that address cannot be used.
    """
    if settings.worker_metrics_port is None:
        yield
        return
    try:
        server, thread = start_http_server(settings.worker_metrics_port, settings.host)
    except OSError as error:
        raise BadInputError(
            f"the worker's metrics cannot be served on {settings.host}, port"
            f" {settings.worker_metrics_port} ({error.strerror}); choose another by"
            " SALIENT_WORKER_METRICS_PORT"
        ) from error
    log.info("worker_metrics", port=server.server_port)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


async def _work(database_url: str, redis_url: str, settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    gc.freeze()  # what is loaded now stays: later collections need not look at it
    gc.set_threshold(YOUNG_OBJECTS)
    engine = open_engine(database_url)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(keep_retention(engine, settings.retention_days, stop))
            await run_worker(
                database_url=database_url,
                redis_url=redis_url,
                state=settings.state,
                models=settings.models,
                stop=stop,
                private_webhooks=settings.private_webhooks,
            )
    finally:
        await engine.dispose()
