"""Jobs through a real worker process, on a small log."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from service.demo.log import write_log
from training.lab.agenda import FLOOR_1, Job
from training.lab.board import load_scores
from training.lab.foreman import Foreman
from training.lab.sources import Source, as_told, demo_source

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    folder = tmp_path_factory.mktemp("log")
    write_log("base", 3, folder, sessions=150)
    return demo_source(folder)


def _foreman(folder: Path, source: Source, jobs: list[Job], seconds: float) -> Foreman:
    catalogue = folder / "lab.json"
    told = {"logs": as_told([source]), "scores": str(folder / "scores")}
    catalogue.write_text(json.dumps(told))
    return Foreman(jobs, catalogue, time.monotonic() + seconds, lambda *_: None)


def test_a_failure_is_told_and_ends_nothing(tmp_path: Path, source: Source) -> None:
    jobs = [Job("demo", "nobody", 0), Job("demo", FLOOR_1, 0), Job("demo", FLOOR_1, 0, 0.5)]
    foreman = _foreman(tmp_path, source, jobs, seconds=120)
    foreman.work("one", ["demo"])
    ended = foreman.close()
    assert [one.state for one in ended] == ["failed", "done", "done"]
    assert "nobody" in ended[0].why
    scores = load_scores(tmp_path / "scores", ended, "demo")
    split = source.read()
    assert {name: found[0].shape for name, found in scores.items()} == {
        FLOOR_1: split.tested.shape,
        f"{FLOOR_1}@0.5": split.tested.shape,
    }


def test_what_would_not_end_in_time_is_not_begun(tmp_path: Path, source: Source) -> None:
    foreman = _foreman(tmp_path, source, [Job("demo", FLOOR_1, 0)], seconds=5)
    foreman.work("one", ["demo"])  # the first guess is longer than that
    assert [(one.state, one.seconds) for one in foreman.close()] == [("no time", 0.0)]
    assert not (tmp_path / "scores").exists()


def test_the_logs_it_likes_come_first(tmp_path: Path, source: Source) -> None:
    jobs = [Job("rich", "bm", 0), Job("demo", "bm", 0), Job("sparse", "bm", 0)]
    foreman = _foreman(tmp_path, source, jobs, seconds=1e6)
    order = []
    while (job := foreman._next(["demo", "sparse", "rich"])) is not None:
        order.append(job.log)
    assert order == ["demo", "sparse", "rich"]


def test_a_worker_that_dies_takes_one_job_along(tmp_path: Path, source: Source) -> None:
    jobs = [Job("demo", FLOOR_1, 0), Job("demo", FLOOR_1, 1)]
    foreman = _foreman(tmp_path, source, jobs, seconds=600)
    foreman.catalogue.write_text("{}")  # which no worker can begin with
    foreman.work("one", ["demo"])
    assert [one.state for one in foreman.close()] == ["failed", "failed"]
    assert "ended with status 1" in foreman.close()[0].why
    assert "KeyError" in foreman.catalogue.with_suffix(".log").read_text()
