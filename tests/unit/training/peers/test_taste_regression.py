from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from training.peers.past import Seen
from training.peers.taste_regression import Penalty, taste


def _seen(seed: int, rows: int = 40) -> Seen:
    rng = np.random.default_rng(seed)
    words = sparse.csr_matrix((rng.random((rows, 5)) < 0.4).astype(np.float32))
    expected = rng.uniform(0.05, 0.4, rows).astype(np.float32)
    clicks = (rng.random(rows) < 0.3).astype(np.float32)
    return Seen(words, words, np.sort(rng.uniform(0, 10, rows)), clicks, expected)


def test_taste_solves_the_normal_equations_of_every_moment() -> None:
    parts, moments = [_seen(0), _seen(1, 25)], np.array([0.0, 3.0, 20.0])
    axes = np.random.default_rng(2).normal(size=(5, 2)).astype(np.float32)
    by_word, by_axes = taste(parts, axes, moments, Penalty(words=2.0, axes=5.0))
    x = np.vstack([part.words.toarray() for part in parts]).astype(np.float64)
    x = np.hstack([x, x @ axes])
    y = np.concatenate([part.clicks for part in parts])
    e = np.concatenate([part.expected for part in parts])
    ts = np.concatenate([part.ts for part in parts])
    for number, moment in enumerate(moments):
        w = (ts < moment) * e * (1 - e)
        penalty = np.diag([2.0] * 5 + [5.0] * 2)
        exact = np.linalg.solve(x.T @ (w[:, None] * x) + penalty, x.T @ ((ts < moment) * (y - e)))
        assert by_word[:, number] == pytest.approx(exact[:5], abs=1e-4)
        assert by_axes[:, number] == pytest.approx(axes @ exact[5:], abs=1e-4)


def test_before_anything_was_seen_there_is_no_taste() -> None:
    by_word, by_axes = taste(
        [_seen(0)], np.ones((5, 1), np.float32), np.array([-1.0]), Penalty(1.0, 1.0)
    )
    assert not by_word.any()
    assert not by_axes.any()


def test_a_word_clicked_more_than_expected_is_liked() -> None:
    words = sparse.csr_matrix(np.array([[1, 0], [0, 1]], np.float32))
    seen = Seen(
        words,
        words,
        np.zeros(2),
        np.array([1, 0], np.float32),
        np.array([0.1, 0.1], np.float32),
    )
    by_word, _ = taste([seen], np.zeros((2, 1), np.float32), np.array([1.0]), Penalty(2.0, 1.0))
    # (y - e) / (w + penalty): .9 / 2.09 and -.1 / 2.09
    assert by_word[:, 0] == pytest.approx([0.9 / 2.09, -0.1 / 2.09], rel=1e-5)
