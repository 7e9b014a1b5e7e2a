"""A server in a process of its own, sound or not, and shoppers who come at a steady rate."""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
import sys
import time
import urllib.request
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from statistics import quantiles
from typing import TYPE_CHECKING, Any, Final

import httpx

from service.store.snapshots import point_to, write_snapshot
from tests.running_shop import CHECKOUT, free_port
from tests.unit.api.shop import SHOE, snapshot_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping
    from pathlib import Path

READY_SECONDS: Final = 60.0
KEY: Final = "sk_a"
TOLD_EVERY: Final = 5  # pages, one leads to an event and a click
BROWSER: Final = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36"
ASK: Final = {"query": "running shoe", "placement": "search_top", "timeout_ms": 1000}


@contextmanager
def serving(
    state: Path,
    stores: Mapping[str, str] | None = None,
    *,
    defect: str = "",
    ready_seconds: float = READY_SECONDS,
) -> Iterator[str]:
    """The URL of a server on the snapshots in `state`, or else on that of a small shop.

    `stores` are the variables that lead to the stores, `defect` one of `defective`.
    """
    if not (state / "snapshots").exists():
        point_to(write_snapshot(snapshot_of(SHOE, "a"), state / "snapshots" / SHOE))
    port = free_port()
    program = ["tests.faults.defective", defect or "none"]
    own = {"SALIENT_STATE": str(state), "SALIENT_MODELS": str(state / "models")}
    left = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL"}}
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", *program, "serve", "--port", str(port)],
        env=left | own | dict(stores or {}) | {"PYTHONPATH": str(CHECKOUT)},
        cwd=CHECKOUT,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(url, process, ready_seconds)
        yield url
    finally:
        process.kill()
        process.wait()


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], seconds: float) -> None:
    began = time.monotonic()
    while True:
        assert process.poll() is None, "it ended instead of serving"
        assert time.monotonic() - began < seconds, "not ready"
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=2):  # noqa: S310 - ours
                return
        except OSError:
            time.sleep(0.05)


@dataclass(frozen=True, slots=True)
class Seen:
    """An answer, or none."""

    due: float  # on the loop's clock
    took_seconds: float  # from when it was due
    status: int  # 0: no answer
    degraded: tuple[str, ...]
    ads: int


@dataclass
class Visitors:
    """Known shoppers who ask for ads when they are due, whether or not others were answered."""

    url: str
    rate: float = 60.0  # requests a second
    key: str = KEY
    ask: dict[str, Any] = field(default_factory=lambda: dict(ASK))
    seen: list[Seen] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)  # events and clicks
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    @asynccontextmanager
    async def coming(self) -> AsyncIterator[None]:
        """Come for as long as the block lasts; those who are inside are waited for."""
        under_way: set[asyncio.Task[None]] = set()
        headers = {"authorization": f"Bearer {self.key}", "user-agent": BROWSER}
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=50)
        async with httpx.AsyncClient(headers=headers, timeout=15, limits=limits) as http:
            coming = asyncio.create_task(self._come(http, under_way))
            try:
                yield
            finally:
                coming.cancel()
                await asyncio.gather(coming, *under_way, return_exceptions=True)

    async def _come(self, http: httpx.AsyncClient, under_way: set[asyncio.Task[None]]) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number in itertools.count():
            due = began + number / self.rate
            await asyncio.sleep(due - loop.time())
            visit = asyncio.create_task(self._visit(http, due))
            under_way.add(visit)
            visit.add_done_callback(under_way.discard)

    async def _visit(self, http: httpx.AsyncClient, due: float) -> None:
        number = next(self._numbers)
        ask = self.ask | {"query": self.ask["query"].format(number)}
        user = {"id": f"user-{number % 100}", "consent": True}
        status, told = 0, {}
        try:
            answer = await http.post(f"{self.url}/v1/ads", json=ask | {"user": user})
            status, told = answer.status_code, answer.json()
        except httpx.HTTPError:
            pass
        took = asyncio.get_running_loop().time() - due
        degraded, ads = tuple(told.get("degraded", ())), told.get("ads", ())
        self.seen.append(Seen(due, took, status, degraded, len(ads)))
        if ads and number % TOLD_EVERY == 0:
            await self._follow(http, ads[0])

    async def _follow(self, http: httpx.AsyncClient, ad: dict[str, Any]) -> None:
        """Tell that the ad was seen, and click it."""
        token = ad["click_url"].rpartition("/")[2]
        events = {"events": [{"type": "impression", "token": token}]}
        for method, path, body in (("POST", "/v1/events", events), ("GET", f"/c/{token}", None)):
            answer = await http.request(method, self.url + path, json=body)
            if answer.status_code not in {202, 302}:
                self.refused.append(f"{path[:10]}: {answer.status_code} {answer.text[:200]}")

    async def watch(self, seconds: float) -> list[Seen]:
        """What those see who come within so many seconds from now."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        await asyncio.sleep(seconds)
        end = loop.time()
        await asyncio.sleep(0.2)  # for the last ones' answers
        return [one for one in self.seen if began <= one.due < end]

    async def personal_within(self, seconds: float) -> float:
        """After how many seconds the first profile was read again.

        Raises: TimeoutError.
        """
        began = asyncio.get_running_loop().time()
        async with asyncio.timeout(seconds):
            while not any(one.due > began and is_personal(one) for one in self.seen):  # noqa: ASYNC110 - a look at a list
                await asyncio.sleep(0.02)
        return asyncio.get_running_loop().time() - began


def is_personal(seen: Seen) -> bool:
    """Whether the profile was read for it."""
    return seen.status == 200 and "no_profile" not in seen.degraded


def percentile(seen: list[Seen], share: int) -> float:
    """The seconds that so many in a hundred did not need."""
    assert len(seen) > 20
    return quantiles([one.took_seconds for one in seen], n=100)[share - 1]


def failures(seen: list[Seen]) -> list[Seen]:
    """What was not answered with ads."""
    return [one for one in seen if one.status != 200 or not one.ads]
