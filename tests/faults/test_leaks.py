"""Row 24: SALIENT_SOAK_HOURS of steady traffic, and neither memory nor open files grow."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from tests.faults.own_shop import RIGHT, OwnShop, own_shop

HOURS = float(os.environ.get("SALIENT_SOAK_HOURS", "8"))
VISITS_A_SECOND = 10.0
SAMPLES = 240
WARM_SHARE = 0.2  # of the time, before caches are full
MOST_MB_AN_HOUR = 1.0
MOST_DESCRIPTORS = 8  # more at the end than when it was warm
_MB = 1_000_000


class Sample(NamedTuple):
    """One process at one moment."""

    hours: float
    resident_mb: float
    descriptors: int


def sample(pid: int, hours: float) -> Sample:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    resident = pages * os.sysconf("SC_PAGE_SIZE") / _MB
    return Sample(hours, resident, len(list(Path(f"/proc/{pid}/fd").iterdir())))


def growth(samples: list[Sample]) -> tuple[float, int]:
    """Megabytes an hour, by least squares, and more descriptors, once it is warm."""
    warm = samples[round(WARM_SHARE * len(samples)) :]
    slope = np.polyfit([one.hours for one in warm], [one.resident_mb for one in warm], 1)[0]
    return float(slope), warm[-1].descriptors - warm[0].descriptors


async def watch(shop: OwnShop, hours: float) -> list[list[Sample]]:
    """Samples of the server and of the worker while visitors come."""
    assert shop.server.process
    assert shop.worker
    pids = [shop.server.process.pid, shop.worker.pid]
    found: list[list[Sample]] = [[] for _ in pids]
    async with shop.visited(VISITS_A_SECOND):
        for number in range(SAMPLES):
            await asyncio.sleep(3600 * hours / SAMPLES)
            for pid, samples in zip(pids, found, strict=True):
                samples.append(sample(pid, number * hours / SAMPLES))
    return found


def test_growth_of_a_leak_is_told() -> None:
    leak = [Sample(n / 10, 100 + 3 * n / 10, 20 + n) for n in range(50)]
    slope, descriptors = growth(leak)
    assert slope == pytest.approx(3.0)
    assert descriptors == 39  # of 50 samples the first ten are not counted


@pytest.mark.soak
async def test_hours_of_traffic_leak_nothing(tmp_path: Path) -> None:
    async with own_shop(tmp_path) as shop:
        await shop.start_worker()
        processes = await watch(shop, HOURS)
        assert shop.failures == []
        await shop.recorded(seconds=60)
        assert await shop.account() == RIGHT
        await shop.stop_worker()
    for samples in processes:
        slope, descriptors = growth(samples)
        assert slope < MOST_MB_AN_HOUR
        assert descriptors <= MOST_DESCRIPTORS
