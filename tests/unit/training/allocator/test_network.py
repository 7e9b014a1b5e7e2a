"""The equations of the networks, redone in numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from service.contract.platform_windows import FEATURES, WINDOW, encode
from tests.unit.training.allocator.made import made_ensemble, planted
from training.allocator.config import AllocatorArm, AllocatorConfig
from training.allocator.network import RATES, Bend, DayWeights, came_over, deviation, new_network


def test_the_bend_follows_the_days_and_without_spread_the_prior() -> None:
    layer = Bend(0.0)
    rng = np.random.default_rng(2)
    spend = np.exp(rng.normal(0, 0.7, (3, WINDOW))).astype(np.float32)
    spend[2] = 1.0  # never varied
    true = np.array([[0.2], [20.0], [20.0]])
    goal = (np.log1p(true * spend) / np.log1p(true)).astype(np.float32)
    on, size = np.ones_like(spend), np.full((3, 1), np.log1p(1_000.0), np.float32)
    odds = np.asarray(layer(spend, goal, on, size))
    assert odds.sum(axis=1) == pytest.approx([1, 1, 1], abs=1e-6)
    found = np.exp(odds @ np.log(RATES))
    assert found[0] < 0.6
    assert found[1] > 5
    prior = np.exp(np.asarray(layer.prior))
    assert odds[2] == pytest.approx(prior / prior.sum(), abs=1e-6)


def test_the_fit_is_the_likelihood_of_poisson_counts() -> None:
    layer = Bend(0.0)
    layer.age.assign(np.zeros(WINDOW))
    layer.prior.assign(np.zeros(len(RATES)))
    layer.noise.assign(-40.0)  # no more noise than that of counts
    rng = np.random.default_rng(3)
    spend, goal = rng.uniform(0.3, 3, (1, WINDOW)), rng.uniform(0.5, 2, (1, WINDOW))
    v = 5.0
    odds = np.asarray(layer(spend, goal, np.ones((1, WINDOW)), np.full((1, 1), np.log1p(v))))[0]
    curves = np.log1p(RATES * spend[0][:, None]) / np.log1p(RATES)
    mean = v * curves * goal.sum() / curves.sum(axis=0)  # each curve at its best level
    likelihood = (v * goal[0][:, None] * np.log(mean) - mean).sum(axis=0)
    expected = np.exp(likelihood - likelihood.max())
    assert odds == pytest.approx(expected / expected.sum(), rel=1e-3)


def test_weights_of_days_fall_with_age_and_unknown_days_have_none() -> None:
    layer = DayWeights(0.1)
    counts = np.ones((1, WINDOW), np.float32)
    counts[0, -2] = 0
    weights = np.asarray(layer(np.ones((1, WINDOW, 4), np.float32), counts))[0]
    assert weights[-1] == pytest.approx(1.0)
    assert weights[-2] == 0
    assert weights[-8] == pytest.approx(np.exp(-0.7), rel=1e-5)


def test_levels_and_deviations() -> None:
    came, due = np.array([[3.0, 5.0]]), np.array([[1.0, 1.0]])
    assert float(came_over(came, due, 0.0)[0, 0]) == pytest.approx(np.log(4))
    assert float(came_over(came, due, 2.0)[0, 0]) == pytest.approx(np.log(10 / 4))
    off = np.asarray(deviation(came, due, 0.5))[0]
    assert off == pytest.approx(np.log([3.5 / 1.5, 5.5 / 1.5]))
    assert float(deviation(np.array([1e9]), np.array([1e-9]), 1e-9)[0]) == 3.0


@pytest.mark.parametrize("arm", AllocatorArm)
def test_unknown_days_are_invisible(arm: AllocatorArm) -> None:
    model = made_ensemble(arm)
    batch = encode(planted([1.0, 5.0], days=20), "clicks").tensors
    batch["mask"][:, ::3] = 0
    dirty = dict(batch, history=batch["history"].copy())
    dirty["history"][:, ::3, :4] = 7.0  # where the mask is 0
    assert (batch["mask"] == dirty["mask"]).all()
    for plain, other in zip(model(batch), model(dirty), strict=True):
        if plain is not None:
            assert np.asarray(other) == pytest.approx(np.asarray(plain), abs=1e-6)


@pytest.mark.parametrize("arm", AllocatorArm)
def test_nothing_known_is_no_trouble(arm: AllocatorArm) -> None:
    answer: Any = made_ensemble(arm)(
        {
            "history": np.zeros((1, WINDOW, len(FEATURES)), np.float32),
            "mask": np.zeros((1, WINDOW), np.float32),
        }
    )
    assert all(np.isfinite(np.asarray(one)).all() for one in answer if one is not None)
    assert (answer.bend is None) == (arm is AllocatorArm.P0)


def test_it_starts_at_what_the_window_says() -> None:
    days = planted([0.2], days=WINDOW, level=5_000)
    windows = encode(days, "clicks")
    answer: Any = new_network(AllocatorConfig(ageing=0.03, middle=0.0))(windows.tensors)
    rate = float(np.exp(np.asarray(answer.bend)[0]))
    x = 100e6 / windows.spend[0]
    level = windows.value[0] * np.exp(float(np.asarray(answer.level)[0, 0]))
    expected = level * np.log1p(rate * x) / np.log1p(rate)
    assert expected == pytest.approx(5_000, rel=0.02)


def test_networks_that_differ_know_less() -> None:
    batch = encode(planted([1.0], days=WINDOW), "clicks").tensors
    model = made_ensemble(AllocatorArm.CNN)
    said = [member(batch) for member in model.members]
    whole: Any = model(batch)
    levels = np.array([float(np.asarray(one.level)[0, 0]) for one in said])
    sds = np.array([float(np.asarray(one.sd)[0]) for one in said])
    assert float(np.asarray(whole.level)[0, 0]) == pytest.approx(levels.mean(), abs=1e-6)
    assert float(np.asarray(whole.sd)[0]) == pytest.approx(
        np.sqrt((sds**2).mean() + levels.var()), rel=1e-4
    )
