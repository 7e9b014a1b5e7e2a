"""An experiment from its start over REST to the arm in the answer, the record and the export."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from service.decision.buckets import bucket_of
from service.store.keys import create_key
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

ARMS = [
    {"name": "plain", "weight": 4000, "selling_points": {"source": "none"}},
    {"name": "one", "weight": 4000, "selling_points": {"most": 1, "highlight": "none"}},
]


@pytest.fixture
async def house(
    engine: AsyncEngine, database_url: str, redis_url: str, tmp_path: Path, models: Path
) -> AsyncIterator[House]:
    store, _ = await open_shop(engine, size=40)
    async with open_house(engine, (database_url, redis_url), store, tmp_path, models) as opened:
        yield opened


async def start(house: House) -> dict[str, Any]:
    """Make an experiment and start it, as the shop does; wait until it is in force."""
    async with house.engine.begin() as connection:
        store_id = house.store.store_id
        _, secret = await create_key(connection, store_id, "secret", ["manage"])
    headers = {"Authorization": f"Bearer {secret}"}

    async def admitted() -> bool:
        answer = await house.client.get("/v1/experiments", headers=headers)
        return answer.is_success

    await eventually(admitted)
    draft = {"name": "Any at all?", "arms": ARMS}
    made = await house.client.post("/v1/experiments", json=draft, headers=headers)
    own = made.headers["location"]
    started = await house.client.patch(own, json={"status": "running"}, headers=headers)
    experiment: dict[str, Any] = started.json()
    within = next(
        user
        for user in map(str, range(100))
        if bucket_of(experiment["salt"], f"user:{user}") < 8000
    )

    async def in_force() -> bool:
        return bool((await house.ads("lamp", within))["experiments"])

    await eventually(in_force)
    return experiment


def arm_of(experiment: dict[str, Any], user: str) -> str | None:
    """What the documented formula says."""
    bucket = bucket_of(experiment["salt"], f"user:{user}")
    return "plain" if bucket < 4000 else "one" if bucket < 8000 else None


async def test_the_arm_goes_from_the_answer_to_the_record_and_the_export(
    house: House, tmp_path: Path
) -> None:
    experiment = await start(house)
    before = len(await house.records())
    users = [str(number) for number in range(1, 21)]
    pages = {user: await house.ads("lamp", user) for user in users}
    for page in pages.values():
        await house.see(page)
    for user, page in pages.items():
        arm = arm_of(experiment, user)
        told = {"experiment_id": experiment["id"], "name": "Any at all?", "arm": arm}
        assert page["experiments"] == ([] if arm is None else [told])
        titles = [ad["title"] for ad in page["ads"]]
        if arm is not None:
            assert not any(part["highlight"] for one in titles for part in one["parts"])
        if arm == "plain":
            assert [one["text"] for one in titles] == [one["original"] for one in titles]

    async def recorded() -> bool:
        records = await house.records()
        return (
            len(
                {one["request_id"] for one in records}
                & {one["request_id"] for one in pages.values()}
            )
            == 20
        )

    await eventually(recorded)
    assert before < len(await house.records())
    out = tmp_path / "export"

    async def exported() -> bool:
        await export_training_set(house.engine, out, store_id=house.store.store_id)
        rows = pl.read_parquet(out / "clicks.parquet")
        return rows.height == sum(len(page["ads"]) for page in pages.values())

    await eventually(exported)
    arms = {user: arm_of(experiment, user) for user in users}
    assert set(arms.values()) == {"plain", "one", None}
    found = pl.read_parquet(out / "experiments.parquet")
    assert set(found["experiment_id"]) == {experiment["id"]}
    assert Counter(zip(found["user_id"], found["arm"], strict=True)) == Counter(
        (int(user), arm) for user, arm in arms.items() if arm is not None
    )


async def test_what_an_arm_decided_can_be_replayed(house: House) -> None:
    experiment = await start(house)
    users = [str(number) for number in range(1, 11)]
    answers = {(await house.ads("oak lamp", user))["request_id"] for user in users}

    async def recorded() -> bool:
        return answers <= {one["request_id"] for one in await house.records()}

    await eventually(recorded)
    records = [one for one in await house.records() if one["request_id"] in answers]
    for record in records:
        live = load(snapshot_of(record, state=house.state), Bundles(house.models))
        assert [one.experiment_id for one in live.snapshot.experiments] == [experiment["id"]]
        assert differences(record, replay(record, live.snapshot, live.scorers)) == []
    assert {one["request"].get("policy", {}).get("source") for one in records} >= {
        "none",
        "personal",
    }
