"""Every arm fits on the rich development log, where it is present."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from tests.unit.training.arms.made_arms import OWN_ARMS
from training.arms.inputs import COMMON
from training.config import ArmName, SellingPointConfig
from training.fit import compiled, predict
from training.lab.bench import Bench
from training.lab.split import Split, read_split
from training.learn_selling_points import learn_selling_points
from training.metrics import auc
from training.peers.peer import Evidence
from training.peers.registry import FLOORS

_FOLDER = os.environ.get("SALIENT_DATA")
_NAMES = ("synth_items_rich.parquet", "synth_s_sf_rich.parquet", "synth_s_c_rich.parquet")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        _FOLDER is None or not all((Path(_FOLDER) / name).is_file() for name in _NAMES),
        reason="SALIENT_DATA names no folder with the rich development log",
    ),
    pytest.mark.skipif(
        not any(COMMON), reason="a match without relevance and popularity cannot reach the floor"
    ),
]


def _quiet(done: int, total: int, note: str) -> None:
    del done, total, note


@pytest.fixture(scope="module")
def split() -> Split:
    return read_split(Path(_FOLDER or ""), _NAMES)


@pytest.fixture(scope="module")
def bench(split: Split) -> Bench:
    return Bench.of(split)


@pytest.fixture(scope="module")
def floor(split: Split) -> float:
    peer = FLOORS["position-relevance-popularity"](Evidence.of(split), seed=0)
    peer.fit(split.learnt)
    return auc(split.clicked, peer.score(split.tested))


@pytest.mark.parametrize("name", OWN_ARMS)
def test_every_arm_is_above_what_is_not_personal(
    name: ArmName, split: Split, bench: Bench, floor: float
) -> None:
    data, config = bench.data(split), SellingPointConfig.of(name)
    model = learn_selling_points(data, bench.encoder, bench.titles, config, _quiet)
    run = compiled(lambda batch: [model(batch)])
    found = auc(split.clicked, np.asarray(predict(run, bench.main, bench.tested)[0]))
    assert found > floor, f"{found:.4f} against {floor:.4f}"
