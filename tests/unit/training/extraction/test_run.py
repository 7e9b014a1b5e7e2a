from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest
from typer.testing import CliRunner

from service.contract.tagger_file import TAGGER_FILE, load_tagger
from service.worker.export import CATALOGUE as EXPORTED
from training.__main__ import app
from training.extraction.catalogue import CATALOGUE

if TYPE_CHECKING:
    from pathlib import Path


def catalogue(path: Path, **changed: object) -> Path:
    rows = [
        {
            "category": "Tables",
            "title": f"Acme {length}cm {wood} Table",
            "description": None,
            "attributes": [{"name": "wood", "value": wood}],
        }
        | changed
        for length, wood in enumerate(["Oak", "Pine", "Teak", "Ash"] * 5)
    ]
    pl.DataFrame(rows, schema_overrides={"description": pl.String}).write_parquet(path)
    return path


def run(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["extraction", *map(str, words)])
    return done.exit_code, done.output


def test_the_command_writes_a_tagger_that_the_service_reads(tmp_path: Path) -> None:
    out = tmp_path / "models" / "extraction" / "1"
    code, said = run("--catalogue", catalogue(tmp_path / "c.parquet"), "--out", out)
    assert (code, "1 categories, 1 attributes" in said) == (0, True)
    tagger = load_tagger((out / TAGGER_FILE).read_bytes())
    assert tagger.extract("tables", {"title": "Lumo 9cm Walnut Table"})["wood"].value == "Walnut"


def test_the_export_has_the_columns_that_training_reads() -> None:
    assert EXPORTED == CATALOGUE


@pytest.mark.parametrize("changed", [{"attributes": None}, {"attributes": "oak"}])
def test_a_catalogue_that_teaches_nothing_is_refused(
    tmp_path: Path, changed: dict[str, object]
) -> None:
    path = catalogue(tmp_path / "c.parquet", **changed)
    code, said = run("--catalogue", path, "--out", tmp_path / "out")
    assert (code, said.startswith("error: ")) == (2, True)
    assert not (tmp_path / "out").exists()


def test_a_file_is_no_place_for_it(tmp_path: Path) -> None:
    path = catalogue(tmp_path / "c.parquet")
    code, said = run("--catalogue", path, "--out", path)
    assert (code, "is no folder" in said) == (2, True)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    code, said = run("--catalogue", tmp_path / "none.parquet", "--out", tmp_path / "out")
    assert (code, "none.parquet" in said) == (2, True)
