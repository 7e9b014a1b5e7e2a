from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tests.unit.training.peers.made_world import clicks, facets, items
from training.lab.split import Split
from training.peers import tuning
from training.peers.columns import ADS, OWN
from training.peers.peer import Evidence
from training.peers.registry import PEERS


@pytest.fixture(scope="module")
def split() -> Split:
    nobody = pl.lit(None, pl.String).alias("user_id")
    return Split.of(items(), facets(120).with_columns(nobody), clicks(120).with_columns(nobody))


@pytest.mark.parametrize("name", ["usercf", "mucf", "lightgbm", "rf-ffgm", "lstm-pso"])
def test_a_log_of_nobody_is_scored_by_what_is_common(
    name: str, split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "TRIALS", 2)
    evidence = Evidence.of(split)
    assert not evidence.columns((*OWN, *ADS), split.tested).any()
    peer = PEERS[name](evidence, seed=0)
    peer.fit(split.learnt)
    scores = peer.score(split.tested)
    assert np.isfinite(scores).all()
    # who knows nobody scores equal words in equal places alike, but for what queries show
    assert len(np.unique(scores.round(5))) < len(scores)
