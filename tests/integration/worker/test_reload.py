from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from service.decision.live import with_bans
from service.errors import BadSnapshotError
from service.store.postgres import open_engine
from service.store.snapshots import current_snapshot, map_snapshot, point_to, write_snapshot
from service.worker import reload
from service.worker.bundles import Bundles, stamp_of
from service.worker.loading import load
from service.worker.refresh import refresh_once
from service.worker.reload import follow_budgets, follow_snapshots, load_newest
from tests.integration.worker.shop import eventually, open_shop
from tests.integration.worker.test_refresh import ask, rename

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.decision.live import Live
    from service.worker.refresh import Refresher


async def test_without_a_database_the_budgets_stay_as_they_were(
    engine: AsyncEngine, refresher: Refresher, tmp_path: Path
) -> None:
    store, campaign = await open_shop(engine)
    await refresher.look()
    live: dict[str, Live] = {}
    await load_newest(live, state=tmp_path, models=tmp_path / "models")
    spent_out = frozenset({campaign.campaign_id})
    live[store.store_id] = live[store.store_id].stopping(used_up=spent_out)
    nowhere = open_engine("postgresql://127.0.0.1:1/none")
    following = asyncio.create_task(follow_budgets(live, nowhere, every_seconds=0.01))
    await asyncio.sleep(0.2)
    assert not following.done()
    following.cancel()
    assert live[store.store_id].spent_out == spent_out
    assert ask(live[store.store_id]).no_fill_reason == "spent_out"
    await nowhere.dispose()


async def test_a_swap_of_the_snapshot_keeps_the_budgets(
    engine: AsyncEngine, refresher: Refresher, tmp_path: Path
) -> None:
    store, campaign = await open_shop(engine)
    await refresher.look()
    live: dict[str, Live] = {}
    await load_newest(live, state=tmp_path, models=tmp_path / "models")
    before = live[store.store_id].stopping(used_up=frozenset({campaign.campaign_id}))
    live[store.store_id] = before
    await rename(engine, store, "New")
    await refresher.look()
    following = asyncio.create_task(
        follow_snapshots(live, state=tmp_path, models=tmp_path / "models", every_seconds=0.01)
    )

    async def swapped() -> bool:
        return live[store.store_id].snapshot is not before.snapshot

    await eventually(swapped)
    following.cancel()
    assert live[store.store_id].spent_out == before.spent_out


async def test_a_snapshot_is_swapped_in_knowing_what_is_asked(
    engine: AsyncEngine, refresher: Refresher, tmp_path: Path
) -> None:
    store, _ = await open_shop(engine)
    await refresher.look()
    live: dict[str, Live] = {}
    await load_newest(live, state=tmp_path, models=tmp_path / "models")
    before = with_bans(live[store.store_id], frozenset({a_point(live[store.store_id])}))
    assert before.snapshot.muted
    live[store.store_id] = before
    ask(before, "lamp")
    await rename(engine, store, "New")
    await refresher.look()
    following = asyncio.create_task(
        follow_snapshots(live, state=tmp_path, models=tmp_path / "models", every_seconds=0.01)
    )

    async def swapped() -> bool:
        return live[store.store_id].snapshot.version != before.snapshot.version

    await eventually(swapped)
    following.cancel()
    after = live[store.store_id].snapshot
    assert after.muted
    assert after.memory.found.known() == before.snapshot.memory.found.known() != []


def a_point(live: Live) -> tuple[str, str]:
    """The last product that has a selling point, and what it says."""
    points = live.snapshot.points
    product = len(points.starts) - 2
    phrase = int(points.phrase[points.starts[product]])
    return live.snapshot.products.ids[product], live.snapshot.phrases.texts[phrase]


async def test_an_unforeseen_fault_does_not_end_the_following(
    engine: AsyncEngine, refresher: Refresher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, _ = await open_shop(engine)
    await refresher.look()
    faults = iter([RuntimeError("a fault of ours")])

    def faulty(folder: Path) -> Path | None:
        for fault in faults:
            raise fault
        return current_snapshot(folder)

    monkeypatch.setattr(reload, "current_snapshot", faulty)
    live: dict[str, Live] = {}
    following = asyncio.create_task(
        follow_snapshots(live, state=tmp_path, models=tmp_path / "models", every_seconds=0.01)
    )

    async def loaded() -> bool:
        return store.store_id in live

    await eventually(loaded)
    following.cancel()


async def test_a_store_whose_every_folder_is_torn_is_not_served(
    engine: AsyncEngine, refresher: Refresher, tmp_path: Path
) -> None:
    store, _ = await open_shop(engine)
    await refresher.look()
    folder = current_snapshot(tmp_path / "snapshots" / store.store_id)
    assert folder is not None
    (folder / "meta.json").unlink()
    live: dict[str, Live] = {}
    assert await load_newest(live, state=tmp_path, models=tmp_path / "models") == 0


async def test_a_torn_current_snapshot_is_built_anew_at_a_start(
    engine: AsyncEngine, refresher: Refresher, tmp_path: Path
) -> None:
    store, _ = await open_shop(engine)
    await refresher.look()
    folder = current_snapshot(tmp_path / "snapshots" / store.store_id)
    assert folder is not None
    (folder / "meta.json").unlink()
    refresher.close()
    assert await refresh_once(engine, state=tmp_path, models=tmp_path / "models") == 1
    live: dict[str, Live] = {}
    assert await load_newest(live, state=tmp_path, models=tmp_path / "models") == 1


async def test_a_snapshot_without_the_rows_of_its_model_is_refused(
    engine: AsyncEngine, refresher: Refresher, models: Path, tmp_path: Path
) -> None:
    store, _ = await open_shop(engine)
    await refresher.look()
    root = tmp_path / "snapshots" / store.store_id
    current = current_snapshot(root)
    assert current is not None
    bare = replace(map_snapshot(current), version="9-bare", models={})
    folder = write_snapshot(bare, root)
    with pytest.raises(BadSnapshotError, match=r"no rows 'ranker\.item'"):
        load(folder, Bundles(models))
    point_to(folder)
    live: dict[str, Live] = {}
    await load_newest(live, state=tmp_path, models=models)
    assert live[store.store_id].models == ()


def test_a_folder_that_is_not_there_has_an_empty_stamp(tmp_path: Path) -> None:
    assert stamp_of(tmp_path / "none") == ()
