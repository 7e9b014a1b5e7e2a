"""Splits are compared with those of an independent solver of convex problems."""

from __future__ import annotations

import cvxpy
import numpy as np
import pytest

from service.decision.allocation import Bounds, allocate
from service.decision.responses import Responses

BUDGET = 50_000_000


def drawn(seed: int) -> tuple[Responses, Bounds]:
    """A small problem as campaigns have them; one platform in four brings nothing."""
    random = np.random.default_rng(seed)
    platforms = int(random.integers(2, 9))
    scale = random.lognormal(3, 1, platforms) * (random.random(platforms) < 0.75)
    rate = 10 ** random.uniform(-9, -6, platforms)
    floor = (random.random(platforms) / platforms / 2 * BUDGET).astype(np.int64)
    floor[random.random(platforms) < 0.5] = 0
    cap = floor + (random.random(platforms) * BUDGET).astype(np.int64)
    return Responses(scale, rate, np.zeros(platforms)), Bounds(floor, cap)


@pytest.mark.parametrize("seed", range(25))
def test_a_solver_of_convex_problems_finds_no_better(seed: int) -> None:
    curves, bounds = drawn(seed)
    got = allocate(curves, bounds, BUDGET)
    share = cvxpy.Variable(len(curves.scale))  # of the budget
    bent = cvxpy.log1p(cvxpy.multiply(curves.rate * BUDGET, share))
    problem = cvxpy.Problem(
        cvxpy.Maximize(curves.scale @ bent),
        [
            cvxpy.sum(share) == int(got.spend.sum()) / BUDGET,
            share >= bounds.floor / BUDGET,
            share <= bounds.cap / BUDGET,
        ],
    )
    best = problem.solve(solver=cvxpy.CLARABEL)
    assert float(got.value) == pytest.approx(best, rel=1e-6)
