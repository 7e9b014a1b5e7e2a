"""The regression behind an uplift: what the points shown add to the logit of a click."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from service.contract.uplift import Lift

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[Any]

NOTHING_LEARNT: Final = Lift((), (), 1.0)

_BASE: Final = -3  # its place in the design
_STEPS: Final = 12  # three or four are enough, but where clicks are few
_HALVINGS: Final = 12
_LEAST_CLICKS: Final = 50  # with k points shown, to learn about the k-th; and without any
_LEAST_SHOPPERS: Final = 20
_RIDGE: Final = 1e-6


@dataclass(frozen=True, slots=True)
class ShownRows:
    """Ads (N,) whose selling points were drawn at random.

    shown (N, P) holds the logits of the points' scores, best first, NaN where there is none;
    mean and best are those of all that the ad could have shown; base is the logit of a click as
    far as the model knows it without them.
    """

    clicked: Numbers
    base: Numbers
    shown: Numbers
    mean: Numbers
    best: Numbers
    shoppers: Numbers

    def take(self, chosen: Numbers) -> ShownRows:
        """Return the rows `chosen`."""
        parts = (self.clicked, self.base, self.shown, self.mean, self.best, self.shoppers)
        return ShownRows(*(part[chosen] for part in parts))


def fit_lift(rows: ShownRows) -> Lift:
    """Fit what points add to the logit of a click, by maximum likelihood.

        logit P(click) = c_0 + c_1 base + c_2 mean + c_3 best + sum_k shown_k (a_k + b_k z_k)

    where z_k is the logit of the k-th best point shown. What a shopper likes moves clicks on
    plain titles, too: mean and best take that up, and since lots decide what is shown, the rest
    is the points' own doing. Errors are those of whole shoppers (sandwich); the p-value is of all
    a_k = b_k = 0 (Wald against F).
    Where clicks or shoppers are too few, nothing is learnt.
    """
    places = _places(rows)
    clusters = len(np.unique(rows.shoppers))
    if not places or clusters < _LEAST_SHOPPERS:
        return NOTHING_LEARNT
    size = 2 * places
    design = _design(rows, places)
    weights, covariance = _fit(design, rows)
    wald = weights[:size] @ np.linalg.solve(covariance[:size, :size], weights[:size])
    # a phrase that is clicked more does not add less: such a slope is chance, and counts as none
    falling = 2 * np.flatnonzero(weights[1:size:2] < 0) + 1
    if len(falling):
        kept = np.setdiff1d(np.arange(design.shape[1]), falling)
        weights, covariance = np.zeros_like(weights), np.zeros_like(covariance)
        weights[kept], covariance[np.ix_(kept, kept)] = _fit(design[:, kept], rows)
    lines = tuple(tuple(map(float, line)) for line in covariance[:size, :size])
    return Lift(tuple(map(float, weights[:size])), lines, _tail(float(wald), size, clusters))


def _places(rows: ShownRows) -> int:
    """How many points in one title there is enough to learn about."""
    count = (~np.isnan(rows.shown)).sum(axis=1)
    enough = [
        rows.clicked[count == k].sum() >= _LEAST_CLICKS for k in range(rows.shown.shape[1] + 1)
    ]
    found = enough.index(False) if False in enough else len(enough)
    return max(found - 1, 0)


def _design(rows: ShownRows, places: int) -> Numbers:
    z = rows.shown[:, :places]
    there = ~np.isnan(z)
    own = np.stack([there.astype(float), np.where(there, z, 0.0)], axis=2)  # (N, P, 2)
    rest = np.stack([np.ones(len(z)), rows.base, rows.mean, rows.best], axis=1)
    return np.concatenate([own.reshape(len(z), -1), rest], axis=1)


def _fit(design: Numbers, rows: ShownRows) -> tuple[Numbers, Numbers]:
    """The weights, and their covariance where rows of one shopper go together."""
    weights, curvature = _maximise(design, rows.clicked)
    return weights, _sandwich(design, rows, weights, curvature)


def _maximise(design: Numbers, clicked: Numbers) -> tuple[Numbers, Numbers]:
    """Newton's method; the weights and the curvature there."""
    weights = np.zeros(design.shape[1])
    weights[_BASE] = 1.0
    ridge = _RIDGE * np.eye(len(weights))
    for _ in range(_STEPS):
        p, curvature = _curved(design, weights)
        step = np.linalg.solve(curvature + ridge, design.T @ (clicked - p))
        weights = weights + _as_far_as_it_helps(step, weights, design, clicked)
    return weights, _curved(design, weights)[1] + ridge


def _as_far_as_it_helps(
    step: Numbers, weights: Numbers, design: Numbers, clicked: Numbers
) -> Numbers:
    """The step, halved until the loss does not rise; nothing if it always does."""
    loss = _loss(design @ weights, clicked)
    shares = (step / 2**n for n in range(_HALVINGS))
    helping = (one for one in shares if _loss(design @ (weights + one), clicked) <= loss)
    return next(helping, np.zeros_like(step))


def _curved(design: Numbers, weights: Numbers) -> tuple[Numbers, Numbers]:
    """The chance of a click (N,), and the curvature of the loss (W, W)."""
    p = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
    return p, (design * (p * (1 - p))[:, None]).T @ design


def _loss(logit: Numbers, clicked: Numbers) -> float:
    return float((np.logaddexp(0.0, logit) - clicked * logit).sum())


def _sandwich(design: Numbers, rows: ShownRows, weights: Numbers, curvature: Numbers) -> Numbers:
    """The covariance of the weights where rows of one shopper go together (Liang and Zeger)."""
    p, _ = _curved(design, weights)
    _, codes = np.unique(rows.shoppers, return_inverse=True)
    scores = np.zeros((codes.max() + 1, len(weights)))
    np.add.at(scores, codes, design * (rows.clicked - p)[:, None])
    bread = np.linalg.inv(curvature)
    few = len(scores) / (len(scores) - 1)
    covariance: Numbers = few * bread @ (scores.T @ scores) @ bread
    return (covariance + covariance.T) / 2


def _tail(wald: float, size: int, clusters: int) -> float:
    """P(F > wald / size) of F with an even `size` and clusters - size degrees of freedom.

    sum_{k < size / 2} (m)_k / k! (1 - y)^k y^m,    m = half the lower degrees of freedom
    """
    rest = max(clusters - size, 1)
    y = rest / (rest + max(wald, 0.0) * rest / (clusters - 1))
    half = rest / 2
    term, total = 1.0, 0.0
    for k in range(size // 2):
        total += term
        term *= (half + k) / (k + 1) * (1 - y)
    return float(min(total * y**half, 1.0))
