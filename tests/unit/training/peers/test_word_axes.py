from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from training.peers.word_axes import WordAxes

# a and b stand on the same products, c on others, d on none
_HELD = sparse.csr_matrix(
    np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 0]], np.float32)
)


def test_words_of_the_same_products_are_alike() -> None:
    found = WordAxes.of(_HELD, seed=0)
    assert np.linalg.norm(found.axes[:3], axis=1) == pytest.approx(1, rel=1e-5)
    assert found.likeness[0, 1] == pytest.approx(1, rel=1e-5)
    assert found.likeness[0, 2] == pytest.approx(0, abs=1e-5)
    assert not found.axes[3].any()


def test_axes_repeat_with_the_seed() -> None:
    assert (WordAxes.of(_HELD, seed=3).axes == WordAxes.of(_HELD, seed=3).axes).all()


def test_one_word_has_no_axis() -> None:
    found = WordAxes.of(sparse.csr_matrix(np.ones((3, 1), np.float32)), seed=0)
    assert found.axes.shape == (1, 1)
    assert not found.axes.any()
