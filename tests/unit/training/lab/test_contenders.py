"""What an arm may learn from on the bench, and a fit of one on a small log."""

from __future__ import annotations

import numpy as np
import pytest

from service.demo.log import write_log
from training.config import ArmName
from training.lab.bench import Bench
from training.lab.contenders import ArmContender, Log
from training.lab.sources import demo_source


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    folder = tmp_path_factory.mktemp("log")
    write_log("base", 3, folder, sessions=200)
    return Log(demo_source(folder).read(), seed=0)


def test_requests_tested_are_the_rows_tested(log: Log) -> None:
    bench = log.bench
    requests = bench.main.requests
    rows = requests.rows[bench.tested][requests.real[bench.tested]]
    assert rows.tolist() == log.split.tested.tolist()


def test_nothing_at_or_past_the_edge_is_learnt_from(log: Log) -> None:
    bench, edge = log.bench, log.split.edge_seconds
    data = bench.data(log.split)
    assert bench.main.ts[data.held_out].max() < edge
    assert bench.main.ts[data.main_requests].max() <= bench.main.ts[data.held_out].min()
    assert bench.auxiliary.ts[data.auxiliary_requests].max() < bench.main.ts[data.held_out[0]]
    rows = bench.main.requests.real
    learnt, held = rows[data.main_requests].sum(), rows[data.held_out].sum()
    assert learnt + held == len(log.split.learnt)
    assert held / (learnt + held) == pytest.approx(0.1, abs=0.02)


def test_a_part_of_the_log_is_its_latest(log: Log) -> None:
    whole, half = (log.bench.data(log.split.latest(share)) for share in (1.0, 0.5))
    assert half.held_out[-1] == whole.held_out[-1]
    assert half.main_requests[0] > whole.main_requests[0]
    assert len(half.auxiliary_requests) < 0.6 * len(whole.auxiliary_requests)


def test_nobody_is_known_where_shoppers_are_hidden(log: Log) -> None:
    hidden = Bench.of(log.split.anonymous(facets=True, clicks=True))
    batch, known = (bench.main.take(bench.tested) for bench in (hidden, log.bench))
    for name in ("clicked_words", "clicked_titles", "past_queries"):
        assert not batch[name].any()
        assert known[name].any()
    assert np.array_equal(batch["query_words"], known["query_words"])


def test_an_arm_scores_every_row_tested(log: Log) -> None:
    arm = ArmContender(ArmName.BM, {"passes": 0.2})
    scores = arm.scores(log, share=0.5, seed=0, report=lambda *_: None)
    assert scores.shape == log.split.tested.shape
    assert np.isfinite(scores).all()
    assert scores.std() > 0
