"""Word vectors from the catalogue alone: words that share titles lie close together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from service.contract.arrays import FloatArray, IntArray

_TRUSTED_COUNT: Final = 5.0  # pairs seen less often count in part
_LENGTH: Final = 0.5
_ITERATIONS: Final = 12
_UNKNOWN_SPREAD: Final = 0.02


def catalogue_vectors(titles: IntArray, size: int, dim: int, *, seed: int) -> FloatArray:
    """Return vectors (size, dim) of length 0.5 to start an embedding from.

        M_ij = max(0, ln(n_ij n / (n_i n_j))) min(1, n_ij / 5)     titles that hold both words
        vectors = rows of U S^(1/2), the `dim` largest, of M = U S U^T

    titles (n, T) ids, 0 pads, each id once a title. Words with no neighbour get small noise.
    """
    rng = np.random.default_rng(seed)
    vectors = rng.normal(0.0, _UNKNOWN_SPREAD, (size, dim))
    shared = _shared_information(titles, size)
    rank = min(dim, size - 2)
    if shared.nnz and rank > 0:
        values, axes = _largest(shared, rank, rng)
        found = axes * np.sqrt(np.maximum(values, 0.0))
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        scaled = found * (_LENGTH / np.maximum(lengths, 1e-9))
        vectors[:, :rank] = np.where(lengths > 1e-6, scaled, vectors[:, :rank])  # noqa: PLR2004
    vectors[0] = 0.0
    return vectors.astype(np.float32)


def _largest(
    matrix: sparse.csr_matrix, rank: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the `rank` largest eigenvalues and their axes, by subspace iteration.

    ARPACK starts anew from numbers of its own where eigenvalues repeat; this never does.
    """
    size = matrix.shape[0]
    axes = np.linalg.qr(rng.normal(size=(size, min(2 * rank, size))))[0]
    for _ in range(_ITERATIONS):
        axes = np.linalg.qr(matrix @ axes)[0]
    values, turns = np.linalg.eigh(axes.T @ (matrix @ axes))
    return values[-rank:], axes @ turns[:, -rank:]


def _shared_information(titles: IntArray, size: int) -> sparse.csr_matrix:
    rows, columns = np.nonzero(titles)
    ones = np.ones(len(rows))
    holds = sparse.csr_matrix((ones, (rows, titles[rows, columns])), (len(titles), size))
    both: Any = (holds.T @ holds).tocoo()
    alone: NDArray[np.float64] = np.asarray(holds.sum(axis=0)).ravel()
    expected = alone[both.row] * alone[both.col] / max(len(titles), 1)
    information = np.log(both.data / expected) * np.minimum(1, both.data / _TRUSTED_COUNT)
    kept = (information > 0) & (both.row != both.col)
    cells = (information[kept], (both.row[kept], both.col[kept]))
    return sparse.csr_matrix(cells, (size, size))
