"""Snapshots follow the catalogue and the models: built here, off the path that serves."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from service.decision.reading import Readings
from service.decision.snapshot import build_snapshot
from service.errors import BadSnapshotError
from service.inference.extraction import newest_tagger
from service.store.catalogue import load_catalogue
from service.store.snapshots import current_snapshot, map_snapshot, point_to, write_snapshot
from service.store.tables import stores
from service.worker import counts
from service.worker.bundles import Bundles
from service.worker.keep_doing import keep_doing
from service.worker.model_rows import model_arrays

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.decision.snapshot import BundleRef, Catalogue, Snapshot
    from service.worker.bundles import Used

log = structlog.get_logger(__name__)

LOOK_EVERY_SECONDS = 0.2
RETRY_SECONDS = 5.0
LONG_SECONDS = 2.0
REST_SECONDS = 2.0
"""After a build that took longer than that; those of smaller shops follow each other at once."""
PATIENCE_SECONDS = 60.0
"""For a database that neither answers nor hangs up."""
KEPT_SNAPSHOTS = 5
"""How many folders of a store stay: for replay, and for a server that is still mapping one."""


def snapshots_folder(state: Path) -> Path:
    """Where the snapshots of all stores lie, one folder a store."""
    return state / "snapshots"


@dataclass(slots=True)
class Refresher:
    """Keeps the current snapshot of every store at its catalogue version and the best models.

    Of several processes with one state folder, the one that comes first builds for all.
    """

    engine: AsyncEngine
    state: Path
    bundles: Bundles
    _built: dict[str, tuple[int, tuple[BundleRef, ...]]] = field(default_factory=dict)
    _readings: dict[str, Readings] = field(default_factory=dict)  # what build_snapshot remembers
    _retry_at: dict[str, float] = field(default_factory=dict)  # not before, of each store
    _lock: int | None = None  # the descriptor that holds the folder's lock

    async def run(self, stop: asyncio.Event) -> None:
        """Look every `LOOK_EVERY_SECONDS` until `stop` is set; outages are waited out."""

        async def look() -> None:
            await self.look()

        await keep_doing(look, stop, every_seconds=LOOK_EVERY_SECONDS, warning="refresh_failed")
        self.close()

    def close(self) -> None:
        """Let another process build."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    async def look(self) -> int:
        """Build the snapshots that are behind; returns how many."""
        if not self._is_builder():
            return 0
        async with asyncio.timeout(PATIENCE_SECONDS), self.engine.connect() as connection:
            rows = await connection.execute(select(stores.c.id, stores.c.catalogue_version))
            versions: dict[str, int] = {row.id: row.catalogue_version for row in rows}
        used = await asyncio.to_thread(self.bundles.newest)
        behind = await asyncio.to_thread(self._behind, versions, _refs(used))
        built = [await self._try_to_build(store_id, used) for store_id in behind]
        await asyncio.to_thread(self._retire_all_but, set(versions))
        return sum(built)

    def _behind(self, versions: Mapping[str, int], refs: tuple[BundleRef, ...]) -> list[str]:
        now = time.monotonic()
        return [
            store_id
            for store_id, version in sorted(versions.items())
            if self._retry_at.get(store_id, now) <= now
            and self._standing(store_id) != (version, refs)
        ]

    async def _try_to_build(self, store_id: str, used: Used) -> bool:
        """Build one store's snapshot. One that cannot be built must not hold up the others."""
        try:
            self._retry_at.pop(store_id, None)
            await self._build(store_id, used)
        except (SQLAlchemyError, OSError):  # an outage is everyone's
            raise
        except Exception as error:  # the store's own: its snapshot of before stays
            self._retry_at[store_id] = time.monotonic() + RETRY_SECONDS
            counts.SNAPSHOTS_FAILED.inc()
            log.error("snapshot_not_built", store=store_id, error=repr(error))
            return False
        return True

    async def _build(self, store_id: str, used: Used) -> None:
        started = time.perf_counter()
        async with asyncio.timeout(PATIENCE_SECONDS), self.engine.connect() as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ")
            catalogue = await load_catalogue(connection, store_id)
        loaded = time.perf_counter()
        folder = await asyncio.to_thread(self._write, catalogue, used)
        self._built[store_id] = (catalogue.version, _refs(used))
        took = time.perf_counter() - started
        if took > LONG_SECONDS:  # while much is imported, other work gets its turn
            self._retry_at[store_id] = time.monotonic() + REST_SECONDS
        counts.SNAPSHOTS_BUILT.inc()
        log.info(
            "snapshot_built",
            store=store_id,
            version=folder.name,
            load_seconds=round(loaded - started, 3),
            build_seconds=round(time.perf_counter() - loaded, 3),
        )

    def _is_builder(self) -> bool:
        if self._lock is None:
            folder = snapshots_folder(self.state)
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(folder / ".builder", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                return False
            self._lock = descriptor  # held until closed, also by a kill
        return True

    def _standing(self, store_id: str) -> tuple[int, tuple[BundleRef, ...]] | None:
        """What the current folder was built from, by this process or before; None without one."""
        folder = snapshots_folder(self.state) / store_id
        if store_id in self._built:
            return self._built[store_id] if current_snapshot(folder) else None
        previous = _previous(folder)
        if previous is None:
            return None
        self._built[store_id] = (previous[1].catalogue_version, previous[1].bundles)
        return self._built[store_id]

    def _write(self, catalogue: Catalogue, used: Used) -> Path:
        folder = snapshots_folder(self.state) / catalogue.store.store_id
        folder.mkdir(parents=True, exist_ok=True)
        previous = _previous(folder)
        known = self._readings_of(catalogue.store.store_id)
        snapshot = build_snapshot(catalogue, known)
        snapshot = replace(
            snapshot,
            # the time first: names stay in order also when another database takes over
            version=f"{time.time_ns() // 1_000_000}-{catalogue.version}",
            bundles=_refs(used),
            models=model_arrays(snapshot, used, previous[1] if previous else None),
        )
        written = write_snapshot(snapshot, folder, previous=previous[0] if previous else None)
        point_to(written)
        _forget_old(folder, keep=written)
        return written

    def _readings_of(self, store_id: str) -> Readings:
        """What is remembered of the store's products; nothing once there is another tagger."""
        tagger = newest_tagger(self.bundles.models)
        known = self._readings.get(store_id)
        if known is None or known.tagger is not tagger:
            known = self._readings[store_id] = Readings(tagger)
        return known

    def _retire_all_but(self, store_ids: set[str]) -> None:
        root = snapshots_folder(self.state)
        for folder in root.iterdir() if root.is_dir() else ():
            if folder.name not in store_ids and folder.is_dir():
                log.info("store_retired", store=folder.name)
                shutil.rmtree(folder, ignore_errors=True)
                self._built.pop(folder.name, None)
                self._readings.pop(folder.name, None)


async def refresh_once(engine: AsyncEngine, *, state: Path, models: Path) -> int:
    """Build what is behind now, once; returns how many snapshots were written."""
    refresher = Refresher(engine, state, Bundles(models))
    try:
        return await refresher.look()
    finally:
        refresher.close()


def _refs(used: Used) -> tuple[BundleRef, ...]:
    return tuple(ref for ref, _ in used.values())


def _previous(folder: Path) -> tuple[Path, Snapshot] | None:
    current = current_snapshot(folder)
    if current is None:
        return None
    try:
        return current, map_snapshot(current)
    except BadSnapshotError as error:
        log.warning("snapshot_unreadable", folder=str(current), error=str(error))
        return None


def kept_folders(folder: Path) -> list[Path]:
    """The snapshots of one store that are still there, the newest first."""
    folders = [path for path in folder.iterdir() if path.is_dir() and path.name[0] != "."]
    return sorted(folders, key=lambda path: path.name, reverse=True)


def _forget_old(folder: Path, *, keep: Path) -> None:
    drafts = [path for path in folder.iterdir() if path.is_dir() and path.name[0] == "."]
    for path in [*kept_folders(folder)[KEPT_SNAPSHOTS:], *drafts]:  # drafts: of a killed builder
        if path != keep:
            shutil.rmtree(path, ignore_errors=True)
