from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.unit.training.peers.made_world import evidence, split
from training.metrics import auc
from training.peers import tuning
from training.peers.registry import FLOORS, PEERS

EVERY = FLOORS | PEERS
_PERSONAL = [name for name in PEERS if name not in {"lightgbm-common", "taucf"}]


def _fitted_scores(name: str) -> np.ndarray:
    peer = EVERY[name](evidence(), seed=0)
    peer.fit(split().learnt)
    assert peer.name == name
    return peer.score(split().tested)


_scores = cache(_fitted_scores)


@pytest.fixture(autouse=True)
def _few_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "TRIALS", 2)


@pytest.mark.parametrize("name", list(EVERY))
def test_a_peer_scores_each_row_once(name: str) -> None:
    assert _scores(name).shape == split().tested.shape
    assert np.isfinite(_scores(name)).all()


@pytest.mark.parametrize("name", _PERSONAL)
def test_a_peer_that_knows_shoppers_beats_the_floor(name: str) -> None:
    floor = auc(split().clicked, _scores("position-relevance-popularity"))
    assert auc(split().clicked, _scores(name)) > floor + 0.1


@pytest.mark.parametrize("name", list(PEERS))
def test_equal_seeds_score_alike(name: str) -> None:
    assert _fitted_scores(name) == pytest.approx(_scores(name), abs=1e-6)


def test_no_peer_scores_before_it_is_fitted() -> None:
    for build in EVERY.values():
        with pytest.raises(RuntimeError, match="only after fit"):
            build(evidence(), seed=0).score(split().tested)
