from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from training.peers.rules import Rules

# ten shoppers: four like words 0 and 1, two like 0 alone, four like word 2; word 3 nobody
_EXCESS = sparse.csr_matrix(
    np.array([[2, 2, 0, 0]] * 4 + [[3, 0, 0, 0]] * 2 + [[0, 0, 1, 0.9]] * 4, np.float32)
)


def test_confidence_is_the_share_of_those_who_like_the_first_word() -> None:
    found = Rules.of(_EXCESS).confidence.toarray()
    expected = np.zeros((4, 4))
    expected[0, 1] = 4 / 6  # of six who like word 0, four like word 1: lift (4/6) / (4/10) > 1
    expected[1, 0] = 1.0
    assert found == pytest.approx(expected)


def test_what_has_no_rating_is_filled_by_rules() -> None:
    rules = Rules.of(_EXCESS)
    filled = rules.fill(np.array([[3, 0, 0, 0], [0, -1, 2, 0]], np.float32))
    # word 1 from word 0's 3; word 0 from word 1's -1; what is rated stays
    assert filled.tolist() == [[3, 3, 0, 0], [-1, -1, 2, 0]]


def test_a_rule_fires_for_who_likes_its_first_word() -> None:
    fires = Rules.of(_EXCESS).fires(np.array([[1, 0, 0, 0], [0.5, 0, 9, 0]], np.float32))
    assert fires.tolist() == [1, 0]


def test_nobody_likes_anything_so_there_are_no_rules() -> None:
    empty = Rules.of(sparse.csr_matrix((5, 4), dtype=np.float32))
    assert empty.confidence.nnz == 0
    assert empty.fires(np.ones((1, 4), np.float32)).tolist() == [0]
