"""A whole service of one's own for a while: stores, one serving process, one worker.

Everything lies in a folder that is thrown away, and whatever was started is ended by its id.
"""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from service.store.embedded.stores import EmbeddedStores
from service.store.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from service.store.embedded.stores import StoreUrls

_READY_SECONDS = 180.0
_DRAIN_SECONDS = 15.0
_POLL_SECONDS = 0.05
_TAIL = 4_000  # characters of a log that an error shows


class ProcessFailedError(Exception):
    """A command ended badly, or a server never became ready."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A state folder with running stores, and what a `salient` process needs to know of them."""

    state: Path
    models: Path
    urls: StoreUrls
    port: int

    @property
    def base_url(self) -> str:
        """Where the service answers."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """The variables of a `salient` process."""
        return {
            **os.environ,
            "DATABASE_URL": self.urls.database_url,
            "REDIS_URL": self.urls.redis_url,
            "SALIENT_STATE": str(self.state),
            "SALIENT_MODELS": str(self.models),
            "SALIENT_BASE_URL": self.base_url,
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
        }

    def salient(self, *arguments: object) -> str:
        """Run a `salient` command to its end. Returns what it wrote."""
        return run([sys.executable, "-m", "service", *map(str, arguments)], self.environment())

    @contextmanager
    def process(
        self, *arguments: str, nice: int = 0, extra: Mapping[str, str] | None = None
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Keep a `python -m ...` process running; afterwards it is asked, then told, to end."""
        log = self.state / f"{arguments[-1].partition(':')[0]}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own program and arguments
                ["/usr/bin/env", "nice", f"-n{nice}", sys.executable, "-m", *arguments],
                env={**self.environment(), **(extra or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            yield process
        except BaseException:
            tail = log.read_text(encoding="utf-8", errors="replace")[-_TAIL:]
            sys.stderr.write(f"--- the end of {log.name}\n{tail}\n")
            raise
        finally:
            _end(process)

    def wait_until_ready(
        self, process: subprocess.Popen[bytes], path: str = "/readyz", port: int | None = None
    ) -> None:
        """Return once the service says that it is ready."""
        deadline = time.monotonic() + _READY_SECONDS
        while not answers(port or self.port, path):
            if process.poll() is not None:
                raise ProcessFailedError(f"the server ended with status {process.returncode}")
            if time.monotonic() > deadline:
                raise ProcessFailedError(f"{path} was not 200 within {_READY_SECONDS:.0f} s")
            time.sleep(_POLL_SECONDS)


@contextmanager
def surroundings(state: Path, models: Path) -> Iterator[Surroundings]:
    """Start both stores in `state` and make the tables; stop them at the end."""
    # tied: should this process be killed, the kernel ends the servers
    with EmbeddedStores(state, tied=True) as stores:
        migrate(stores.urls.database_url)
        yield Surroundings(state, models.resolve(), stores.urls, free_port())


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """Run a command to its end. Returns what it wrote; an error shows it."""
    done = subprocess.run(  # noqa: S603 - our own program and arguments
        command, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        tail = (done.stdout + done.stderr)[-_TAIL:]
        raise ProcessFailedError(f"{' '.join(command)}\nended with {done.returncode}:\n{tail}")
    return done.stdout


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def answers(port: int, path: str) -> bool:
    """Say whether a GET is answered by 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_DRAIN_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def leave_on_sigterm() -> None:
    """Turn SIGTERM into an exit that ends what was started and removes what was written."""
    signal.signal(signal.SIGTERM, _leave)


def _leave(*_: Any) -> None:
    raise SystemExit(143)
