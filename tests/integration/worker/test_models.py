from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest

from service.contract.manifest import BundleKind
from service.inference.bundle import open_bundle
from service.inference.rows import item_rows, phrase_rows
from service.store.snapshots import current_snapshot, map_snapshot
from service.worker import model_rows
from service.worker.bundles import Bundles
from service.worker.reload import follow_snapshots, load_newest
from tests.integration.worker.shop import eventually, open_shop
from tests.integration.worker.test_refresh import ask, rename
from tests.unit.inference.made_bundles import edit_manifest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.decision.live import Live
    from service.decision.snapshot import Snapshot
    from service.decision.terms import Store
    from service.worker.refresh import Refresher


def second_version(models: Path, kind: BundleKind, *, like: str = "1") -> Path:
    """Version 2: the same graphs under another manifest."""
    folder = shutil.copytree(models / kind / like, models / kind / "2")
    edit_manifest(folder, version="2")
    return folder


def current(state: Path, store: Store) -> Snapshot:
    folder = current_snapshot(state / "snapshots" / store.store_id)
    assert folder is not None
    return map_snapshot(folder)


@pytest.fixture
async def live(models: Path, tmp_path: Path) -> AsyncIterator[dict[str, Live]]:
    """What a server that follows the folder serves."""
    found: dict[str, Live] = {}
    following = asyncio.create_task(
        follow_snapshots(found, state=tmp_path, models=models, every_seconds=0.02)
    )
    yield found
    following.cancel()


def versions(live: Live) -> dict[str, str]:
    return {ref.name: ref.version for ref in live.snapshot.bundles}


async def test_a_snapshot_holds_the_rows_of_both_models(
    engine: AsyncEngine, refresher: Refresher, models: Path, tmp_path: Path
) -> None:
    store, _ = await open_shop(engine)
    await refresher.look()
    snapshot = current(tmp_path, store)
    ranker = open_bundle(models / "ranker" / "1")
    points = open_bundle(models / "selling-points" / "1")
    wanted = {
        "ranker.item": item_rows(ranker, snapshot.every_product()),
        "selling-points.phrase": phrase_rows(points, snapshot.every_phrase()),
    }
    for name, rows in wanted.items():
        assert np.array_equal(snapshot.models[name], rows)
    assert [ref.name for ref in snapshot.bundles] == ["ranker", "selling-points"]


async def test_a_server_scores_with_the_models_of_its_snapshot(
    engine: AsyncEngine, refresher: Refresher, models: Path, tmp_path: Path
) -> None:
    store, _ = await open_shop(engine)
    await refresher.look()
    live: dict[str, Live] = {}
    await load_newest(live, state=tmp_path, models=models)
    served = live[store.store_id]
    assert [model.partition(":")[0] for model in served.models] == [
        "ranker@1",
        "selling-points@1",
    ]
    decision = ask(served)
    assert decision.degraded == ()
    assert len(decision.awards) == 4


async def test_rows_are_computed_only_for_what_is_new(
    engine: AsyncEngine,
    refresher: Refresher,
    models: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[list[str]] = []

    def counting(bundle: object, products: list[object]) -> object:
        asked.append([getattr(product, "title") for product in products])  # noqa: B009
        return item_rows(bundle, products)  # type: ignore[arg-type]

    monkeypatch.setattr(model_rows, "item_rows", counting)
    store, _ = await open_shop(engine, size=50)
    await refresher.look()
    asked.clear()
    await rename(engine, store, "Quite Another Lamp")
    await refresher.look()
    assert asked == [["Quite Another Lamp"]]
    snapshot = current(tmp_path, store)
    ranker = open_bundle(models / "ranker" / "1")
    fresh = item_rows(ranker, snapshot.every_product())
    assert np.array_equal(snapshot.models["ranker.item"], fresh)


async def test_a_new_version_is_taken_up_and_a_bad_one_refused(
    engine: AsyncEngine,
    refresher: Refresher,
    models: Path,
    live: dict[str, Live],
) -> None:
    store, _ = await open_shop(engine)
    await refresher.look()

    async def loaded() -> bool:
        return store.store_id in live

    await eventually(loaded)
    served = live[store.store_id]
    # a bad version 2 changes nothing
    bad = second_version(models, BundleKind.RANKER)
    (bad / "head.onnx").write_bytes((bad / "head.onnx").read_bytes()[:-1])
    assert await refresher.look() == 0
    assert live[store.store_id] is served
    # mended, it is taken up
    shutil.copy(models / "ranker" / "1" / "head.onnx", bad / "head.onnx")
    assert await refresher.look() == 1

    async def taken_up() -> bool:
        return versions(live[store.store_id])["ranker"] == "2"

    await eventually(taken_up)
    assert ask(live[store.store_id]).degraded == ()


async def test_a_bundle_that_goes_bad_on_disk_stays_in_use_from_memory(
    engine: AsyncEngine, refresher: Refresher, models: Path, live: dict[str, Live]
) -> None:
    store, _ = await open_shop(engine)
    await refresher.look()

    async def loaded() -> bool:
        return store.store_id in live

    await eventually(loaded)
    (models / "ranker" / "1" / "context.onnx").write_bytes(b"torn")
    await rename(engine, store, "Renamed")
    await refresher.look()

    async def renamed() -> bool:
        return "Renamed" in live[store.store_id].snapshot.products.titles.all()

    await eventually(renamed)
    assert ask(live[store.store_id]).degraded == ()


async def test_a_start_with_a_bad_bundle_serves_ads_without_models(
    engine: AsyncEngine, refresher: Refresher, models: Path, tmp_path: Path
) -> None:
    store, _ = await open_shop(engine)
    await refresher.look()
    (models / "ranker" / "1" / "context.onnx").write_bytes(b"torn")
    live: dict[str, Live] = {}
    await load_newest(live, state=tmp_path, models=models)
    served = live[store.store_id]
    assert served.models == ()
    assert len(ask(served).awards) == 4


async def test_another_bundle_under_the_same_name_is_not_taken_for_it(
    engine: AsyncEngine, refresher: Refresher, models: Path, tmp_path: Path
) -> None:
    store, _ = await open_shop(engine)
    await refresher.look()
    edit_manifest(
        models / "ranker" / "1",
        training={"seed": 9, "data_sha256": {}, "config": {}, "metrics": {}},
    )
    live: dict[str, Live] = {}
    await load_newest(live, state=tmp_path, models=models)
    assert live[store.store_id].models == ()


def test_a_bundle_of_another_kind_is_refused(models: Path) -> None:
    shutil.copytree(models / "selling-points" / "1", models / "ranker" / "2")
    used = Bundles(models).newest()
    assert {name: ref.version for name, (ref, _) in used.items()} == {
        "ranker": "1",
        "selling-points": "1",
    }
