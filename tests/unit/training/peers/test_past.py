from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from tests.unit.training.peers.made_world import evidence
from training.peers.past import Seen, faded

_DAY = 86_400.0


def _seen() -> Seen:
    holds = sparse.csr_matrix(np.array([[1, 0], [1, 1], [0, 1]], np.float32))
    return Seen(
        holds,
        holds,
        np.array([0.0, _DAY, 2 * _DAY]),
        np.array([1, 1, 0], np.float32),
        np.array([0.1, 0.2, 0.3], np.float32),
    )


def test_sums_hold_what_was_seen_strictly_before() -> None:
    moments = np.array([0.0, _DAY, _DAY + 1, 9 * _DAY])
    clicks = _seen().sums(moments, _seen().clicks)
    assert clicks.tolist() == [[0, 1, 2, 2], [0, 0, 1, 1]]


def test_clicks_fade_by_half_in_a_half_life() -> None:
    found = faded(_seen(), np.array([2 * _DAY]), half_life_days=1.0)
    # word 0: clicked 2 days and 1 day ago; word 1: 1 day ago
    assert found[:, 0] == pytest.approx([1 / 4 + 1 / 2, 1 / 2])


def test_a_walk_meets_every_known_row_once() -> None:
    shop = evidence().shop
    met = np.concatenate([past.rows for past in evidence().pasts])
    assert sorted(met.tolist()) == np.flatnonzero(shop.facets.shoppers >= 0).tolist()


def test_what_a_title_said_counts_for_more() -> None:
    shop = evidence().shop
    row = int(np.flatnonzero(np.diff(shop.ads.said.indptr) > 0)[0])
    who = shop.ads.shoppers[row]
    past = next(p for p in evidence().pasts if shop.facets.shoppers[p.rows[0]] == who)
    place = int(np.searchsorted(np.flatnonzero(shop.ads.shoppers == who), row))
    said = past.local.tolist().index(int(shop.ads.said[row].indices[0]))
    held = past.ads.holds[place].sum()
    assert past.ads.words[place, said] == pytest.approx(held**-0.5 + 0.7)
