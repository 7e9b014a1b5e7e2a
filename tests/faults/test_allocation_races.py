"""Plans that are applied while clicks are charged: limits add up to the budget, and hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from service.api.management import allocations as routes
from service.store import allocations
from tests.faults.tills import Charges, open_tills
from tests.integration.api.management.conftest import House, open_house
from tests.integration.api.management.test_allocations import a_campaign, fixed, spread

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from service.api.management.caller import Caller

BUDGET = 10_000_000
PLANS = 12
SUMS = (
    "SELECT CAST(sum(limit_micros) AS bigint), bool_and(spent_micros <= limit_micros),"
    " CAST(sum(spent_micros) AS bigint) FROM campaign_platform_days WHERE campaign_id = :it"
)


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    async with open_house(database_url) as opened:
        yield opened


async def race(house: House) -> tuple[list[int], int, Charges]:
    """Sums of the limits after each plan; what the platforms spent, and what the tills saw."""
    here = await a_campaign(house, platforms=["app", "web"], daily_budget_micros=BUDGET)
    campaign_id = here.rpartition("/")[2]
    sums = []
    async with open_tills(house.engine, house.shop.store_id, campaign_id) as charges:
        for number in range(PLANS):
            # app's share falls to what it spent, again and again
            app = 500_000 if number % 2 else 10_000
            await spread(house, here, mode="fixed", platforms=fixed(app=app, web=1_000_000 - app))
            made = await house.call("POST", f"{here}/allocations", json={"apply": True})
            assert made.status_code == 201, made.text
            ((limits, hold, _),) = await house.rows(SUMS, it=campaign_id)
            assert hold
            sums.append(limits)
    ((_, _, spent),) = await house.rows(SUMS, it=campaign_id)
    return sums, spent, charges


async def test_limits_add_up_to_the_budget_while_clicks_are_charged(house: House) -> None:
    sums, spent, charges = await race(house)
    assert sums == [BUDGET] * PLANS
    assert 0 < spent == charges.paid <= BUDGET
    assert charges.broken == 0


async def test_mutant_that_applies_a_plan_without_a_lock_is_caught(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unlocked(connection: object, caller: Caller, campaign_id: str) -> None:
        """The campaign may be charged while its day is planned."""

    monkeypatch.setattr(routes, "open_for_changes", unlocked)
    monkeypatch.setattr(allocations, "_LOCK", text("SELECT CAST(:campaign_id AS text)"))
    sums, _, charges = await race(house)
    assert max(sums) > BUDGET or charges.broken
