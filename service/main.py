"""Where the parts of a serving process meet."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from multiprocessing import parent_process
from tempfile import TemporaryDirectory
from time import time
from typing import TYPE_CHECKING, Any

import uvicorn
from redis.asyncio import Redis

from service.api import traffic
from service.api.application import make_application
from service.api.connection import GuardedHttp
from service.api.descriptors import room_for
from service.api.event_log import EventLog
from service.api.keys import LiveStores
from service.api.log_lines import configure_logging
from service.api.management.rate_limit import RateLimiter
from service.api.metrics import Metrics
from service.api.server import LingeringServer, LingeringServers
from service.api.signing_keys import kept_signing_keys
from service.api.sources import open_sources
from service.api.state import State
from service.api.tokens import TokenSigner, parse_signing_keys
from service.api.warming import warm
from service.decision.pooled_responses import PooledResponses
from service.inference.extraction import newest_tagger
from service.settings import Settings
from service.store.embedded.processes import die_with_parent
from service.store.postgres import open_engine
from service.store.redis_wire import RedisWire
from service.store.spool import Spool
from service.web.routes import web_router
from service.worker.bans import follow_bans
from service.worker.leasing import keep_leases
from service.worker.reload import follow_budgets, follow_paces, follow_snapshots, load_newest
from service.worker.response_models import ResponseModels

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

    from fastapi import FastAPI

    from service.api.sources import Sources
    from service.decision.responses import ResponseModel

YOUNG_OBJECTS = 20_000
"""A batch of decisions makes thousands of objects that are gone with it: no need to look for
cycles among them every 700, as Python does."""

TURN_SECONDS = 0.0005
"""How soon a thread that loads a snapshot gives way to requests; Python's own 5 ms are felt."""

DRAIN_SECONDS = 10
CANCEL_EVERY_SECONDS = 0.1
KEEP_ALIVE_SECONDS = 75  # longer than load balancers keep an idle connection
_NO_REDIS = "redis://127.0.0.1:1"  # never dialled: a wire that is not started is away


def create_app(settings: Settings | None = None) -> FastAPI:
    """The ASGI application; its lifespan opens and closes everything.

    The typed `service.api.state.State` stands at `app.state.salient` while it runs.
    """
    settings = settings or Settings()
    app = make_application(version("salient-ads"), lifespan=partial(_lifespan, settings))
    app.include_router(web_router(settings.state / "demo.json"))
    return app


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; then take no new connections, finish and return."""
    http: Any = partial(GuardedHttp, most_connections=room_for(settings.max_connections))
    configure = partial(
        uvicorn.Config,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=http,
        ws="none",
        access_log=False,
        server_header=False,
        log_level="warning",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    if settings.workers == 1:
        LingeringServer(configure(create_app(settings))).run()
        return
    os.environ.update(settings.environment())
    config = configure("service.main:create_app", factory=True, workers=settings.workers)
    # a folder of their own: servers that share the state folder count apart
    with TemporaryDirectory(prefix="salient-metrics-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        LingeringServers(config, sockets=[config.bind_socket()]).run()


@asynccontextmanager
async def _lifespan(settings: Settings, app: FastAPI) -> AsyncIterator[dict[str, State]]:
    configure_logging()
    if parent_process() is not None:
        die_with_parent()  # a worker whose supervisor was killed serves nobody
    async with AsyncExitStack() as stack:
        state = await _open_state(settings, stack)
        app.state.salient = state
        await load_newest(state.live, state=settings.state, models=settings.models)
        _start(follow_snapshots(state.live, state=settings.state, models=settings.models), stack)
        if settings.database_url is not None:
            engine = open_engine(settings.database_url)
            stack.push_async_callback(engine.dispose)
            _start(follow_budgets(state.live, engine), stack)
            _start(follow_paces(state.live, engine), stack)
            _start(follow_bans(state.live, engine), stack)
            state.database = open_engine(settings.database_url, statement_seconds=5)
            stack.push_async_callback(state.database.dispose)
        warm(state.live.values(), time())
        traffic.warm()
        gc.collect()
        gc.freeze()  # what is loaded now stays: later collections need not look at it
        gc.set_threshold(YOUNG_OBJECTS)
        sys.setswitchinterval(TURN_SECONDS)
        yield {"salient": state}


async def _open_state(settings: Settings, stack: AsyncExitStack) -> State:
    metrics = Metrics()
    wire = RedisWire(settings.redis_url or _NO_REDIS)
    redis = None
    if settings.redis_url is not None:
        await wire.start()
        stack.push_async_callback(wire.close)
        redis = Redis.from_url(settings.redis_url, socket_connect_timeout=2, socket_timeout=2)
        stack.push_async_callback(redis.aclose)
    spool = Spool(settings.state / "spool")
    stack.callback(spool.close)
    log = EventLog(wire, spool, metrics)
    stack.push_async_callback(log.close)
    _start(log.drain_forever(), stack)
    keys = _signing_keys(settings)
    state = State(
        live=LiveStores(),
        signer=TokenSigner(keys),
        sources=_sources(settings, next(iter(keys.values()))),
        profiles=wire,
        log=log,
        metrics=metrics,
        limiter=RateLimiter(settings.calls_per_minute),
        tagger=newest_tagger(settings.models),
        response_model=_response_models(settings),
        explored_share=settings.explored_share,
        base_url=settings.base_url and settings.base_url.rstrip("/"),
        redis=redis,
        private_webhooks=settings.private_webhooks,
        linger_seconds=settings.linger_seconds,
    )
    if settings.redis_url is not None:
        _start(keep_leases(state.allowances, wire, state.live), stack)
    return state


def _response_models(settings: Settings) -> Callable[[], ResponseModel]:
    models = ResponseModels(settings.models)
    return lambda: models.newest() or PooledResponses()


def _sources(settings: Settings, key: bytes) -> Sources:
    listed = settings.datacentres
    lines = None if listed is None else listed.read_text(encoding="utf-8").splitlines()
    return open_sources(settings.trusted_proxies, lines, sha256(key).digest())


def _signing_keys(settings: Settings) -> dict[int, bytes]:
    if settings.secret is None:
        return kept_signing_keys(settings.state)
    return parse_signing_keys(settings.secret.get_secret_value())


def _start(work: Coroutine[None, None, None], stack: AsyncExitStack) -> None:
    """Run `work` until the stack closes."""
    stack.push_async_callback(_stop, asyncio.create_task(work))


async def _stop(task: asyncio.Task[None]) -> None:
    while not task.done():  # redis-py loses about a third of the cancellations amid its calls
        task.cancel()
        await asyncio.wait([task], timeout=CANCEL_EVERY_SECONDS)
    with suppress(asyncio.CancelledError):
        task.result()
