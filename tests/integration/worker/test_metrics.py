"""What `salient worker` shows to Prometheus, of a worker in a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from math import isnan
from typing import TYPE_CHECKING

import pytest
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis as BlockingRedis
from redis.asyncio import Redis

from service.commands.work import shown_metrics
from service.errors import BadInputError
from service.settings import Settings
from service.store.stream import STREAM, EventStream
from service.worker.backlog import watch_backlog
from tests.running_shop import CHECKOUT, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def worker(
    database_url: str, redis_url: str, state: Path, port: int | None
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "service", "worker"],
        cwd=CHECKOUT,
        env=os.environ
        | {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "SALIENT_STATE": str(state),
            "SALIENT_WORKER_METRICS_PORT": str(port or ""),
        },
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    process.send_signal(signal.SIGTERM)
    process.wait(20)
    assert process.stderr
    process.stderr.close()


def samples(port: int) -> dict[str, float]:
    """What is shown now; nothing before the worker is there."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            families = text_string_to_metric_families(answer.read().decode())
            return {one.name: one.value for family in families for one in family.samples}
    except OSError:
        return {}


def within(seconds: float, port: int, name: str, value: float) -> None:
    deadline = time.monotonic() + seconds
    while (found := samples(port).get(name)) != value:
        assert time.monotonic() < deadline, f"{name} is {found}, not {value}"
        time.sleep(0.1)


def test_the_worker_shows_what_it_counts_and_what_waits(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    port = free_port()
    with BlockingRedis.from_url(redis_url) as redis:
        for number in range(3):  # no events, but entries that are tried, and wait
            redis.xadd(STREAM, {b"k": b"event", b"b": b"broken %d" % number})
        with worker(database_url, redis_url, tmp_path, port) as process:
            within(30, port, "salient_worker_waiting_entries", 3)
            assert 0 < samples(port)["salient_worker_lag_seconds"] < 60
            with worker(database_url, redis_url, tmp_path, port) as second:
                _, said = second.communicate(timeout=20)
            redis.delete(STREAM)
            within(10, port, "salient_worker_waiting_entries", 0)
            within(10, port, "salient_worker_lag_seconds", 0)
            assert samples(port)["salient_worker_outages_total"] >= 1
            assert samples(port)["process_resident_memory_bytes"] > 10_000_000
    assert process.returncode == 0
    assert second.returncode == 1
    assert f"127.0.0.1, port {port} (Address already in use)" in said
    assert "SALIENT_WORKER_METRICS_PORT" in said


def test_metrics_are_there_while_the_work_runs(tmp_path: Path) -> None:
    settings = Settings(state=tmp_path, host="127.0.0.1", worker_metrics_port=free_port())
    assert settings.worker_metrics_port
    with shown_metrics(settings):
        assert samples(settings.worker_metrics_port)["process_open_fds"] > 0
        with pytest.raises(BadInputError, match="METRICS_PORT"), shown_metrics(settings):
            pass
    assert samples(settings.worker_metrics_port) == {}
    with shown_metrics(settings.model_copy(update={"worker_metrics_port": None})):
        assert samples(settings.worker_metrics_port) == {}


async def test_while_redis_is_away_nobody_knows_what_waits(tmp_path: Path) -> None:
    stop = asyncio.Event()
    async with Redis(unix_socket_path=str(tmp_path / "none")) as redis:
        watching = asyncio.create_task(watch_backlog(EventStream(redis, "tester"), stop))
        await asyncio.sleep(0.2)
        stop.set()
        await watching
    for name in ("salient_worker_waiting_entries", "salient_worker_lag_seconds"):
        shown = REGISTRY.get_sample_value(name)
        assert shown is not None
        assert isnan(shown)
