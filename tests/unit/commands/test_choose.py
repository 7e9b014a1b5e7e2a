from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import polars as pl
from typer.testing import CliRunner, Result

from service.__main__ import app
from service.contract.manifest import BundleKind
from service.demo.log import write_log
from tests.unit.inference.made_bundles import write_bundle

if TYPE_CHECKING:
    from pathlib import Path


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_choices_for_a_log_are_written_and_judged(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "selling-points" / "1", BundleKind.SELLING_POINTS)
    write_log("base", 1, tmp_path, sessions=40)
    rows, chosen = tmp_path / "rows.parquet", tmp_path / "chosen.parquet"
    pl.read_parquet(tmp_path / "clicks.parquet").tail(80).write_parquet(rows)
    logs = [f"--{name}={tmp_path / name}.parquet" for name in ("items", "facets", "clicks")]
    done = run("choose", bundle, "--rows", rows, *logs, "--max", 1, "--out", chosen)
    assert done.exit_code == 0, done.output
    found = pl.read_parquet(chosen)
    assert found["row"].to_list() == list(range(80))
    assert found["chosen"].list.len().max() == 1
    told = run("demo", "choices", chosen, "--rows", rows, "--null-worlds", 2)
    assert told.exit_code == 0, told.output
    judged = orjson.loads(told.stdout.splitlines()[-1])
    assert (judged["rows"], judged["unattested"], judged["null_worlds"]) == (80, 0, 2)
    assert judged["best"] > judged["chosen"]
    assert judged["null_false_positives"] in {0.0, 0.5}


def test_choices_of_other_rows_are_refused(tmp_path: Path) -> None:
    rows, chosen = tmp_path / "rows.parquet", tmp_path / "chosen.parquet"
    pl.DataFrame({"user_id": [1, 2]}).write_parquet(rows)
    pl.DataFrame({"chosen": [["oak"]]}).write_parquet(chosen)
    told = run("demo", "choices", chosen, "--rows", rows)
    assert told.exit_code != 0
    assert "has 2 rows" in str(told.exception)


def test_more_than_three_points_are_refused(tmp_path: Path) -> None:
    told = run("choose", tmp_path, "--rows", "r", "--items", "i", "--max", 4, "--out", "o")
    assert told.exit_code == 2
    assert "--max" in told.output
