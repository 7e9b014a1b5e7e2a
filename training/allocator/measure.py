"""How well an allocator foretells the days it was not fitted to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from service.contract.platform_windows import GOALS
from training.allocator.likelihood import expected, surprise
from training.allocator.windows import rows_of

if TYPE_CHECKING:
    import keras

    from service.contract.arrays import Tensors
    from training.allocator.config import AllocatorConfig
    from training.allocator.learn import AllocatorData


def allocator_metrics(
    model: keras.Model, data: AllocatorData, config: AllocatorConfig
) -> dict[str, float]:
    """Return what was measured on the days held out, of the day after each window.

    error = sum |expected - real| / sum real, by goal; `proportional` is that of the window's own
    goal by spend. surprise is -log likelihood a day; within is the share of days within two
    standard deviations of what was expected.
    """
    found: dict[str, float] = {}
    for goal in GOALS:
        rows = rows_of(data.series, data.checked, config, None, goals=(goal,))
        first = rows["real"][:, 0] > 0
        if not (rows["counts"][first, 0] > 0).any():
            continue
        found |= _of_goal(model, {name: one[first] for name, one in rows.items()}, goal)
    return found


def _of_goal(model: keras.Model, rows: Tensors, goal: str) -> dict[str, float]:
    answer: Any = model(rows)
    mean = np.asarray(expected(answer, rows))[:, 0]
    real, plain = rows["counts"][:, 0], rows["value"] * rows["spend"][:, 0]
    sd, dispersion = np.asarray(answer.sd), np.asarray(answer.dispersion)
    spread = np.sqrt(mean + mean**2 * (dispersion + np.expm1(sd**2)))
    return {
        f"{goal}_error": _error(mean, real),
        f"{goal}_error_proportional": _error(plain, real),
        f"{goal}_surprise": float(np.mean(np.asarray(surprise(answer, rows)))),
        f"{goal}_within": float(np.mean(np.abs(real - mean) <= 2 * spread)),
    }


def _error(found: Any, real: Any) -> float:
    return float(np.abs(found - real).sum() / real.sum())
