"""The five A/B designs against a running demo shop, with progress; writes what they came to."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from service.commands.running_demo import read_demo_file, require_ready, shop_client
from service.demo.ab import DESIGNS, NOTICED, Shop, TrialError, run_design
from service.demo.ab_histories import past_clicks, planned_visits
from service.demo.ab_results import result_of
from service.demo.open_loop import ServiceAwayError
from service.demo.shopping import Aisles
from service.demo.traffic import SimulatedShoppers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_EVENTS = 500  # in one call
_SETTLE_SECONDS = 3.0  # in which the worker puts the past into profiles


@dataclass(frozen=True, slots=True)
class Trials:
    """How much traffic: page views before the tests, and in each."""

    past_visits: int
    visits: int
    seed: int


def run_ab(demo_file: Path, trials: Trials, out: Path) -> str:
    """Give the shoppers a past, run the designs one after the other, write the JSON file `out`.

    Returns: the lifts, in words.
    Raises: BadInputError without a demo shop, ServiceAwayError when the service cannot be
    reached, TrialError when it refuses.
    """
    began = time.monotonic()
    results = asyncio.run(_against(read_demo_file(demo_file, also=("secret_key",)), trials))
    found = {
        "trials": asdict(trials),
        "noticed": NOTICED,
        "seconds": time.monotonic() - began,
        "designs": results,
    }
    out.write_text(json.dumps(found, indent=2) + "\n")
    return "\n".join(_line(result) for result in results)


async def _against(told: dict[str, Any], trials: Trials) -> list[dict[str, Any]]:
    try:
        async with shop_client(told) as visitor, shop_client(told, "secret_key") as manager:
            await require_ready(visitor)
            return await _run(_shop(told, trials, visitor, manager), trials)
    except httpx.TransportError as error:
        raise ServiceAwayError(f"the service went away: {type(error).__name__}") from error


def _shop(
    told: dict[str, Any], trials: Trials, visitor: httpx.AsyncClient, manager: httpx.AsyncClient
) -> Shop:
    people, aisles = SimulatedShoppers(told["seed"]), Aisles(told["seed"])
    run = secrets.token_hex(4)
    return Shop(visitor, manager, people, aisles, told["placement"], run, trials.seed)


async def _run(shop: Shop, trials: Trials) -> list[dict[str, Any]]:
    results = []
    with _bars() as bars:
        past = bars.add_task("the shoppers' past", total=trials.past_visits)
        await _tell_past(shop, trials)
        bars.update(past, completed=trials.past_visits)
        for number, design in enumerate(DESIGNS):
            bar = bars.add_task(design.about, total=trials.visits)
            of_design = replace(shop, seed=trials.seed + number)  # other visits, other luck
            visits = planned_visits(shop.people, visits=trials.visits, seed=of_design.seed)
            seen = await run_design(of_design, design, visits, partial(bars.advance, bar))
            results.append(result_of(design, seen))
    return results


async def _tell_past(shop: Shop, trials: Trials) -> None:
    events: Iterator[dict[str, Any]] = past_clicks(
        shop.people,
        shop.aisles,
        shop.run,
        visits=trials.past_visits,
        seed=trials.seed,
        now=time.time(),
    )
    while batch := list(islice(events, _EVENTS)):
        answer = await shop.manager.post("/v1/events", json={"events": batch})
        if answer.status_code != httpx.codes.ACCEPTED:
            raise TrialError(f"{answer.status_code} to past events: {answer.text[:300]}")
    await asyncio.sleep(_SETTLE_SECONDS)


def _bars() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True))


def _line(result: dict[str, Any]) -> str:
    lift, truth = result["lift"], result["true_lift"]
    said = f"{result['about']}: {_percent(lift['value'])}"
    if lift["value"] is not None:
        said += f" [{_percent(lift['low'])}, {_percent(lift['high'])}], p {lift['p']:.3f}"
    return f"{said}; endless traffic would show {_percent(truth['value'])}"


def _percent(value: float | None) -> str:
    return "not measured" if value is None else f"{value:+.1%}"
