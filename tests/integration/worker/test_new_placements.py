"""A placement on a new platform leads to a new plan of who runs on all; once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service.decision.terms import Micros, Placement
from service.store.campaigns import put_placements
from tests.integration.worker.spread import DAILY, Spread, open_spread
from tests.integration.worker.test_allocating import look, pay, steady

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine


async def place(spread: Spread, platform: str) -> None:
    async with spread.engine.begin() as connection:
        placement = Placement(f"{platform}_top", platform, 4, Micros(0))
        await put_placements(connection, spread.store.store_id, [placement])


@pytest.mark.parametrize(
    "policy", [{}, {"mode": "fixed", "shares": '{"web": 1000000}'}], ids=["auto", "fixed"]
)
async def test_a_new_platform_is_planned_for_at_the_next_look_and_only_then(
    engine: AsyncEngine, tmp_path: Path, policy: dict[str, str]
) -> None:
    spread = await open_spread(engine)
    await spread.policy(**policy)
    await look(engine, tmp_path, times=2)
    assert (await spread.newest()).keys() == {"web"}
    await place(spread, "app")
    await look(engine, tmp_path, times=3)
    assert (await spread.newest()).keys() == {"app", "web"}
    assert len(await spread.plans()) == 2


async def test_what_it_spent_before_counts_in_the_new_plan(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    spread = await open_spread(engine)
    await spread.tell("web", 10, steady)
    await look(engine, tmp_path)
    await place(spread, "app")
    await pay(spread, "app", 2_000_000)
    await look(engine, tmp_path)
    limits = await spread.limits()
    assert limits["app"][1] == 2_000_000
    assert sum(limit or 0 for limit, _ in limits.values()) == DAILY


async def test_who_names_platforms_is_left_alone(engine: AsyncEngine, tmp_path: Path) -> None:
    spread = await open_spread(engine)
    await spread.change("platforms = '{web}'")
    await look(engine, tmp_path)
    await place(spread, "app")
    await look(engine, tmp_path)
    assert len(await spread.plans()) == 1
