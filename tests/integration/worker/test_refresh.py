from __future__ import annotations

import asyncio
import shutil
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from service.contract.history import EMPTY_HISTORY
from service.decision.decide import decide
from service.decision.snapshot import build_snapshot
from service.decision.terms import AdQuery, Shopper
from service.store.catalogue import put_products
from service.store.snapshots import current_snapshot, map_snapshot, point_to
from service.worker import refresh, reload
from service.worker.bundles import Bundles
from service.worker.loading import load
from service.worker.refresh import KEPT_SNAPSHOTS, Refresher, kept_folders, refresh_once
from service.worker.reload import follow_snapshots, load_newest
from tests.integration.worker.shop import NOW, eventually, open_shop, products

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.decision.live import Live
    from service.decision.snapshot import Catalogue, Snapshot
    from service.decision.terms import Decision, Store


async def rename(engine: AsyncEngine, store: Store, title: str) -> None:
    """Give the first product another title."""
    async with engine.begin() as connection:
        await put_products(connection, store.store_id, [replace(products(1)[0], title=title)])


def ask(live: Live, query: str = "lamp") -> Decision:
    """Four ads for an anonymous shopper."""
    placement = live.snapshot.placements["search_top"]
    asked = AdQuery(query, "", placement, 4, Shopper(None, EMPTY_HISTORY))
    return decide(asked, live.snapshot, live.scorers, now=NOW, seed=1, spent_out=live.spent_out)


def originals(live: Live) -> list[str]:
    return live.snapshot.products.titles.all()


async def test_a_catalogue_becomes_a_snapshot_once(
    engine: AsyncEngine, refresher: Refresher, tmp_path: Path
) -> None:
    store, _ = await open_shop(engine)
    assert await refresher.look() == 1
    assert await refresher.look() == 0
    folder = current_snapshot(tmp_path / "snapshots" / store.store_id)
    assert folder is not None
    snapshot = map_snapshot(folder)
    assert snapshot.store == store
    assert len(snapshot.ads.ids) == 8


async def test_a_restart_builds_nothing_anew(
    engine: AsyncEngine, refresher: Refresher, tmp_path: Path
) -> None:
    await open_shop(engine)
    assert await refresher.look() == 1
    refresher.close()
    assert await refresh_once(engine, state=tmp_path, models=tmp_path / "models") == 0


async def test_a_folder_that_someone_removed_is_built_anew(
    engine: AsyncEngine, refresher: Refresher, tmp_path: Path
) -> None:
    store, _ = await open_shop(engine)
    await refresher.look()
    shutil.rmtree(tmp_path / "snapshots" / store.store_id)
    assert await refresher.look() == 1
    assert await refresher.look() == 0


async def test_a_change_makes_another_snapshot_and_old_ones_go(
    engine: AsyncEngine, refresher: Refresher, tmp_path: Path
) -> None:
    store, _ = await open_shop(engine)
    for number in range(KEPT_SNAPSHOTS + 2):
        await rename(engine, store, f"Lamp {number}")
        assert await refresher.look() == 1
    folder = tmp_path / "snapshots" / store.store_id
    kept = kept_folders(folder)
    assert len(kept) == KEPT_SNAPSHOTS
    assert current_snapshot(folder) == kept[0]
    assert map_snapshot(kept[0]).products.titles[0] == f"Lamp {KEPT_SNAPSHOTS + 1}"


async def test_a_store_that_is_gone_is_retired(
    engine: AsyncEngine, refresher: Refresher, tmp_path: Path
) -> None:
    store, _ = await open_shop(engine)
    await refresher.look()
    live: dict[str, Live] = {}
    await load_newest(live, state=tmp_path, models=tmp_path / "models")
    assert list(live) == [store.store_id]
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM stores"))
    await refresher.look()
    following = asyncio.create_task(
        follow_snapshots(live, state=tmp_path, models=tmp_path / "models", every_seconds=0.02)
    )

    async def gone() -> bool:
        return not live

    await eventually(gone)
    following.cancel()


async def test_a_store_that_cannot_be_built_does_not_hold_up_the_others(
    engine: AsyncEngine,
    refresher: Refresher,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    odd, _ = await open_shop(engine)
    good, _ = await open_shop(engine)

    def picky(catalogue: Catalogue, *others: Any) -> Snapshot:
        if catalogue.store == odd:
            raise ZeroDivisionError
        return build_snapshot(catalogue, *others)

    monkeypatch.setattr(refresh, "build_snapshot", picky)
    assert await refresher.look() == 1
    assert await refresher.look() == 0  # and it is not tried at every look
    assert current_snapshot(tmp_path / "snapshots" / good.store_id) is not None
    assert current_snapshot(tmp_path / "snapshots" / odd.store_id) is None


async def test_a_snapshot_that_breaks_the_server_does_not_hold_up_the_others(
    engine: AsyncEngine,
    refresher: Refresher,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    odd, _ = await open_shop(engine)
    good, _ = await open_shop(engine)
    await refresher.look()

    def breaks(folder: Path, bundles: Bundles) -> Live:
        if folder.parent.name == odd.store_id:
            raise ZeroDivisionError
        return load(folder, bundles)

    monkeypatch.setattr(reload, "load", breaks)
    live: dict[str, Live] = {}
    assert await load_newest(live, state=tmp_path, models=tmp_path / "models") == 2
    assert len(ask(live[good.store_id]).awards) == 4


async def test_two_builders_do_not_build_the_same(
    engine: AsyncEngine, refresher: Refresher, tmp_path: Path
) -> None:
    await open_shop(engine)
    second = Refresher(engine, tmp_path, Bundles(tmp_path / "models"))
    assert await refresher.look() == 1
    assert await second.look() == 0
    refresher.close()
    await open_shop(engine)
    assert await second.look() == 1
    second.close()


async def test_a_server_without_stores_serves_the_newest_folder(
    engine: AsyncEngine, refresher: Refresher, tmp_path: Path
) -> None:
    store, _ = await open_shop(engine)
    await refresher.look()
    live: dict[str, Live] = {}
    assert await load_newest(live, state=tmp_path, models=tmp_path / "models") == 1
    assert len(ask(live[store.store_id]).awards) == 4


async def test_no_folder_at_all_serves_nothing(tmp_path: Path) -> None:
    live: dict[str, Live] = {}
    assert await load_newest(live, state=tmp_path, models=tmp_path / "models") == 0


async def test_a_torn_snapshot_is_refused_and_the_old_one_stays(
    engine: AsyncEngine, refresher: Refresher, tmp_path: Path
) -> None:
    store, _ = await open_shop(engine)
    await refresher.look()
    live: dict[str, Live] = {}
    models = tmp_path / "models"
    await load_newest(live, state=tmp_path, models=models)
    served = live[store.store_id].snapshot
    await rename(engine, store, "Torn")
    await refresher.look()
    folder = current_snapshot(tmp_path / "snapshots" / store.store_id)
    assert folder is not None
    (folder / "meta.json").write_bytes(b"{")
    following = asyncio.create_task(
        follow_snapshots(live, state=tmp_path, models=models, every_seconds=0.02)
    )
    await asyncio.sleep(0.2)
    assert live[store.store_id].snapshot is served
    # a start, where nothing is served yet, takes the folder before
    fresh: dict[str, Live] = {}
    await load_newest(fresh, state=tmp_path, models=models)
    assert fresh[store.store_id].snapshot.version == served.version
    # the next good one ends it
    await rename(engine, store, "Whole")
    await refresher.look()

    async def whole() -> bool:
        return "Whole" in originals(live[store.store_id])

    await eventually(whole)
    following.cancel()


async def test_an_older_folder_can_be_pointed_to(
    engine: AsyncEngine, refresher: Refresher, tmp_path: Path
) -> None:
    store, _ = await open_shop(engine)
    await refresher.look()
    await rename(engine, store, "New")
    await refresher.look()
    folder = tmp_path / "snapshots" / store.store_id
    newest, before = kept_folders(folder)
    point_to(before)
    live: dict[str, Live] = {}
    await load_newest(live, state=tmp_path, models=tmp_path / "models")
    assert live[store.store_id].snapshot.version == before.name != newest.name


async def test_a_change_of_a_shop_of_3000_products_is_served_within_a_second(
    engine: AsyncEngine, refresher: Refresher, tmp_path: Path
) -> None:
    store, _ = await open_shop(engine, size=3000)
    stop = asyncio.Event()
    live: dict[str, Live] = {}
    models = tmp_path / "models"
    building = asyncio.create_task(refresher.run(stop))
    following = asyncio.create_task(follow_snapshots(live, state=tmp_path, models=models))

    async def served() -> bool:
        return bool(live)

    await eventually(served)
    took = []
    for number in range(3):
        await asyncio.sleep(0.1)
        await rename(engine, store, f"Lamp anew {number}")
        started = time.monotonic()

        async def changed(title: str = f"Lamp anew {number}") -> bool:
            return live[store.store_id].snapshot.products.titles[0] == title

        await eventually(changed)
        took.append(time.monotonic() - started)
    stop.set()
    await building
    following.cancel()
    assert sorted(took)[1] < 1, took
