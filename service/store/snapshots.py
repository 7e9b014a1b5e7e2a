"""Snapshots as folders of arrays: written once, mapped by every server."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from service.decision.snapshot import Snapshot


def write_snapshot(snapshot: Snapshot, folder: Path, *, previous: Path | None = None) -> Path:
    """Write `snapshot` to `folder`/<version> and return that; arrays equal to those of `previous` are linked."""
    raise NotImplementedError(snapshot, folder, previous)


def map_snapshot(folder: Path) -> Snapshot:
    """Map the snapshot in `folder` into memory."""
    raise NotImplementedError(folder)


def point_to(folder: Path) -> None:
    """Make the snapshot in `folder` the current one of its store."""
    raise NotImplementedError(folder)


def current_snapshot(store_folder: Path) -> Path | None:
    """The folder of the store's current snapshot; None before the first."""
    raise NotImplementedError(store_folder)
