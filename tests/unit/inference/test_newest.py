from __future__ import annotations

from typing import TYPE_CHECKING

from service.inference.newest import bundle_versions, newest_bundle

if TYPE_CHECKING:
    from pathlib import Path


def version(models: Path, name: str) -> Path:
    folder = models / "ranker" / name
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    return folder


def test_numbers_in_versions_compare_as_numbers(tmp_path: Path) -> None:
    ten, nine, nought = (version(tmp_path, name) for name in ("1.10", "1.9", "0.50"))
    assert bundle_versions(tmp_path, "ranker") == [ten, nine, nought]
    assert newest_bundle(tmp_path, "ranker") == ten


def test_dates_compare_by_day(tmp_path: Path) -> None:
    old, new = version(tmp_path, "2026-09-30"), version(tmp_path, "2026-11-02")
    assert bundle_versions(tmp_path, "ranker") == [new, old]


def test_words_and_numbers_can_be_mixed(tmp_path: Path) -> None:
    names = {"v2", "2", "beta", "v10"}
    found = [path.name for path in [version(tmp_path, name) for name in names]]
    assert {path.name for path in bundle_versions(tmp_path, "ranker")} == set(found)


def test_a_folder_without_manifest_is_no_version(tmp_path: Path) -> None:
    (tmp_path / "ranker" / "half-written").mkdir(parents=True)
    assert newest_bundle(tmp_path, "ranker") is None


def test_no_models_folder_means_no_model(tmp_path: Path) -> None:
    assert newest_bundle(tmp_path / "nothing", "ranker") is None
