"""A shopper's taste as a ridge regression on all that they saw, one for every moment at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.contract.arrays import FloatArray, TimeArray
    from training.peers.past import Seen

STEPS: Final = 12
_SMALLEST: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Penalty:
    """How strongly tastes are pulled to zero: for single words, and along the axes of all."""

    words: float
    axes: float


def taste(
    seen: Sequence[Seen], axes: FloatArray, moments: TimeArray, penalty: Penalty
) -> tuple[FloatArray, FloatArray]:
    """Return what a shopper thinks of each word, by itself and by its axes: (k, S) both.

    With x the words of a row, E their axes (k, D), e its expected clicks and w = e (1 - e):

        min over a, b   sum_{rows before s} w ((y - e) / w - x . (a + E b))^2
                        + penalty.words |a|^2 + penalty.axes |b|^2

    one Newton step of a logistic with offset logit(e), by conjugate gradients with the diagonal
    as preconditioner. The second result is E b.
    """
    words = sparse.vstack([part.words for part in seen]).tocsr().astype(np.float32)
    before = np.concatenate([part.before(moments) for part in seen])  # (m, S)
    clicks = np.concatenate([part.clicks for part in seen])
    expected = np.concatenate([part.expected for part in seen])
    both = sparse.hstack([words, sparse.csr_matrix(words @ axes)]).tocsr()  # (m, k + D)
    strength = np.full(both.shape[1], penalty.words, np.float32)
    strength[words.shape[1] :] = penalty.axes
    weights = before * (expected * (1 - expected))[:, None]
    found = _solve(both, weights, strength, both.T @ (before * (clicks - expected)[:, None]))
    return found[: words.shape[1]], axes @ found[words.shape[1] :]


def _solve(
    inputs: sparse.csr_matrix, weights: FloatArray, strength: FloatArray, target: FloatArray
) -> FloatArray:
    """Solve (X' W_s X + diag(strength)) t_s = target_s for all s: target (d, S) -> (d, S)."""
    turned = inputs.T.tocsr()
    scale = 1 / (turned.multiply(turned).tocsr() @ weights + strength[:, None])
    found = np.zeros_like(target)
    left, step = target.copy(), target * scale
    size = (left * step).sum(axis=0)
    for _ in range(STEPS):
        bent = turned @ ((inputs @ step) * weights) + strength[:, None] * step
        length = size / np.maximum((step * bent).sum(axis=0), _SMALLEST)
        found += length * step
        left -= length * bent
        scaled = left * scale
        now = (left * scaled).sum(axis=0)
        step = scaled + now / np.maximum(size, _SMALLEST) * step
        size = now
    return found
