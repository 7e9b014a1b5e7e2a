from __future__ import annotations

import numpy as np
import pytest

from training.calibration import fit_calibration


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-x)))


def test_it_undoes_a_known_distortion() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(-2.0, 1.0, 200_000)
    clicks = (rng.random(truth.size) < _sigmoid(truth)).astype(float)
    slope, shift = fit_calibration(2.0 * truth + 1.0, clicks)  # truth = 0.5 x - 0.5
    assert slope == pytest.approx(0.5, abs=0.02)
    assert shift == pytest.approx(-0.5, abs=0.05)


def test_predicted_clicks_add_up() -> None:
    rng = np.random.default_rng(1)
    logits, clicks = rng.normal(size=500), (rng.random(500) < 0.1).astype(float)
    slope, shift = fit_calibration(logits, clicks)
    assert _sigmoid(slope * logits + shift).sum() == pytest.approx(clicks.sum(), rel=1e-3)


def test_order_is_kept_even_if_the_scores_are_upside_down() -> None:
    logits = np.linspace(-3, 3, 2000)
    slope, _ = fit_calibration(logits, (logits < 0).astype(float))
    assert slope == pytest.approx(0.05)


def test_nothing_to_learn_from_changes_nothing() -> None:
    assert fit_calibration(np.ones(3), np.zeros(3)) == (1.0, 0.0)
    assert fit_calibration(np.array([]), np.array([])) == (1.0, 0.0)
