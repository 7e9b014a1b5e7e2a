"""Row 4: Redis hangs. It accepts connections, takes what is sent, and says nothing."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from service.store.embedded import processes
from service.store.embedded.stores import EmbeddedStores
from tests.faults.kills import frozen
from tests.faults.steady import Visitors, failures, is_personal, percentile, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.store.embedded.valkey import Valkey

OPEN_SECONDS = 1.0  # by then the breaker is open
WITHIN_SECONDS = 0.010
ROUNDS = 3  # other work of the machine only ever adds: the quietest counts
SECONDS = [2.0, pytest.param(10.0, marks=pytest.mark.slow)]


@pytest.fixture(scope="module")
def valkey() -> Iterator[Valkey]:
    """A Valkey that only this module uses, so that it may stop it."""
    with tempfile.TemporaryDirectory(prefix="salient-") as folder:
        stores = EmbeddedStores(Path(folder), only="valkey", tied=True)
        with stores:
            yield stores.valkey


async def added_seconds(visitors: Visitors, valkey: Valkey, seconds: float) -> tuple[float, float]:
    """What a hang of Redis adds to the median and to the 99th percentile once it is noticed.

    Nobody may be without ads, neither before it is noticed nor after; and profiles come back.
    """
    usual = await visitors.watch(seconds)
    assert [one for one in usual[-20:] if is_personal(one)]
    with frozen(*processes.find(valkey.mark)):
        noticing = await visitors.watch(OPEN_SECONDS)
        hanging = await visitors.watch(seconds)
    await visitors.personal_within(5)
    assert failures(usual + noticing + hanging) == []
    assert not any(is_personal(one) for one in hanging)
    return tuple(percentile(hanging, n) - percentile(usual, n) for n in (50, 99))  # type: ignore[return-value] # two


async def least_added(
    visitors: Visitors, valkey: Valkey, seconds: float, *, rounds: int = ROUNDS
) -> tuple[float, float]:
    """The same in the quietest of some rounds."""
    added: list[tuple[float, float]] = []
    async with visitors.coming():
        await asyncio.sleep(0.5)
        while len(added) < rounds and not (added and added[-1][1] < WITHIN_SECONDS):
            added.append(await added_seconds(visitors, valkey, seconds))
    assert visitors.refused == []
    return min(added)


@pytest.mark.parametrize("seconds", SECONDS)
async def test_a_redis_that_hangs_delays_nobody(
    valkey: Valkey, tmp_path: Path, seconds: float
) -> None:
    with serving(tmp_path, {"REDIS_URL": valkey.url()}) as url:
        median, p99 = await least_added(Visitors(url), valkey, seconds)
    assert p99 < WITHIN_SECONDS
    assert median < WITHIN_SECONDS / 2  # nobody waits for the deadline any more


@pytest.mark.slow
async def test_mutant_whose_breaker_never_opens_is_caught(valkey: Valkey, tmp_path: Path) -> None:
    """It asks a silent Redis for every shopper, and waits out the deadline each time."""
    with serving(tmp_path, {"REDIS_URL": valkey.url()}, defect="never_open") as url:
        median, _ = await least_added(Visitors(url), valkey, 2.0, rounds=1)
    assert median > WITHIN_SECONDS / 2
