"""Histories with a planted answer to spend, and networks with weights at random."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from service.contract.manifest import Training
from service.contract.platform_days import PlatformDays
from training.allocator.bundle import AllocatorParts, golden_rows, write_card
from training.allocator.config import AllocatorArm, AllocatorConfig
from training.allocator.network import Ensemble, new_network, with_weights
from training.allocator.windows import Series
from training.export.allocator import allocator_graphs

if TYPE_CHECKING:
    import keras

UNIT = 1_000_000
FIRST_DAY = date(2026, 1, 5)


def planted(
    rates: list[float], *, days: int = 60, level: float = 300.0, seed: int = 1, spread: float = 0.5
) -> PlatformDays:
    """Platforms that bring Poisson counts of level ln(1 + rate x) / ln(1 + rate).

    x is the spend by 100 units.
    """
    rng = np.random.default_rng(seed)
    rate = np.array(rates)[:, None]
    x = np.exp(spread * rng.normal(size=(len(rates), days)))
    mean = level * np.log1p(rate * x) / np.log1p(rate)
    clicks = rng.poisson(mean)
    bought = rng.binomial(clicks, 0.1)
    spend = np.round(100 * UNIT * x)
    totals = np.stack([spend, 20 * clicks, clicks, bought], axis=-1).astype(np.float64)
    names = tuple(f"p{number:02}" for number in range(len(rates)))
    return PlatformDays(names, FIRST_DAY, totals, np.ones(x.shape, np.bool_))


def made_ensemble(arm: AllocatorArm, members: int = 2, seed: int = 3) -> keras.Model:
    """Return networks whose every weight is moved at random."""
    rng = np.random.default_rng(seed)
    config = AllocatorConfig(arm=arm, channels=5, hidden=7, width=4)
    models = [new_network(config) for _ in range(members)]
    for model in models:
        weights: list[Any] = model.get_weights()
        model.set_weights(
            [one + rng.normal(0, 0.2, one.shape).astype(np.float32) for one in weights]
        )
    return with_weights(Ensemble(models))


def made_parts(arm: AllocatorArm, days: PlatformDays | None = None) -> AllocatorParts:
    """Return a bundle of weights at random."""
    model = made_ensemble(arm)
    days = days or planted([0.5, 2.0, 10.0], days=50)
    training = Training(3, {"history": "0" * 64}, {"arm": str(arm)}, {"clicks_error": 0.2})
    card = write_card(training, Series.of([days]))
    return AllocatorParts(allocator_graphs(model, arm), golden_rows(model, days), training, card)
