from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from service.contract.manifest import BundleKind
from tests.unit.inference.made_bundles import made_files, write_bundle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="session")
def ranker_files() -> dict[str, bytes]:
    return made_files(BundleKind.RANKER)


@pytest.fixture(scope="session")
def points_files() -> dict[str, bytes]:
    return made_files(BundleKind.SELLING_POINTS)


@pytest.fixture(scope="session")
def ranker(tmp_path_factory: pytest.TempPathFactory, ranker_files: dict[str, bytes]) -> Path:
    folder = tmp_path_factory.mktemp("models") / "ranker" / "1"
    return write_bundle(folder, BundleKind.RANKER, ranker_files)


@pytest.fixture(scope="session")
def points(tmp_path_factory: pytest.TempPathFactory, points_files: dict[str, bytes]) -> Path:
    folder = tmp_path_factory.mktemp("models") / "selling-points" / "1"
    return write_bundle(folder, BundleKind.SELLING_POINTS, points_files)


@pytest.fixture
def copied(ranker: Path, tmp_path: Path) -> Path:
    """A good ranker bundle to break."""
    return shutil.copytree(ranker, tmp_path / "copied")


@pytest.fixture
def rebuilt(ranker_files: dict[str, bytes], tmp_path: Path) -> Callable[..., Path]:
    """A bundle of other contents, with a manifest that fits them."""

    def build(**changes: bytes) -> Path:
        files = ranker_files | {f"{name}.onnx": data for name, data in changes.items()}
        return write_bundle(tmp_path / "rebuilt", BundleKind.RANKER, files)

    return build
