from __future__ import annotations

from typing import TYPE_CHECKING

from typer.testing import CliRunner

from service.contract.manifest import Manifest
from tests.unit.training.made_logs import write_logs
from training.__main__ import app

if TYPE_CHECKING:
    from pathlib import Path


def _train(folder: Path, *options: str) -> tuple[int, str]:
    files = [part for name, path in write_logs(folder).items() for part in (f"--{name}", path)]
    said = CliRunner().invoke(
        app, ["selling-points", *map(str, files), "--out", str(folder / "1"), *options]
    )
    return said.exit_code, said.output


def test_arm_schedule_and_k_are_chosen_by_name_and_remembered(tmp_path: Path) -> None:
    status, said = _train(tmp_path, "--arm", "lowrank", "--schedule", "joint", "--k", "2")
    assert status == 0, said
    manifest = Manifest.from_json((tmp_path / "1" / "manifest.json").read_bytes())
    config = manifest.training.config
    assert (config["arm"], config["schedule"], config["k"]) == ("lowrank", "joint", 2.0)
    assert "Arm `lowrank`" in (tmp_path / "1" / "CARD.md").read_text()


def test_an_arm_nobody_has_is_refused_with_the_names_there_are(tmp_path: Path) -> None:
    status, said = _train(tmp_path, "--arm", "mdtl")
    assert status == 2
    assert "'mdtl'" in said
    assert "amtdl" in said
    assert not (tmp_path / "1").exists()
