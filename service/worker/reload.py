"""What a serving process follows: snapshots, budgets and paces, one reference at a time."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import structlog

from service.decision.live import with_bans
from service.decision.pace import CLOSED
from service.decision.paced import pace_table, paces_of
from service.errors import BadSnapshotError
from service.store.paces import paces_by_store, state_of_paces
from service.store.snapshots import changed_arrays, current_snapshot
from service.store.spent_out import closed_campaigns, limited_accounts, spent_out_campaigns
from service.worker import counts
from service.worker.acquaint import acquaint
from service.worker.bundles import Bundles
from service.worker.loading import load, load_without_models
from service.worker.polling import poll
from service.worker.refresh import kept_folders, snapshots_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from service.decision.live import Live
    from service.decision.pace import Pace

log = structlog.get_logger(__name__)

RETRY_REFUSED_SECONDS = 5.0


async def load_newest(live: dict[str, Live], *, state: Path, models: Path) -> int:
    """Serve the newest snapshot of every store before the first request.

    Returns: how many stores are served now.
    """
    await _Follower(live, state, _bundles(models)).look()
    return len(live)


async def follow_snapshots(
    live: dict[str, Live], *, state: Path, models: Path, every_seconds: float = 0.2
) -> None:
    """Swap in each newer snapshot, for ever. One that cannot be served leaves the old in place."""
    follower = _Follower(live, state, _bundles(models))
    while True:
        try:
            await follower.look()
        except Exception as error:  # whatever it is, the snapshot of before goes on serving
            counts.SNAPSHOTS_REFUSED.inc()
            log.error("follow_snapshots_failed", error=repr(error))
        await asyncio.sleep(every_seconds)


async def follow_budgets(
    live: dict[str, Live], engine: AsyncEngine, *, every_seconds: float = 0.25
) -> None:
    """Keep `spent_out` of every store as fresh as the ledger, for ever; failures keep the last."""

    async def look(connection: AsyncConnection) -> None:
        _overlay(live, await spent_out_campaigns(connection))

    await poll(
        engine,
        look,
        every_seconds=every_seconds,
        missed=counts.BUDGETS_UNREAD,
        warning="budgets_unread",
    )


async def follow_paces(
    live: dict[str, Live], engine: AsyncEngine, *, every_seconds: float = 1.0
) -> None:
    """Bid as the worker paces every store's campaigns, for ever; failures keep the last paces.

    A campaign outside its hours does not bid at all. Which platforms have limits is followed too.
    """
    seen: tuple[object, ...] = ()

    async def look(connection: AsyncConnection) -> None:
        nonlocal seen
        _limit(live, await limited_accounts(connection))
        closed = await closed_campaigns(connection)
        state = (*await state_of_paces(connection), frozenset(live), closed)
        if state != seen:
            await _pace(live, _closing(await paces_by_store(connection), closed))
            seen = state

    await poll(
        engine,
        look,
        every_seconds=every_seconds,
        missed=counts.PACES_UNREAD,
        warning="paces_unread",
    )


def _closing(
    paces: Mapping[str, Mapping[str, Pace]], closed: Mapping[str, AbstractSet[str]]
) -> dict[str, dict[str, Pace]]:
    return {
        store_id: {**paces.get(store_id, {}), **dict.fromkeys(closed.get(store_id, ()), CLOSED)}
        for store_id in paces.keys() | closed.keys()
    }


async def _pace(live: dict[str, Live], told: Mapping[str, Mapping[str, Pace]]) -> None:
    for store_id, current in list(live.items()):
        paces = paces_of(told.get(store_id, {}))
        if paces.says_as(current.paces):
            continue
        # in a thread: a request that came first would have to look up every campaign
        for one in (paces, *paces.there.values()):
            await asyncio.to_thread(pace_table, one, current.snapshot)
        if store_id in live:  # as it is now
            live[store_id] = replace(live[store_id], paces=paces)


def _limit(live: dict[str, Live], limited: Mapping[str, set[str]]) -> None:
    for store_id, current in list(live.items()):
        accounts = frozenset(limited.get(store_id, ()))
        if accounts != current.limited:
            live[store_id] = replace(current, limited=accounts)


def _overlay(live: dict[str, Live], spent_out: Mapping[str, set[str]]) -> None:
    for store_id, current in list(live.items()):
        campaigns = frozenset(spent_out.get(store_id, ()))
        if campaigns != current.used_up:
            live[store_id] = current.stopping(used_up=campaigns)


@lru_cache(maxsize=4)
def _bundles(models: Path) -> Bundles:
    """The process's one set of opened bundles: the first load and the following share it."""
    return Bundles(models)


@dataclass(slots=True)
class _Follower:
    """Compares what is served with the current folders. Loading runs in a thread of its own."""

    live: dict[str, Live]
    state: Path
    bundles: Bundles
    refused: dict[Path, float] = field(default_factory=dict)  # when to try again

    async def look(self) -> None:
        """Swap in what is newer and drop the stores that are gone."""
        serving = {store_id: live.snapshot.version for store_id, live in self.live.items()}
        current = await asyncio.to_thread(self._current_folders)
        for store_id, folder in current.items():
            if self._wanted(folder, serving.get(store_id)):
                loaded = await asyncio.to_thread(self._load, folder, self.live.get(store_id))
                if loaded is not None:
                    self._swap(store_id, loaded)
        for store_id in serving.keys() - current.keys():
            del self.live[store_id]
            log.info("store_gone", store=store_id)
        self.refused = {
            folder: at for folder, at in self.refused.items() if folder in current.values()
        }

    def _wanted(self, folder: Path, serving: str | None) -> bool:
        if folder in self.refused:
            return time.monotonic() >= self.refused[folder]
        return serving != folder.name

    def _swap(self, store_id: str, loaded: Live) -> None:
        # nothing awaits between this look at the old value and the swap, so no budget is lost
        before = self.live.get(store_id)
        if before is not None:  # nor is a ban
            loaded = loaded.stopping(used_up=before.used_up, short=before.short)
            loaded = replace(loaded, paces=before.paces, limited=before.limited)
            loaded = with_bans(loaded, before.bans)
        self.live[store_id] = loaded
        counts.SNAPSHOTS_LOADED.inc()
        log.info(
            "snapshot_loaded",
            store=store_id,
            version=loaded.snapshot.version,
            models=loaded.models,
        )

    def _current_folders(self) -> dict[str, Path]:
        root = snapshots_folder(self.state)
        stores = [path for path in root.iterdir() if path.is_dir()] if root.is_dir() else []
        found = {store.name: current_snapshot(store) for store in stores}
        return {store_id: folder for store_id, folder in found.items() if folder is not None}

    def _load(self, folder: Path, before: Live | None) -> Live | None:
        """What `folder` holds, ready to serve; None if it is refused and another is serving.

        A store that nothing serves yet takes what there is: the ads without models, or an
        earlier folder.
        """
        try:
            loaded = load(folder, self.bundles)
            if before is not None:
                loaded = with_bans(loaded, before.bans)  # first: what bans change is asked anew
                changed = changed_arrays(folder.parent / before.snapshot.version, folder)
                acquaint(loaded, before, changed, now=time.time())
        except Exception as error:  # whatever it is, other stores and what serves go on
            self._refuse(folder, error)
            return self._next_best(folder) if before is None else None
        self.refused.pop(folder, None)
        return loaded

    def _refuse(self, folder: Path, error: Exception) -> None:
        if folder not in self.refused:
            counts.SNAPSHOTS_REFUSED.inc()
            log.error("snapshot_refused", folder=str(folder), error=repr(error))
        self.refused[folder] = time.monotonic() + RETRY_REFUSED_SECONDS

    def _next_best(self, folder: Path) -> Live | None:
        earlier = [path for path in kept_folders(folder.parent) if path != folder]
        for candidate in [folder, *earlier]:
            try:
                return load_without_models(candidate)
            except BadSnapshotError as error:
                log.error("snapshot_refused", folder=str(candidate), error=str(error))
        return None
