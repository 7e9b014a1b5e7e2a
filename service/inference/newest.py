"""Where bundles lie: models/<name>/<version>/."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from service.contract.manifest import MANIFEST_FILE

if TYPE_CHECKING:
    from pathlib import Path

_RUNS = re.compile(r"(\d+)", re.ASCII)


def bundle_versions(models: Path, name: str) -> list[Path]:
    """Return the folders of all versions of a model, newest first; none is opened."""
    return versions_with(models, name, MANIFEST_FILE)


def versions_with(models: Path, name: str, file: str) -> list[Path]:
    """Return the folders of all versions that hold `file`, newest first.

    Versions compare piece by piece, numbers as numbers: 10 is newer than 9.
    """
    try:
        folders = [path for path in (models / name).iterdir() if (path / file).is_file()]
    except OSError:
        return []
    return sorted(folders, key=lambda folder: _order(folder.name), reverse=True)


def newest_bundle(models: Path, name: str) -> Path | None:
    """Return the folder of the newest version of a model, None if there is none."""
    return next(iter(bundle_versions(models, name)), None)


def _order(version: str) -> list[tuple[bool, int, str]]:
    pieces = _RUNS.split(version)
    return [(piece.isdigit(), int(piece) if piece.isdigit() else 0, piece) for piece in pieces]
