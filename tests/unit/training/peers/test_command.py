from __future__ import annotations

import json
from typing import TYPE_CHECKING

from typer.testing import CliRunner

from tests.unit.training.made_logs import write_logs
from training.peers.__main__ import app

if TYPE_CHECKING:
    from pathlib import Path


def _options(folder: Path, *more: str) -> list[str]:
    paths = write_logs(folder)
    return [part for name, path in paths.items() for part in (f"--{name}", str(path))] + [*more]


def test_each_contender_gets_a_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        app, _options(tmp_path, "--peer", "lr", "--peer", "popularity-x-position")
    )
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["name"] for line in lines] == ["table", "lr", "popularity-x-position"]
    assert 0.5 < lines[1]["auc"] <= 1


def test_an_unknown_peer_is_named_with_those_there_are(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, _options(tmp_path, "--peer", "oracle"))
    assert result.exit_code == 2
    assert "'oracle'" in result.output
    assert "lightgbm-own" in result.output


def test_a_missing_log_is_named(tmp_path: Path) -> None:
    options = _options(tmp_path)
    (tmp_path / "clicks.parquet").unlink()
    result = CliRunner().invoke(app, options)
    assert result.exit_code == 2
    assert "clicks.parquet: no such file" in result.output
