"""Words that could stand on the same products lie close together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import sparse
from sklearn.decomposition import TruncatedSVD

if TYPE_CHECKING:
    from service.contract.arrays import FloatArray

DIM: Final = 24
_NEAREST: Final = 30
_SHARPNESS: Final = 3  # of likeness: words far apart hardly count
_BLOCK: Final = 1024
_SMALLEST: Final = 1e-9


@dataclass(frozen=True, slots=True)
class WordAxes:
    """Words on D axes, and how alike they are.

    axes (V, D) of length 1, or 0 for a word on no product; likeness (V, V) = max(cos, 0)^3 to
    the 30 nearest, itself among them.
    """

    axes: FloatArray
    likeness: sparse.csr_matrix

    @classmethod
    def of(cls, held: sparse.csr_matrix, *, seed: int) -> WordAxes:
        """Take the largest axes of products x words (P, V), words weighed by 1 / sqrt(count)."""
        counts = np.asarray(held.sum(axis=0)).ravel()
        scaled = held.astype(np.float64) @ sparse.diags(np.maximum(counts, 1.0) ** -0.5)
        dim = min(DIM, min(held.shape) - 1)
        if dim < 1:
            axes = np.zeros((held.shape[1], 1))
        else:
            found = TruncatedSVD(dim, random_state=seed).fit(scaled)
            axes = found.components_.T * found.singular_values_
        axes = axes / np.maximum(np.linalg.norm(axes, axis=1, keepdims=True), _SMALLEST)
        axes[counts == 0] = 0.0
        return cls(axes.astype(np.float32), _nearest(axes.astype(np.float32)))


def _nearest(axes: FloatArray) -> sparse.csr_matrix:
    size = len(axes)
    near = min(_NEAREST, size)
    blocks = []
    for begin in range(0, size, _BLOCK):
        cosines = np.maximum(axes[begin : begin + _BLOCK] @ axes.T, 0.0) ** _SHARPNESS
        chosen = np.argpartition(-cosines, near - 1, axis=1)[:, :near]
        rows = np.repeat(np.arange(len(cosines)), near)
        cells = (cosines[rows, chosen.ravel()], (rows, chosen.ravel()))
        blocks.append(sparse.csr_matrix(cells, cosines.shape))
    return sparse.vstack(blocks).tocsr()
