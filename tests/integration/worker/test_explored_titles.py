"""Titles drawn by lot: from the setting over the answer to the record, the replay, the export."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from service.worker.bundles import Bundles
from service.worker.export import export_training_set
from service.worker.loading import load
from service.worker.replay import differences, replay, snapshot_of
from tests.integration.worker.house import open_house
from tests.integration.worker.shop import eventually, open_shop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine

    from tests.integration.worker.house import House

PAGES = 30
ARMS = {"none", "popular_1", "random_1", "random_2"}


@pytest.fixture
async def house(
    engine: AsyncEngine,
    database_url: str,
    redis_url: str,
    tmp_path: Path,
    models: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[House]:
    monkeypatch.setenv("SALIENT_EXPLORED_SHARE", "1")
    store, _ = await open_shop(engine, size=40)
    async with open_house(engine, (database_url, redis_url), store, tmp_path, models) as opened:
        yield opened


async def test_a_lot_goes_from_the_answer_to_the_record_the_replay_and_the_export(
    house: House, tmp_path: Path
) -> None:
    async def served() -> bool:
        return bool((await house.ads("lamp", "0"))["ads"])

    await eventually(served)
    pages = [await house.ads("lamp", str(number)) for number in range(1, PAGES + 1)]
    for page in pages:
        await house.see(page)
    asked = {page["request_id"] for page in pages}

    async def recorded() -> bool:
        return asked <= {one["request_id"] for one in await house.records()}

    await eventually(recorded)
    records = [one for one in await house.records() if one["request_id"] in asked]
    assert len(records) == PAGES
    awards = [award for record in records for award in record["awards"]]
    drawn = [award for award in awards if award["arm"] is not None]
    assert drawn, "no title had anything that it could have shown"
    assert {award["arm"] for award in drawn} <= ARMS
    assert all(0 < award["propensity"] <= 1 for award in drawn)
    live = load(snapshot_of(records[0], state=house.state), Bundles(house.models))
    for record in records:
        assert record["request"]["explored_share"] == 1
        assert differences(record, replay(record, live.snapshot, live.scorers)) == []
    out = tmp_path / "export"

    async def exported() -> bool:
        await export_training_set(house.engine, out, store_id=house.store.store_id)
        return pl.read_parquet(out / "clicks.parquet").height >= len(awards)

    await eventually(exported)
    found = pl.read_parquet(out / "clicks.parquet")
    told = found.filter(pl.col("user_id").is_between(1, PAGES))
    assert sorted(told.filter(pl.col("sp_arm").is_in(ARMS))["propensity"].to_list()) == (
        pytest.approx(sorted(award["propensity"] for award in drawn))
    )
