"""The ladder of floors and boosted trees on the rich development log, where it is present."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from training.lab.split import Split, read_split
from training.metrics import auc, gain_over
from training.peers.peer import Evidence
from training.peers.registry import FLOORS, PEERS

_FOLDER = os.environ.get("SALIENT_DATA")
_NAMES = ("synth_items_rich.parquet", "synth_s_sf_rich.parquet", "synth_s_c_rich.parquet")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        _FOLDER is None or not all((Path(_FOLDER) / name).is_file() for name in _NAMES),
        reason="SALIENT_DATA names no folder with the rich development log",
    ),
]


@pytest.fixture(scope="module")
def split() -> Split:
    return read_split(Path(_FOLDER or ""), _NAMES)


def test_each_log_of_the_shopper_adds_to_what_is_common(split: Split) -> None:
    evidence, every = Evidence.of(split), FLOORS | PEERS
    scores = {}
    for name in (*FLOORS, "lightgbm-common", "lightgbm-own", "lightgbm"):
        peer = every[name](evidence, seed=0)
        peer.fit(split.learnt)
        scores[name] = peer.score(split.tested)
    found = {name: auc(split.clicked, score) for name, score in scores.items()}
    assert found["popularity-x-position"] == pytest.approx(0.611, abs=0.001)
    assert found["position-relevance-popularity"] > 0.64
    steps = [("lightgbm-common", "lightgbm-own"), ("lightgbm-own", "lightgbm")]
    for less, more in steps:
        gain = gain_over(split.clicked, scores[more], scores[less], split.shoppers, seed=0)
        assert gain.is_clear, (less, more, gain)
    assert found["lightgbm"] > found["lightgbm-common"] + 0.04
