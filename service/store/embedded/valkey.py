"""Run Valkey for one state folder, on a unix socket, with its append-only file."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

import redis

from service.errors import EmbeddedStoreError
from service.store.embedded import processes
from service.store.embedded.binaries import valkey_program

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

_SOCKET = "valkey.sock"
_START_SECONDS = 30.0
_SETTINGS = {
    "port": "0",
    "unixsocket": _SOCKET,
    "unixsocketperm": "700",
    "daemonize": "no",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "aof-load-truncated": "yes",
    "maxmemory-policy": "noeviction",
    "databases": "64",
    "loglevel": "notice",
}
_STOP = ((signal.SIGTERM, 5.0), (signal.SIGKILL, 3.0))


@dataclass(frozen=True)
class Valkey:
    """The Valkey of one state folder. `socket_folder` is a path to it that a socket can bear."""

    folder: Path
    socket_folder: Path
    log: Path
    mark: str

    def url(self, database: int = 0) -> str:
        """Where clients find `database`."""
        return f"unix://{quote(str(self.socket_folder / _SOCKET))}?db={database}"

    def alive(self) -> bool:
        """Whether it answers now."""
        client = redis.Redis.from_url(self.url(), socket_timeout=2, retry=None)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()

    def start(self, *, tied: bool = False) -> None:
        """Clear what a kill left, start, and wait until the data is loaded."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        processes.end(self.mark, _STOP)
        (self.folder / _SOCKET).unlink(missing_ok=True)
        self._wait(self._launch(tied=tied))

    def stop(self) -> None:
        """Write out the append-only file and be gone within seconds."""
        if not processes.end(self.mark, _STOP):
            raise EmbeddedStoreError(f"Valkey in {self.folder} does not end")

    def _launch(self, *, tied: bool) -> subprocess.Popen[bytes]:
        settings = _SETTINGS | {"proc-title-template": f"{{title}} {self.mark}"}
        options = [word for key, value in settings.items() for word in (f"--{key}", value)]
        return processes.launch(
            [str(valkey_program()), *options, "--save", ""],
            self.folder,
            self.log,
            preexec_fn=processes.die_with_parent if tied else None,
        )

    def _wait(self, server: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self.alive():
            if server.poll() is not None or time.monotonic() > deadline:
                tail = self.log.read_text(errors="replace")[-2000:]
                raise EmbeddedStoreError(f"Valkey did not start, see {self.log}:\n{tail}")
            time.sleep(0.01)
