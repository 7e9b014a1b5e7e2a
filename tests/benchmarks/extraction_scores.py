"""How told attribute values are held against gold ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Gold = Mapping[str, Sequence[str]]
    Told = Mapping[str, str]

DRAWS = 1000


@dataclass(frozen=True, slots=True)
class Scores:
    """Precision, recall and F1, micro-averaged."""

    precision: float
    recall: float
    f1: float


def counts(told: Told, gold: Gold, *, strict: bool = False) -> tuple[int, int, int]:
    """How many values of one product are right, told, and there to be told.

    Told values of attributes that `gold` does not name count only if `strict`.
    """
    asked = [name for name in told if strict or name in gold]
    right = sum(told[name] in gold.get(name, ()) for name in asked)
    return right, len(asked), sum(bool(values) for values in gold.values())


def score(counted: NDArray[np.int64]) -> Scores:
    """The scores of counts (N, 3), a row a product."""
    right, told, there = counted.sum(0).tolist()
    return Scores(
        precision=right / told if told else 0.0,
        recall=right / there if there else 0.0,
        f1=2 * right / (told + there) if told + there else 0.0,
    )


def gain_interval(
    counted: NDArray[np.int64], baseline: NDArray[np.int64], seed: int
) -> tuple[float, float]:
    """The 95 % interval of the gain in F1 over the same products, by bootstrap of products."""
    rng = np.random.default_rng(seed)
    drawn = [rng.integers(len(counted), size=len(counted)) for _ in range(DRAWS)]
    gains = [score(counted[rows]).f1 - score(baseline[rows]).f1 for rows in drawn]
    low, high = np.quantile(gains, (0.025, 0.975)).tolist()
    return low, high
