"""A made-up history of many platforms: what the shipped allocator learns from.

Advertisers spend as people do: a share of their own for each platform, moved now and then, shaken
daily, sometimes off for a day, some platforms only later. Platforms are shocked some times a year.
What they bring stands on the day of the spend that caused it, as platforms' own reports attribute
it: from results that stand on later days, a model would learn that spend does less than it does.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from service.demo.platform_world import CURRENCY, LATE_DAYS, Market, Shock, make_world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from service.demo.platform_world import Floats, PlatformWorld

PLATFORMS: Final = 10  # of each advertiser
FIRST_DAY: Final = date(2025, 1, 6)  # a Monday, as day 0 of a world is
_SHOCKS_A_DAY: Final = 1 / 45
_MOVES_A_DAY: Final = 1 / 12  # that a person sets a platform's spend anew
_STARTS_LATER: Final = 0.1
_OFF_A_DAY: Final = 0.01

Row = tuple[date, str, float, int, int, int]


def drawn_shock(rng: np.random.Generator, day: int, platform: int) -> Shock:
    """Draw what befalls a platform: half as good or twice, or full at other spends."""
    kinds = (
        ("level", rng.uniform(0.3, 0.6)),
        ("level", rng.uniform(1.7, 2.5)),
        ("half", 0.4),
        ("half", 2.5),
    )
    what, factor = kinds[rng.integers(len(kinds))]
    return Shock(day, platform, what, float(factor))


def people_spend(rng: np.random.Generator, half: Floats, days: int) -> NDArray[np.int64]:
    """Draw what a person spends (days, P) in micros on platforms with `half` (P,) at first."""
    size = len(half)
    usual = half * np.exp(rng.normal(np.log(0.25), 1.0, size))
    shaken = rng.uniform(0.02, 0.4, size)  # how far a day is from the usual one
    spend = np.zeros((days, size))
    for day in range(days):
        moved = rng.random(size) < _MOVES_A_DAY
        usual = np.where(moved, half * np.exp(rng.normal(np.log(0.4), 1.2, size)), usual)
        spend[day] = usual * np.exp(shaken * rng.normal(size=size))
    first = np.where(rng.random(size) < _STARTS_LATER, rng.integers(0, days // 2, size), 0)
    spend[np.arange(days)[:, None] < first] = 0
    spend[rng.random((days, size)) < _OFF_A_DAY] = 0
    return spend.astype(np.int64)


def history_rows(seed: int, *, advertisers: int, days: int) -> Iterator[Row]:
    """Yield rows as `date, platform, spend, impressions, clicks, conversions`.

    Spend is in currency units. A platform has no rows before its first spend.
    """
    for number in range(advertisers):
        rng = np.random.default_rng([seed, number])
        struck = np.argwhere(rng.random((days, PLATFORMS)) < _SHOCKS_A_DAY)
        shocks = tuple(drawn_shock(rng, int(day), int(place)) for day, place in struck)
        world = _at_once(make_world(rng, platforms=PLATFORMS, days=days, shocks=shocks))
        market = Market(world, rng)
        plan = people_spend(rng, world.half[0], days)
        started = np.cumsum(plan, axis=0) > 0
        for day, spend in enumerate(plan):
            _, counts = market.spend(spend)
            on = FIRST_DAY + timedelta(days=day)
            for place in np.flatnonzero(started[day]):
                name = f"advertiser {number + 1}/platform {place + 1}"
                shown, clicks, bought = (int(count[place]) for count in counts)
                yield on, name, float(spend[place]) / CURRENCY, shown, clicks, bought


def _at_once(world: PlatformWorld) -> PlatformWorld:
    late = np.zeros((world.platforms, LATE_DAYS))
    late[:, 0] = 1
    return replace(world, carry=np.zeros(world.platforms), late=late)


def write_history(out: Path, seed: int, *, advertisers: int, days: int) -> int:
    """Write a history as parquet; returns how many rows."""
    import polars as pl

    names = ["date", "platform", "spend", "impressions", "clicks", "conversions"]
    rows = list(history_rows(seed, advertisers=advertisers, days=days))
    table = pl.DataFrame(rows, schema=names, orient="row")
    out.parent.mkdir(parents=True, exist_ok=True)
    table.write_parquet(out)
    return len(table)
