"""Row 16: a model that takes its time. Who asks meanwhile gets the linear rank by the deadline.

A model runs in the loop's own thread and cannot be stopped half way: the first three slow
answers are as late as they are. From then on it is tried in a thread of its own, where nobody
waits for it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from service.store.keys import create_key
from service.worker.refresh import refresh_once
from tests.faults.steady import Seen, Visitors, failures, percentile, serving
from tests.integration.worker.conftest import files, models  # noqa: F401 - fixtures
from tests.integration.worker.shop import open_shop

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine

RATE = 30.0
LEARN_SECONDS = 3.0
SPARE_SECONDS = 0.005
ROUNDS = 3  # other work of the machine only ever adds: the quietest counts
WATCH_SECONDS = 20.0
CASES = [(0.008, 25), (0.05, 100)]
"""Seconds that a graph sleeps, of which a decision runs four, and timeout_ms of the callers."""


async def key_of_shop(engine: AsyncEngine, state: Path, models: Path) -> str:  # noqa: F811
    """Open a shop with both models in its snapshot; returns a key of it."""
    store, _ = await open_shop(engine)
    async with engine.begin() as connection:
        _, key = await create_key(connection, store.store_id, "secret", ("serve", "events"))
    await refresh_once(engine, state=state, models=models)
    return key


def ask(timeout_ms: int) -> dict[str, Any]:
    # each query another one: answers to strangers are remembered
    return {"query": "lamp {}", "placement": "search_top", "timeout_ms": timeout_ms}


def is_by_model(seen: Seen) -> bool:
    return seen.status == 200 and "linear_rank" not in seen.degraded


class Felt(NamedTuple):
    """What shoppers felt of the slow model, once it was noticed."""

    late_seconds: float  # the 99th percentile, past the deadline or what was usual before
    without_ads: int
    by_model: int  # answers that waited for it


async def watch_slow_model(visitors: Visitors, file: Path, sleeps: float, seconds: float) -> Felt:
    """Make the models slow, give the server time to learn, and watch; then they are well again."""
    async with visitors.coming():
        usual = await visitors.watch(LEARN_SECONDS)
        assert any(map(is_by_model, usual))
        file.write_text(str(sleeps))  # noqa: ASYNC240 - a few bytes
        await visitors.watch(LEARN_SECONDS)
        slow = await visitors.watch(seconds)
        file.unlink()  # noqa: ASYNC240 - at once
        async with asyncio.timeout(40):  # the pauses grow up to half a minute
            while not is_by_model(visitors.seen[-1]):  # noqa: ASYNC110 - a look at a list
                await asyncio.sleep(0.1)
    deadline = visitors.ask["timeout_ms"] / 1000
    late = percentile(slow, 99) - max(deadline, percentile(usual, 99))
    return Felt(late, len(failures(slow)), sum(map(is_by_model, slow)))


async def least_felt(
    url: str, key: str, state: Path, case: tuple[float, int], seconds: float
) -> Felt:
    """The same in the quietest of some rounds."""
    found: list[Felt] = []
    sleeps, timeout_ms = case
    while len(found) < ROUNDS and not (found and found[-1].late_seconds <= SPARE_SECONDS):
        visitors = Visitors(url, rate=RATE, key=key, ask=ask(timeout_ms))
        found.append(await watch_slow_model(visitors, state / "slow", sleeps, seconds))
    return min(found)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
async def test_a_slow_model_keeps_nobody_beyond_the_deadline(
    engine: AsyncEngine,
    models: Path,  # noqa: F811
    tmp_path: Path,
    case: tuple[float, int],
) -> None:
    key = await key_of_shop(engine, tmp_path, models)
    with serving(tmp_path, defect="sleep_in_models") as url:
        felt = await least_felt(url, key, tmp_path, case, WATCH_SECONDS)
    assert felt.late_seconds <= SPARE_SECONDS
    assert (felt.without_ads, felt.by_model) == (0, 0)


@pytest.mark.slow
async def test_mutant_that_asks_a_slow_model_again_is_caught(
    engine: AsyncEngine,
    models: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    key = await key_of_shop(engine, tmp_path, models)
    with serving(tmp_path, defect="never_learn") as url:
        visitors = Visitors(url, rate=RATE, key=key, ask=ask(CASES[1][1]))
        felt = await watch_slow_model(visitors, tmp_path / "slow", CASES[1][0], 5.0)
    assert felt.late_seconds > SPARE_SECONDS
