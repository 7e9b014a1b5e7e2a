"""The demo's shoppers: what they look for, and their hidden tastes.

A shopper u has a liking a[u, t] for each theme t (three liked, three disliked, the rest nearly
indifferent) and a whim of their own for each phrase v of theme t(v):

    theta[u, v] = a[u, t(v)] + 0.25 e[u, v],    e ~ N(0, 1)

centred over the shoppers, so that no phrase is liked by all: what can be learnt of `theta` is
personal. Interest in product types and activity are uneven.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from service.demo.assortment import load_assortment

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHOPPERS = 500
_LIKED, _DISLIKED = 3, 3


@dataclass(frozen=True, slots=True)
class Shoppers:
    """U shoppers over V phrases, K product types."""

    theta: NDArray[np.float64]  # (U, V)
    interest: NDArray[np.float64]  # (U, K), rows sum to 1
    activity: NDArray[np.float64]  # (U,), sums to 1
    thrift: NDArray[np.float64]  # (U,), about 1: how much a high price puts them off


def make_shoppers(seed: int) -> Shoppers:
    """Draw the shoppers of a seed."""
    assortment = load_assortment()
    rng = np.random.default_rng([seed, 4])
    theme = np.array([assortment.themes.index(t) for t in assortment.theme_of.values()])
    liking = _likings(rng, len(assortment.themes))
    theta = liking[:, theme] + 0.25 * rng.standard_normal((SHOPPERS, len(theme)))
    activity = np.exp(0.5 * rng.standard_normal(SHOPPERS))
    return Shoppers(
        theta=theta - theta.mean(axis=0),
        interest=_interests(rng),
        activity=activity / activity.sum(),
        thrift=np.exp(0.4 * rng.standard_normal(SHOPPERS)),
    )


def _likings(rng: np.random.Generator, themes: int) -> NDArray[np.float64]:
    liking = 0.25 * rng.standard_normal((SHOPPERS, themes))
    order = rng.random((SHOPPERS, themes)).argsort(axis=1)
    rows = np.arange(SHOPPERS)[:, None]
    liking[rows, order[:, :_LIKED]] = rng.uniform(1.2, 2.0, (SHOPPERS, _LIKED))
    disliked = order[:, _LIKED : _LIKED + _DISLIKED]
    liking[rows, disliked] = -rng.uniform(0.8, 1.4, (SHOPPERS, _DISLIKED))
    return liking


def _interests(rng: np.random.Generator) -> NDArray[np.float64]:
    types = load_assortment().types
    category = np.array([kind.category for kind in types])
    by_category = rng.dirichlet(np.full(category.max() + 1, 0.4), SHOPPERS)
    by_type = rng.dirichlet(np.full(len(types), 0.8), SHOPPERS)
    interest = by_category[:, category] * by_type + 1e-9
    return np.asarray(interest / interest.sum(axis=1, keepdims=True))
