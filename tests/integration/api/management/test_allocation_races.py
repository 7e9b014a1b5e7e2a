"""Plans that are applied while clicks are charged: limits add up to the budget, and hold."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import count
from time import time
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from service.api.management import allocations as routes
from service.store import allocations
from service.store.ledger import Due, charge
from tests.integration.api.management.test_allocations import a_campaign, fixed, spread

if TYPE_CHECKING:
    import pytest

    from service.api.management.caller import Caller
    from tests.integration.api.management.conftest import House

BUDGET = 10_000_000
CHARGERS, PLANS, PRICE = 3, 12, 9_700
SUMS = (
    "SELECT CAST(sum(limit_micros) AS bigint), bool_and(spent_micros <= limit_micros),"
    " CAST(sum(spent_micros) AS bigint) FROM campaign_platform_days WHERE campaign_id = :it"
)


@dataclass
class Till:
    """What the chargers saw."""

    paid: int = 0
    broken: int = 0  # charges that the schema alone refused


async def charge_on_and_on(
    house: House, campaign_id: str, name: int, till: Till, stop: asyncio.Event
) -> None:
    """Charge clicks on both platforms, one transaction each."""
    for n in count():
        if stop.is_set():
            return
        due = Due(
            "click", f"imp_{campaign_id}_{name}_{n}", house.shop.store_id, campaign_id, PRICE,
            time(), platform=("web", "app")[n % 2],
        )  # fmt: skip
        try:
            async with house.engine.begin() as connection:
                done = await charge(connection, [due])
        except IntegrityError:
            till.broken += 1
        else:
            till.paid += sum(one.price for one in done.paid)


async def race(house: House) -> tuple[list[int], int, Till]:
    """Sums of the limits after each plan; what the platforms spent, and what the chargers saw."""
    here = await a_campaign(house, platforms=["app", "web"], daily_budget_micros=BUDGET)
    campaign_id = here.rpartition("/")[2]
    stop, till = asyncio.Event(), Till()
    chargers = [
        asyncio.create_task(charge_on_and_on(house, campaign_id, name, till, stop))
        for name in range(CHARGERS)
    ]
    sums = []
    for number in range(PLANS):
        # app's share falls to what it spent, again and again
        app = 500_000 if number % 2 else 10_000
        await spread(house, here, mode="fixed", platforms=fixed(app=app, web=1_000_000 - app))
        made = await house.call("POST", f"{here}/allocations", json={"apply": True})
        assert made.status_code == 201, made.text
        ((limits, hold, _),) = await house.rows(SUMS, it=campaign_id)
        assert hold
        sums.append(limits)
    stop.set()
    await asyncio.gather(*chargers)
    ((_, _, spent),) = await house.rows(SUMS, it=campaign_id)
    return sums, spent, till


async def test_limits_add_up_to_the_budget_while_clicks_are_charged(house: House) -> None:
    sums, spent, till = await race(house)
    assert sums == [BUDGET] * PLANS
    assert 0 < spent == till.paid <= BUDGET
    assert till.broken == 0


async def test_mutant_that_plans_without_a_lock_is_caught(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unlocked(connection: object, caller: Caller, campaign_id: str) -> None:
        """The campaign may be charged while its day is planned."""

    monkeypatch.setattr(routes, "open_for_changes", unlocked)
    monkeypatch.setattr(allocations, "_LOCK", text("SELECT CAST(:campaign_id AS text)"))
    sums, _, till = await race(house)
    assert max(sums) > BUDGET or till.broken
