from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl
import pytest
from typer.testing import CliRunner

from service.contract.manifest import Manifest
from tests.unit.training.made_logs import made_clicks, made_items, write_logs
from training.__main__ import app
from training.export.gates import pass_gates

if TYPE_CHECKING:
    from pathlib import Path


def _run(kind: str, paths: dict[str, Path], out: Path, seed: int = 1) -> tuple[int, str]:
    wanted = ("facets", "clicks", "items") if kind == "selling-points" else ("clicks", "items")
    files = [part for name in wanted for part in (f"--{name}", str(paths[name]))]
    result = CliRunner().invoke(app, [kind, *files, "--seed", str(seed), "--out", str(out)])
    return result.exit_code, result.output


def _bundle(folder: Path) -> dict[str, bytes]:
    pass_gates(folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_few_hundred_rows_become_a_bundle_and_equal_seeds_equal_ones(tmp_path: Path) -> None:
    paths = write_logs(tmp_path)
    for folder in ("one", "other"):
        status, said = _run("selling-points", paths, tmp_path / folder / "1")
        assert status == 0, said
        assert "auc" in said
    bundle = _bundle(tmp_path / "one" / "1")
    assert bundle == _bundle(tmp_path / "other" / "1")
    manifest = Manifest.from_json(bundle["manifest.json"])
    assert manifest.training.seed == 1
    assert set(manifest.training.data_sha256) == {"facets", "clicks", "items"}
    assert b"| products | 24 |" in bundle["CARD.md"]


def test_a_ranker_needs_no_feature_words(tmp_path: Path) -> None:
    status, said = _run("ranker", write_logs(tmp_path), tmp_path / "1")
    assert status == 0, said
    manifest = Manifest.from_json(_bundle(tmp_path / "1")["manifest.json"])
    assert set(manifest.training.data_sha256) == {"clicks", "items"}
    assert {"auc", "auc_floor", "conversion_log_loss"} <= set(manifest.training.metrics)


def test_logs_of_one_request_without_a_click_still_train(tmp_path: Path) -> None:
    paths = write_logs(tmp_path)
    made_clicks(1).with_columns(click=pl.lit(0), conversion=pl.lit(0)).write_parquet(
        paths["clicks"]
    )
    made_items(prices=False).write_parquet(paths["items"])
    status, said = _run("ranker", paths, tmp_path / "1")
    assert status == 0, said
    assert (
        "auc"
        not in json.loads((tmp_path / "1" / "manifest.json").read_bytes())["training"]["metrics"]
    )


@pytest.mark.parametrize("broken", ["clicks", "items"])
def test_a_missing_file_ends_with_status_2_before_anything_is_learnt(
    broken: str, tmp_path: Path
) -> None:
    paths = write_logs(tmp_path) | {broken: tmp_path / "gone.parquet"}
    status, said = _run("ranker", paths, tmp_path / "1")
    assert status == 2
    assert "gone.parquet: no such file" in said.replace("\n", "")
    assert not (tmp_path / "1").exists()


def test_a_folder_of_other_things_is_not_touched(tmp_path: Path) -> None:
    paths = write_logs(tmp_path)
    status, said = _run("ranker", paths, tmp_path)
    assert status == 2
    assert "holds files that are no bundle" in said.replace("\n", "")
