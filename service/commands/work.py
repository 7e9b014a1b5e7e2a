"""Run the worker until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

from service.errors import BadInputError
from service.worker.run import run_worker

if TYPE_CHECKING:
    from service.settings import Settings


def run_until_stopped(settings: Settings) -> None:
    """Run the worker of these settings.

    Raises: BadInputError where they lack a store.
    """
    if settings.database_url is None or settings.redis_url is None:
        raise BadInputError("the worker needs DATABASE_URL and REDIS_URL; or run `salient up`")
    asyncio.run(_work(settings.database_url, settings.redis_url, settings))


async def _work(database_url: str, redis_url: str, settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await run_worker(
        database_url=database_url,
        redis_url=redis_url,
        state=settings.state,
        models=settings.models,
        stop=stop,
    )
