from __future__ import annotations

import numpy as np
import pytest

from tests.unit.training.peers.made_world import evidence, split
from training.peers.collaborative import Collaborative, Kind, neighbours


def test_neighbours_are_the_most_alike_but_oneself() -> None:
    own = np.array([[1, 0, 0]], np.float32)
    everybody = np.array([[1, 0, 0], [3, 4, 0], [1, 1, 0], [-1, 0, 0]], np.float32)
    near = neighbours(own, everybody, np.array([0]), 1)
    assert near[0] == pytest.approx([0, 0, 2**-0.5, 0])
    both = neighbours(own, everybody, np.array([0]), 2)
    assert both[0] == pytest.approx([0, 3 / 5, 2**-0.5, 0])


def test_neighbours_know_what_the_shopper_has_not_shown() -> None:
    peer = Collaborative("usercf", evidence(), Kind(), seed=0)
    peer.fit(split().learnt)
    tested = split().tested
    known = tested[evidence().shop.facets.shoppers[tested] >= 0]
    clicked = split().facets["click"].to_numpy()[known] > 0
    scores = peer.score(known)
    assert scores[clicked].mean() > scores[~clicked].mean() + 0.5


def test_filters_for_some_shoppers_are_silent_about_the_others() -> None:
    rows = split().learnt
    spoken = Collaborative("teucf", evidence(), Kind(fills=True, without_rules=False), seed=0)
    silent = Collaborative("taucf", evidence(), Kind(with_rules=False), seed=0)
    spoken.fit(rows)
    silent.fit(rows)
    settings = {"neighbours": 5.0, "shrink": 1.0}
    heard, rest = (peer.opinions(settings).any(axis=1) for peer in (spoken, silent))
    assert heard.any()
    assert not (heard & rest).any()


def test_scores_before_fitting_are_refused() -> None:
    with pytest.raises(RuntimeError, match=r"usercf scores rows only after fit"):
        Collaborative("usercf", evidence(), Kind(), seed=0).score(split().tested)
