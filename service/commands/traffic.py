"""Live traffic of the demo shop's made-up shoppers, with progress, against a running service."""

from __future__ import annotations

import asyncio
import json
import secrets
import signal
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from service.demo.open_loop import ServiceAwayError, run_visits
from service.demo.shopping import BROWSER, Aisles, Shopping
from service.demo.tally import Tally
from service.demo.traffic import SimulatedShoppers
from service.demo.visits import plan_visits
from service.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

_NEEDED = ("url", "publishable_key", "placement", "seed")
_TIMEOUT_SECONDS = 5.0
_REDRAWN_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Run:
    """How much traffic, and of whom."""

    rate: float  # visits a second
    seconds: float
    shoppers: int
    seed: int


async def run_traffic(demo_file: Path, run: Run) -> str:
    """Send the traffic until its time is up, or SIGINT or SIGTERM comes.

    Returns: what it came to, in words.
    Raises: BadInputError without a demo shop, ServiceAwayError when the service cannot be reached.
    """
    told, tally = _told(demo_file), Tally()
    async with _client(told) as client:
        await _require_ready(client)
        people, aisles = SimulatedShoppers(told["seed"]), Aisles(told["seed"])
        shopping = Shopping(
            client=client, people=people, aisles=aisles, placement=told["placement"],
            tally=tally, run=secrets.token_hex(4), seed=run.seed,
        )  # fmt: skip
        visits = plan_visits(people.model, rate=run.rate, shoppers=run.shoppers, seed=run.seed)
        async with _progress(tally, run.seconds):
            took = await run_visits(
                visits, shopping.visit, tally, seconds=run.seconds, stop=_stop_signal()
            )
    return _summary(tally, took)


def _told(demo_file: Path) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads(demo_file.read_text())
        missing = [name for name in _NEEDED if not told.get(name)]
    except FileNotFoundError:
        raise BadInputError(
            f"there is no demo shop: {demo_file} does not exist; start one with `salient up`"
        ) from None
    except (ValueError, AttributeError) as error:
        raise BadInputError(f"{demo_file} is not what `salient up` writes: {error}") from error
    if missing:
        raise BadInputError(f"{demo_file} lacks {', '.join(missing)}; `salient up` writes it anew")
    return told


def _client(told: dict[str, Any]) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=told["url"],
        headers={"Authorization": f"Bearer {told['publishable_key']}", "User-Agent": BROWSER},
        timeout=_TIMEOUT_SECONDS,
        limits=httpx.Limits(max_connections=100, max_keepalive_connections=100),
        trust_env=False,  # a proxy would stand between, and be measured
    )


async def _require_ready(client: httpx.AsyncClient) -> None:
    try:
        response = await client.get("/readyz")
    except httpx.HTTPError as error:
        raise ServiceAwayError(
            f"no service answers at {client.base_url}: {str(error) or type(error).__name__}; "
            "start it with `salient up`"
        ) from error
    if response.status_code != httpx.codes.OK:
        raise ServiceAwayError(
            f"the service at {client.base_url} is not ready: {response.text[:200]}"
        )


def _stop_signal() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


@asynccontextmanager
async def _progress(tally: Tally, seconds: float) -> AsyncIterator[None]:
    """A line that shows how the run goes, drawn anew four times a second."""
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=None), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, expand=True) as bar:
        task, started = bar.add_task("", total=seconds), time.monotonic()

        async def draw() -> None:
            while True:
                elapsed = time.monotonic() - started
                bar.update(task, completed=elapsed, description=tally.line(elapsed))
                await asyncio.sleep(_REDRAWN_SECONDS)

        drawing = asyncio.create_task(draw())
        try:
            yield
        finally:
            drawing.cancel()


def _summary(tally: Tally, took: float) -> str:
    said = [
        f"{tally.requests:,} requests in {took:.1f} s: {tally.line(took)}",
        f"{tally.impressions:,} impressions, {tally.clicks:,} clicks, {tally.orders:,} orders",
    ]
    said += [f"{count:,} x {what}" for what, count in tally.errors.most_common()]
    return "\n".join(said)
