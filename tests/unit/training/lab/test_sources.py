from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from service.demo.log import write_log
from training.lab.sources import Source, as_told, demo_source, real_sources, sources_of


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    folder = tmp_path_factory.mktemp("log")
    write_log("base", 3, folder, sessions=60)
    return demo_source(folder)


def test_the_truth_belongs_to_the_rows_tested(source: Source) -> None:
    split = source.read()
    truth = source.true_chances(split)
    assert truth is not None
    folder = Path(source.folder)
    shown = pl.read_parquet(folder / "facets.parquet").hstack(
        pl.read_parquet(folder / "truth" / "facets.parquet")
    )
    p_of = {(str(s), at): p for s, at, p in shown["session_id", "position", "p_click"].iter_rows()}
    tested = split.facets[split.tested]["request", "position"].iter_rows()
    assert truth["p_click"].tolist() == [p_of[row] for row in tested]


def test_a_log_of_real_words_has_no_truth(source: Source) -> None:
    other = Source("rich", "", source.folder, source.items, source.facets, source.clicks)
    assert other.true_chances(source.read()) is None


def test_only_logs_that_are_there_are_looked_at(tmp_path: Path) -> None:
    assert real_sources(None) == []
    assert real_sources(tmp_path) == []
    (tmp_path / "synth_s_sf.parquet").touch()
    assert [one.name for one in real_sources(tmp_path)] == ["sparse"]
    (tmp_path / "synth_s_sf_rich.parquet").touch()
    assert [one.name for one in real_sources(tmp_path)] == ["rich", "sparse"]


def test_sources_go_to_a_worker_and_back(source: Source) -> None:
    assert sources_of(as_told([source])) == {"demo": source}


def test_clicks_come_as_often_as_the_truth_says(source: Source) -> None:
    split = source.read()
    truth = source.true_chances(split)
    assert truth is not None
    p = truth["p_click"]
    error = float(np.sqrt((p * (1 - p)).sum()))
    assert abs(float(split.clicked.sum()) - p.sum()) < 3 * error
