"""`salient up` in a process of its own, for tests that meet the whole as a user does."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[1]
PATIENCE_SECONDS = 90.0


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@dataclass
class Shop:
    """One state folder, and the `salient up` of it that runs."""

    state: Path
    port: int
    process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def up(self, *more: str) -> subprocess.Popen[str]:
        words = ["up", "--port", str(self.port), "--state", str(self.state), *more]
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in {"DATABASE_URL", "REDIS_URL"}
        }
        return subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "service", *words],
            cwd=CHECKOUT,
            env=environment | {"PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def start(self, *more: str) -> float:
        """Start it, wait until it says that it is ready; returns the seconds."""
        started = time.monotonic()
        self.process = self.up(*more)
        while not self.answers("/readyz"):
            assert self.process.poll() is None, self.output()
            assert time.monotonic() - started < PATIENCE_SECONDS, "not ready"
            time.sleep(0.05)
        return time.monotonic() - started

    def output(self) -> str:
        assert self.process
        assert self.process.stdout
        with self.process.stdout as said:
            return said.read()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        assert self.process
        started = time.monotonic()
        self.process.send_signal(number)
        assert self.process.wait(PATIENCE_SECONDS) == 0
        return time.monotonic() - started

    def answers(self, path: str) -> bool:
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as answer:  # noqa: S310 - ours
                return bool(answer.status == 200)
        except OSError:
            return False

    def told(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads((self.state / "demo.json").read_text())
        return told

    def ads(self, user: str | None = None) -> dict[str, Any]:
        told = self.told()
        asked: dict[str, Any] = {
            "query": told["queries"][0],
            "placement": told["placement"],
            "slots": 2,
            "timeout_ms": 1000,
        }
        if user is not None:
            asked["user"] = {"id": user, "consent": True}
        return self.post("/v1/ads", asked, told["publishable_key"])

    def post(self, path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310 - ours
            self.url + path,
            json.dumps(body).encode(),
            {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - ours
            content: dict[str, Any] = json.load(answer)
            return content

    def children(self) -> dict[str, int]:
        """The processes of the API and the worker, by the last word of their command."""
        assert self.process
        task = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        found = {}
        for pid in task.read_text().split():
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().strip("\0").split("\0")
            if words[-1] in {"serve", "worker"}:
                found[words[-1]] = int(pid)
        return found
