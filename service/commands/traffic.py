"""Live traffic of the demo shop's made-up shoppers, with progress, against a running service."""

from __future__ import annotations

import asyncio
import secrets
import signal
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from service.commands.running_demo import read_demo_file, require_ready, shop_client
from service.demo.open_loop import run_visits
from service.demo.shopping import Aisles, Shopping
from service.demo.tally import Tally
from service.demo.traffic import SimulatedShoppers
from service.demo.visits import plan_visits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

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
    told, tally = read_demo_file(demo_file), Tally()
    async with shop_client(told) as client:
        await require_ready(client)
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
