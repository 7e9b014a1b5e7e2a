"""Two checkouts of the service on one database, one Valkey and one state folder."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
from redis import Redis

from service.store.stream import STREAM
from tests.running_shop import CHECKOUT, free_port

FIRST = "35aed71f5c41f371f7dd477d45ae74d9e7f11def"
"""What a version is held against until there is a tag."""

PARTS = ("service", "migrations", "models")
PATIENCE_SECONDS = 90.0


def previous_version() -> str:
    """The newest tag before this commit, or `FIRST`; nothing where the history has neither."""
    tagged = _git("describe", "--tags", "--abbrev=0", "HEAD^").decode().strip()
    return tagged or _git("rev-parse", "--quiet", "--verify", FIRST + "^{commit}").decode().strip()


def unpack(version: str, folder: Path) -> Path:
    """The sources of a version, below `folder`."""
    folder.mkdir()
    archive = _git("archive", version, *PARTS)
    subprocess.run(["tar", "-x"], cwd=folder, input=archive, check=True)  # noqa: S607 - as installed
    return folder


def _git(*words: str) -> bytes:
    done = subprocess.run(["git", *words], cwd=CHECKOUT, capture_output=True, check=False)  # noqa: S603, S607 - ours
    return done.stdout if done.returncode == 0 else b""


@dataclass
class Version:
    """One version: its API and its worker, when they run."""

    checkout: Path
    environment: dict[str, str]
    port: int = field(default_factory=free_port)
    http: httpx.Client = field(default_factory=httpx.Client)
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def how(self) -> dict[str, Any]:
        own = {"PYTHONPATH": str(self.checkout), "SALIENT_MODELS": str(self.checkout / "models")}
        own |= {"PORT": str(self.port), "SALIENT_LINGER_SECONDS": "0"}
        return {"cwd": self.checkout, "env": {**os.environ, **self.environment, **own}}

    def run(self, *words: str) -> None:
        """`salient words...`, to its end, which must be good."""
        command = [sys.executable, "-m", "service", *words]
        done = subprocess.run(command, **self.how(), capture_output=True, text=True, check=False)  # noqa: S603 - ours
        assert done.returncode == 0, done.stderr

    def start(self, *names: str) -> None:
        """Start `serve` or `worker`; the first is waited for."""
        log = Path(self.environment["SALIENT_STATE"]) / "log"
        for name in names:
            command = [sys.executable, "-m", "service", name]
            with log.open("ab") as output:
                self.running[name] = subprocess.Popen(  # noqa: S603 - ours
                    command, **self.how(), stdout=output, stderr=output
                )
        within(PATIENCE_SECONDS, lambda: "serve" not in names or self._ready())

    def _ready(self) -> bool:
        assert self.running["serve"].poll() is None, "the API ended"
        try:
            return self.http.get(f"{self.url}/readyz").status_code == 200
        except httpx.HTTPError:
            return False

    def stop(self, *names: str) -> None:
        """SIGTERM, and wait; each must end well."""
        gone = [self.running.pop(name) for name in names]
        for process in gone:
            process.terminate()
        assert [process.wait(30) for process in gone] == [0] * len(gone)

    def end(self) -> None:
        """Whatever state they are in."""
        self.http.close()
        for process in self.running.values():
            process.kill()
            process.wait()


def within(seconds: float, done: Any) -> bool:
    """Whether `done()` came true in time; asked ten times a second."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@dataclass
class Shop:
    """What shoppers do on pages of either version, and what they met."""

    environment: dict[str, str]
    keys: dict[str, Any]
    sent: dict[str, set[str]] = field(
        default_factory=lambda: {"search": set(), "impression": set(), "click": set()}
    )
    refused: list[str] = field(default_factory=list)
    degraded: set[str] = field(default_factory=set)

    def ads(self, version: Version, user: str) -> list[dict[str, Any]]:
        """The ads of a page that `version` made."""
        asked = {"query": self.keys["queries"][0], "placement": self.keys["placement"]}
        who = {"id": user, "consent": True}
        answer = self._post(version, "/v1/ads", asked | {"user": who, "timeout_ms": 2000}, 200)
        self.degraded |= set(answer["degraded"])
        ads: list[dict[str, Any]] = answer["ads"]
        return ads

    def use(self, version: Version, ads: list[dict[str, Any]], user: str) -> None:
        """See the ads, click the first and search again, all told to `version`."""
        name = f"search-{len(self.sent['search'])}"
        who = {"id": user, "consent": True}
        events: list[dict[str, Any]] = [
            {"type": "search", "event_id": name, "query": "jacket", "user": who}
        ]
        events += [{"type": "impression", "token": ad["impression_url"]} for ad in ads]
        told = self._post(version, "/v1/events", {"events": events}, 202)
        self.refused += [str(one) for one in told["results"] if one["status"] != "accepted"]
        self.sent["search"].add(name)
        self.sent["impression"] |= {ad["impression_id"] for ad in ads}
        self._click(version, ads[0])

    def _click(self, version: Version, ad: dict[str, Any]) -> None:
        path = "/c/" + ad["click_url"].partition("/c/")[2]
        answer = version.http.get(version.url + path, headers={"user-agent": "Mozilla/5.0 (X11)"})
        if answer.status_code != 302:
            self.refused.append(f"{path[:20]}: {answer.status_code} {answer.text}")
        self.sent["click"].add(ad["impression_id"])

    def _post(self, version: Version, path: str, body: Any, expected: int) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {self.keys['secret_key']}"}
        answer = version.http.post(version.url + path, json=body, headers=headers)
        if answer.status_code != expected:
            self.refused.append(f"{path}: {answer.status_code} {answer.text[:300]}")
            return {"results": [], "ads": [], "degraded": []}
        found: dict[str, Any] = answer.json()
        return found

    def stored(self) -> dict[str, list[str]]:
        """The keys in the database, as often as they stand there."""
        query = "SELECT type, event_key FROM events WHERE invalid_reason IS NULL"
        found: dict[str, list[str]] = {kind: [] for kind in self.sent}
        with psycopg.connect(self.environment["DATABASE_URL"]) as connection:
            for kind, key in connection.execute(query).fetchall():
                found[kind].append(key)
        return found

    def all_stored(self) -> bool:
        """Whether everything sent is there, each once, and the stream is empty."""
        stored = self.stored()
        with Redis.from_url(self.environment["REDIS_URL"]) as redis:
            empty = redis.xlen(STREAM) == 0
        return empty and all(sorted(self.sent[kind]) == sorted(stored[kind]) for kind in stored)

    def counted(self, query: str) -> int:
        """The one number that `query` gives."""
        with psycopg.connect(self.environment["DATABASE_URL"]) as connection:
            row = connection.execute(query).fetchone()
            assert row
            return int(row[0])


def told_keys(state: Path) -> dict[str, Any]:
    """The keys, queries and placement of the made-up shop."""
    told: dict[str, Any] = json.loads((state / "demo.json").read_text())
    return told


def change(checkout: Path, file: str, old: str, new: str) -> None:
    """Put a defect into a checkout of our own."""
    path = checkout / file
    before = path.read_text()
    assert len(re.findall(re.escape(old), before)) == 1, f"{old!r} in {file}"
    path.write_text(before.replace(old, new))
