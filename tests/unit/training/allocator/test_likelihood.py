"""Counts whose level is not quite known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import nbinom

from training.allocator.likelihood import expected, surprise
from training.allocator.network import Answer


def batch(counts: list[float], spend: list[float], value: float = 50.0) -> dict[str, Any]:
    return {
        "value": np.array([value], np.float32),
        "spend": np.array([spend], np.float32),
        "counts": np.array([counts], np.float32),
        "real": np.ones((1, len(counts)), np.float32),
    }


def answer(sd: float, dispersion: float, bend: float | None = 0.0, days: int = 1) -> Answer:
    bends = None if bend is None else np.array([bend], np.float32)
    zeros = np.zeros((1, days), np.float32)
    return Answer(zeros, np.array([sd], np.float32), np.array([dispersion], np.float32), bends)


def test_twice_the_spend_brings_what_the_curve_says() -> None:
    # rate 1 (bend 0): value ln(1 + 2) / ln 2 = 50 * 1.585
    found = expected(answer(0.1, 0.1), batch([1, 1], [1.0, 2.0]))
    assert np.asarray(found)[0] == pytest.approx([50, 79.25], abs=0.01)
    without = expected(answer(0.1, 0.1, bend=None, days=2), batch([1, 1], [1.0, 2.0]))
    assert np.asarray(without)[0] == pytest.approx([50, 50])


@pytest.mark.parametrize("count", [0, 3, 60, 2_000_000])
def test_a_known_level_leaves_the_negative_binomial(count: int) -> None:
    value = max(count, 50)
    found = float(np.asarray(surprise(answer(1e-6, 0.2), batch([count], [1.0], value)))[0])
    r = 5.0
    assert found == pytest.approx(-nbinom.logpmf(count, r, r / (r + value)), rel=1e-5)


def test_an_unknown_level_is_integrated_over() -> None:
    sd, counts = 0.3, [30.0, 90.0]
    found = float(np.asarray(surprise(answer(sd, 0.1, days=2), batch(counts, [1.0, 1.0])))[0])
    z = np.random.default_rng(0).normal(size=400_000)
    mean = 50 * np.exp(sd * z - sd**2 / 2)
    both = np.prod([nbinom.pmf(one, 10, 10 / (10 + mean)) for one in counts], axis=0)
    assert found == pytest.approx(-np.log(both.mean()) / 2, abs=0.02)


def test_days_that_are_not_real_do_not_count() -> None:
    rows = batch([40, 9_999], [1.0, 1.0])
    rows["real"][0, 1] = 0
    alone = surprise(answer(0.2, 0.1), batch([40], [1.0]))
    assert float(surprise(answer(0.2, 0.1, days=2), rows)[0]) == pytest.approx(float(alone[0]))
