"""Two servers, two workers and stores of their own: what the chaos run kills and starts again."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from service.store.embedded.processes import die_with_parent
from service.store.embedded.stores import EmbeddedStores
from service.store.migrate import migrate
from tests.faults.chaos_shop import SECRET
from tests.running_shop import CHECKOUT, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

READY_SECONDS: Final = 60.0


@dataclass
class Process:
    """A command of ours that is killed and started again."""

    words: list[str]
    environment: dict[str, str]
    log: Path
    port: int | None = None  # of a server
    running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; nothing is waited for."""
        with self.log.open("ab") as output:
            self.running = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, *self.words],
                cwd=CHECKOUT,
                env={**os.environ, **self.environment, "PYTHONPATH": str(CHECKOUT)},
                stdout=output,
                stderr=output,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - a killed run leaves nothing behind
            )

    @property
    def pid(self) -> int:
        """The id of what runs."""
        assert self.running is not None
        return self.running.pid

    def kill(self) -> None:
        """SIGKILL, and reap."""
        if self.running is not None:
            self.running.kill()
            self.running.wait()

    def is_ready(self) -> bool:
        """Whether it serves; a worker does as long as it runs."""
        assert self.running is not None
        if self.running.poll() is not None:
            return False
        if self.port is None:
            return True
        try:
            url = f"http://127.0.0.1:{self.port}/readyz"
            with urllib.request.urlopen(url, timeout=1) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


@dataclass
class House:
    """All that the run may kill."""

    folder: Path
    stores: EmbeddedStores
    environment: dict[str, str]
    servers: list[Process] = field(default_factory=list)
    workers: list[Process] = field(default_factory=list)

    def add(self, defect: str) -> None:
        """Two servers and two workers, each sound unless a `defect` is named."""
        program = ["-m", "tests.faults.defective", defect or "none"]
        for number in range(2):
            port, log = free_port(), self.folder / f"server-{number}.log"
            serve = [*program, "serve", "--port", str(port)]
            self.servers.append(Process(serve, self.environment, log, port))
            log = self.folder / f"worker-{number}.log"
            self.workers.append(Process([*program, "worker"], self.environment, log))

    @property
    def processes(self) -> list[Process]:
        """Servers and workers."""
        return [*self.servers, *self.workers]

    def kill(self) -> None:
        """Whatever state they are in."""
        for process in self.processes:
            process.kill()

    def start(self) -> None:
        """Start all, and wait until the servers serve."""
        for process in self.processes:
            process.start()
        deadline = time.monotonic() + READY_SECONDS
        while not all(process.is_ready() for process in self.processes):
            assert time.monotonic() < deadline, f"not ready, see {self.folder}"
            time.sleep(0.1)


@contextmanager
def open_house(folder: Path) -> Iterator[House]:
    """Durable stores with our tables in them; whatever runs at the end is killed."""
    with ExitStack() as stack:
        stores = EmbeddedStores(folder / "stores", tied=True)
        urls = stores.start()
        stack.callback(stores.stop)
        migrate(urls.database_url)
        environment = {
            "DATABASE_URL": urls.database_url,
            "REDIS_URL": urls.redis_url,
            "SALIENT_STATE": str(folder / "state"),
            "SALIENT_MODELS": str(folder / "models"),
            "SALIENT_SECRET": SECRET,
            "SALIENT_WORKERS": "1",
        }
        house = House(folder, stores, environment)
        stack.callback(house.kill)
        yield house
