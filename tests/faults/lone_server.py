"""A serving process without stores, and raw connections to it, for those who send no HTTP."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from service.store.snapshots import point_to, write_snapshot
from tests.running_shop import free_port
from tests.unit.api.shop import SHOE, snapshot_of

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = b"Authorization: Bearer sk_a\r\n"
BODY = b'{"query": "running shoe", "placement": "search_top"}'
ASK = (
    b"POST /v1/ads HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    + KEY
    + b"Content-Length: %d\r\n\r\n" % len(BODY)
    + BODY
)
_SERVE = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, ({files}, {files}))
from service.main import serve
from service.settings import Settings
serve(Settings())
"""


@dataclass(frozen=True)
class LoneServer:
    """The process, and where it listens."""

    process: subprocess.Popen[bytes]
    port: int

    def connect(self, seconds: float = 10.0) -> socket.socket:
        """A connection whose reads and writes end after `seconds`."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=seconds)

    def answer(self, sent: bytes, silence: float = 0.4) -> bytes:
        """What comes back for `sent` until the server closes, or says nothing for a while."""
        with self.connect(silence) as connection:
            with suppress(OSError):  # it may close before it has read all
                connection.sendall(sent)
            return read_all(connection)

    def serves(self) -> bool:
        """Whether it answers a good request."""
        try:
            with self.connect(3.0) as connection:
                return serves_on(connection)
        except OSError:
            return False

    def resident_bytes(self) -> int:
        """Its resident memory."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")


def read_all(connection: socket.socket) -> bytes:
    """What comes until the other side closes, or the connection's time is up."""
    found = b""
    while True:
        try:
            data = connection.recv(65_536)
        except (ConnectionResetError, TimeoutError):
            return found
        if not data:
            return found
        found += data


def serves_on(connection: socket.socket) -> bool:
    """Whether a good request on this connection gets its ads."""
    connection.sendall(ASK)
    found = b""
    while b'"expires_at"' not in found:
        data = connection.recv(65_536)
        if not data:
            return False
        found += data
    return found.startswith(b"HTTP/1.1 200")


@contextmanager
def lone_server(state: Path, *, files: int = 4096, **environment: str) -> Iterator[LoneServer]:
    """A server that may open so many `files`, on the snapshot of a small shop."""
    point_to(write_snapshot(snapshot_of(SHOE, "a"), state / "snapshots" / SHOE))
    port = free_port()
    own = {"SALIENT_STATE": str(state), "SALIENT_MODELS": str(state), "PORT": str(port)}
    left = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL"}}
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", _SERVE.format(files=files)],
        env=left | own | environment,
        cwd=Path(__file__).parents[2],
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_ready(port)
        yield LoneServer(process, port)
    finally:
        process.terminate()
        process.wait(15)


def _wait_until_ready(port: int) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
                return
        except OSError:
            time.sleep(0.05)
    message = "not ready within 15 s"
    raise TimeoutError(message)
