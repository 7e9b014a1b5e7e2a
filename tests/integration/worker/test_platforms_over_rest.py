"""From what platforms tell to what they may spend, and back: REST, worker, serving, ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from service.decision.terms import Micros, Placement
from service.store.campaigns import put_placements
from service.store.keys import create_key
from service.worker import run
from service.worker.allocating import keep_allocating
from tests.integration.worker.house import open_house
from tests.integration.worker.shop import eventually
from tests.integration.worker.spread import Spread, open_spread

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx
    import pytest
    from sqlalchemy.ext.asyncio import AsyncEngine

    from tests.integration.worker.house import House

UNIT = 1_000_000  # micros
DAILY = 100 * UNIT
MOST_ITEMS = 1_000


async def open_campaign(engine: AsyncEngine) -> Spread:
    """A campaign on two placements of the shop, and on two platforms outside."""
    spread = await open_spread(engine, daily=DAILY)
    await spread.execute("DELETE FROM allocation_policies WHERE campaign_id = :id", id=spread.id)
    await spread.change("platforms = '{app, mail, social, web}'")
    placement = Placement("app_top", "app", 4, Micros(10_000))
    async with engine.begin() as connection:
        await put_placements(connection, spread.store.store_id, [placement])
    return spread


class Merchant:
    """Whoever manages the campaign, over REST."""

    def __init__(self, client: httpx.AsyncClient, secret: str, campaign_id: str) -> None:
        self.client = client
        self.headers = {"Authorization": f"Bearer {secret}"}
        self.campaign_id = campaign_id

    async def ask(self, method: str, path: str, body: object = None) -> Any:
        headers = {**self.headers, **({"Idempotency-Key": path} if method == "POST" else {})}
        answer = await self.client.request(method, f"/v1{path}", json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()

    async def report(
        self, platform: str, days: int, clicks: Callable[[datetime], int], name: str
    ) -> None:
        """Tell every full hour of the last days: a unit of money each."""
        now = datetime.now(UTC)
        hour = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days)
        told = []
        while hour + timedelta(hours=1) <= now:
            told.append(
                {
                    "hour": hour.isoformat(),
                    "campaign_id": self.campaign_id,
                    "spend_micros": UNIT,
                    "impressions": 1_000,
                    "clicks": clicks(hour),
                    "conversions": 0,
                }
            )
            hour += timedelta(hours=1)
        assert len(told) <= MOST_ITEMS
        headers = {**self.headers, "Idempotency-Key": name}
        path = f"/v1/platforms/{platform}/results"
        answer = await self.client.post(path, json={"results": told}, headers=headers)
        assert answer.json()["made"] == len(told), answer.text

    async def plans(self) -> list[dict[str, Any]]:
        """The newest first."""
        answer = await self.ask("GET", f"/campaigns/{self.campaign_id}/allocations")
        found: list[dict[str, Any]] = answer["data"]
        return found

    async def newest(self) -> dict[str, dict[str, Any]]:
        return {line["platform"]: line for line in (await self.plans())[0]["platforms"]}


async def shown(house: House, placement: str) -> dict[str, Any]:
    body = {"query": "lamp", "placement": placement, "slots": 1, "timeout_ms": 1000}
    answer: dict[str, Any] = (await house.client.post("/v1/ads", json=body)).json()
    return answer


async def test_results_make_plans_plans_make_limits_and_a_shock_moves_them(
    engine: AsyncEngine,
    database_url: str,
    redis_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    soon = partial(keep_allocating, every_seconds=0.2, count_every_seconds=0.2)
    monkeypatch.setattr(run, "keep_allocating", soon)
    spread = await open_campaign(engine)
    async with engine.begin() as connection:
        _, secret = await create_key(connection, spread.store.store_id, "secret", ["manage"])
    urls = (database_url, redis_url)
    models = tmp_path / "models"
    async with open_house(engine, urls, spread.store, tmp_path, models) as house:
        merchant = Merchant(house.client, secret, spread.id)
        for platform in ("mail", "social"):
            await merchant.report(platform, 20, lambda _: 20, f"first-{platform}")

        # what is asked for is planned by the worker, and holds
        half_a_unit = 5_000  # parts per million of the day
        caps = [
            {"platform": "web", "cap_ppm": half_a_unit},
            {"platform": "app", "floor_ppm": 50_000},
        ]
        path = f"/campaigns/{spread.id}/allocation"
        await merchant.ask("PUT", path, {"platforms": caps, "explore": False})
        await eventually(merchant.plans)
        [plan] = await merchant.plans()
        assert (plan["cause"], plan["budget_micros"]) == ("periodic", DAILY)
        lines = await merchant.newest()
        assert sum(line["spend_micros"] for line in lines.values()) == DAILY
        assert lines["web"]["spend_micros"] == UNIT // 2
        assert lines["app"]["spend_micros"] >= 5 * UNIT
        assert abs(lines["mail"]["spend_micros"] - lines["social"]["spend_micros"]) < 10 * UNIT

        # web pays until its limit, to the micro; the campaign goes on elsewhere
        await click_until_spent_out(house, "search_top")
        limit, spent = (await spread.limits())["web"]
        assert limit == UNIT // 2
        assert 0 < spent <= UNIT // 2
        assert (await shown(house, "app_top"))["ads"]

        # what our own events brought is told with the plan
        async def told() -> bool:
            line: dict[str, Any] = (await merchant.newest())["web"]
            return bool(line["spent_micros"] == spent and line["actual"])

        await eventually(told)

        # social brings a third since the day before yesterday: the worker moves its budget
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        fell = today - timedelta(hours=36)
        before = (await merchant.newest())["social"]["spend_micros"]
        await merchant.report("social", 20, lambda hour: 20 if hour < fell else 6, "second-social")

        async def moved() -> bool:
            return bool((await merchant.plans())[0]["cause"] == "shock")

        await eventually(moved, seconds=20)
        lines = await merchant.newest()
        assert lines["social"]["spend_micros"] < before * 0.7
        assert "of late it brings" in lines["social"]["detail"]
        assert sum(line["spend_micros"] for line in lines.values()) == DAILY
        # web is no less limited than before, whatever it spent
        assert (await spread.limits())["web"] == (limit, spent)


async def click_until_spent_out(house: House, placement: str) -> None:
    """Ask for ads and click the first, until there is none."""

    async def over() -> bool:
        page = await shown(house, placement)
        if page["ads"]:
            await house.see(page)
            await house.click(page["ads"][0])
        return bool(page["no_fill_reason"] == "spent_out")

    await eventually(over, seconds=20)
