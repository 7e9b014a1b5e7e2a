from __future__ import annotations

import numpy as np

from training.cooccurrence import catalogue_vectors

# words 1 2 3 share titles, 4 5 6 share others; 7 stands alone
TITLES = np.array([[1, 2, 3], [1, 2, 0], [2, 3, 1], [4, 5, 6], [4, 6, 5], [5, 6, 4], [7, 0, 0]])


def _cosine(vectors: np.ndarray, one: int, other: int) -> float:
    a, b = vectors[one], vectors[other]
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_words_that_share_titles_lie_close() -> None:
    vectors = catalogue_vectors(TITLES, 10, 4, seed=0)
    assert _cosine(vectors, 1, 2) > 0.9
    assert _cosine(vectors, 4, 6) > 0.9
    assert abs(_cosine(vectors, 1, 5)) < 0.1


def test_known_words_have_one_length_and_padding_has_none() -> None:
    vectors = catalogue_vectors(TITLES, 10, 4, seed=0)
    assert np.allclose(np.linalg.norm(vectors[1:7], axis=1), 0.5, atol=1e-5)
    assert not vectors[0].any()
    assert 0 < np.linalg.norm(vectors[7]) < 0.2


def test_equal_seeds_give_equal_vectors() -> None:
    one, other = (catalogue_vectors(TITLES, 10, 4, seed=3) for _ in range(2))
    assert np.array_equal(one, other)


def test_a_catalogue_of_nothing_gives_noise() -> None:
    vectors = catalogue_vectors(np.zeros((2, 3), int), 5, 8, seed=0)
    assert vectors.shape == (5, 8)
    assert np.isfinite(vectors).all()
