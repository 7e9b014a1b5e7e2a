"""Ways to take a store or a process away, as no orderly stop does, and to bring it back."""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import redis

from service.store.embedded import processes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from service.store.embedded.postgres import Postgres
    from service.store.embedded.valkey import Valkey

_AT_ONCE = ((signal.SIGKILL, 10.0),)
_IMMEDIATE = ((signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0))


def kill_valkey(valkey: Valkey) -> None:
    """SIGKILL: what it wrote to its file is kept by the kernel, so this alone loses nothing."""
    assert processes.end(valkey.mark, _AT_ONCE)


def stop_postgres_at_once(postgres: Postgres) -> None:
    """What `pg_ctl stop -m immediate` does: no checkpoint, the next start recovers."""
    assert processes.end(postgres.mark, _IMMEDIATE)


def cut_power_of_valkey(valkey: Valkey, seconds: float = 1.0) -> int:
    """Kill it, and take from its append-only file what it wrote in its last `seconds`.

    A kill leaves all writes to the kernel; a power cut loses what was not synced, which
    `appendfsync everysec` bounds by a second. Returns: how many bytes were cut.
    """
    before = {path: path.stat().st_size for path in _increments(valkey)}
    time.sleep(seconds)
    kill_valkey(valkey)
    cut = 0
    for path in _increments(valkey):
        kept = before.get(path, 0)  # a file that is younger than that is lost as a whole
        cut += path.stat().st_size - kept
        os.truncate(path, kept)
    return cut


def _increments(valkey: Valkey) -> list[Path]:
    return sorted((valkey.folder / "appendonlydir").glob("*.incr.aof"))


def empty_valkey(valkey: Valkey) -> None:
    """FLUSHALL."""
    with redis.Redis.from_url(valkey.url()) as client:
        client.flushall()


@contextmanager
def frozen(*pids: int) -> Iterator[None]:
    """SIGSTOP for the block: connections are accepted and kept, and nothing is said."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
