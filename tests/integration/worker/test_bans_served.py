"""What people say of selling points, from the PUT to the titles of a running service."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from service.store.keys import create_key
from service.worker.bans import apply_bans
from service.worker.bundles import Bundles
from service.worker.loading import load
from service.worker.reload import follow_snapshots, load_newest
from service.worker.replay import differences, replay, snapshot_of
from tests.integration.worker.house import House, open_house
from tests.integration.worker.shop import eventually, open_shop
from tests.integration.worker.test_refresh import rename

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.decision.live import Live
    from service.worker.refresh import Refresher


@dataclass
class Desk:
    """A running service with models, and a key that may manage it."""

    house: House
    admin: dict[str, str]

    async def shown(self) -> dict[str, list[str]]:
        """The selling points in the titles of a page, by product."""
        page = await self.house.ads("lamp", "ann")
        return {
            ad["product_id"]: [p["text"] for p in ad["title"]["parts"] if p["selling_point"]]
            for ad in page["ads"]
        }

    async def say(self, product_id: str, state: str) -> None:
        """Say it of the product's only selling point."""
        path = f"/v1/products/{product_id}/selling-points"
        found = (await self.house.client.get(path, headers=self.admin)).json()
        (point,) = found["selling_points"]
        body = {"selling_points": [{"id": point["id"], "state": state}]}
        answer = await self.house.client.put(path, json=body, headers=self.admin)
        assert answer.status_code == 200, answer.text

    async def until(self, product_id: str, *, shown: bool) -> float:
        """Seconds until titles of the product have selling points, or have none."""
        started = time.monotonic()

        async def so() -> bool:
            return bool((await self.shown())[product_id]) == shown

        await eventually(so)
        return time.monotonic() - started


@pytest.fixture
def slow_builds(monkeypatch: pytest.MonkeyPatch) -> None:
    """As of a large shop: the snapshot without a ban comes long after it."""
    monkeypatch.setattr("service.worker.refresh.LOOK_EVERY_SECONDS", 60.0)


@pytest.fixture
async def desk(
    engine: AsyncEngine, database_url: str, redis_url: str, tmp_path: Path, models: Path
) -> AsyncIterator[Desk]:
    # hundreds of pages in flight at once stay far below it
    store, _ = await open_shop(engine, size=4, budget=10**12)
    async with engine.begin() as connection:
        _, secret = await create_key(connection, store.store_id, "secret", ["admin"])
    urls = (database_url, redis_url)
    async with open_house(engine, urls, store, tmp_path, models) as house:
        yield Desk(house, {"authorization": f"Bearer {secret}"})


async def test_a_banned_point_is_in_no_title_within_a_second_and_never_again(desk: Desk) -> None:
    shown = await desk.shown()
    product_id = next(one for one, points in shown.items() if points)
    others = {one: points for one, points in shown.items() if one != product_id}
    await desk.say(product_id, "banned")
    assert await desk.until(product_id, shown=False) < 1
    ends = time.monotonic() + 2  # the next snapshot is swapped in meanwhile
    while time.monotonic() < ends:
        now = await desk.shown()
        assert now == others | {product_id: []}
        await asyncio.sleep(0.01)
    await desk.say(product_id, "suggested")
    await desk.until(product_id, shown=True)


@pytest.mark.usefixtures("slow_builds")
async def test_decisions_around_a_ban_can_be_replayed(desk: Desk) -> None:
    shown = await desk.shown()
    product_id = next(one for one, points in shown.items() if points)
    await desk.say(product_id, "banned")
    assert await desk.until(product_id, shown=False) < 1

    async def on_record() -> bool:
        records = await desk.house.records()
        return any("muted" in record["request"] for record in records)

    await desk.shown()
    await eventually(on_record)
    records: list[dict[str, Any]] = await desk.house.records()
    for record in records:
        folder = snapshot_of(record, state=desk.house.state)
        live = load(folder, Bundles(desk.house.models))
        assert differences(record, replay(record, live.snapshot, live.scorers)) == []


async def test_a_snapshot_from_before_a_ban_brings_nothing_back(
    engine: AsyncEngine, refresher: Refresher, tmp_path: Path
) -> None:
    store, _ = await open_shop(engine, size=1)
    await refresher.look()
    live: dict[str, Live] = {}
    models = tmp_path / "models"
    await load_newest(live, state=tmp_path, models=models)
    before = live[store.store_id].snapshot
    apply_bans(live, [(store.store_id, "100001", "Oak base")])
    assert live[store.store_id].snapshot.muted == {0}
    await rename(engine, store, "Built before the ban was made")
    await refresher.look()
    following = asyncio.create_task(
        follow_snapshots(live, state=tmp_path, models=models, every_seconds=0.01)
    )

    async def swapped() -> bool:
        return live[store.store_id].snapshot.version != before.version

    await eventually(swapped)
    following.cancel()
    assert live[store.store_id].snapshot.muted == {0}
