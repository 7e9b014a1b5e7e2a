from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from service.contract.uplift_regression import NOTHING_LEARNT, ShownRows, _tail, fit_lift


def made(
    rng: np.random.Generator, *, lift: float, cost: float, rows: int = 40_000, shoppers: int = 200
) -> ShownRows:
    """Ads of which each could show three phrases; lots show none, one or two of them.

    What a shopper likes (z) also moves clicks on plain titles, and each shopper clicks more or
    less than others: neither is the points' doing.
    """
    z = rng.normal(-2.0, 1.0, (rows, 3))
    who = rng.integers(shoppers, size=rows)
    own = 0.5 * rng.normal(size=shoppers)[who]
    count = rng.integers(0, 3, size=rows)
    shown = np.where(np.arange(3) < count[:, None], z, -np.inf)
    shown = -np.sort(-shown, axis=1)
    shown[~np.isfinite(shown)] = np.nan
    first, second = np.nan_to_num(shown[:, 0] + 2.0), np.nan_to_num(shown[:, 1] + 2.0)
    base = rng.normal(-2.0, 0.5, rows)
    effect = lift * first + 0.5 * lift * second - cost * count
    logit = base + own + 0.3 * (z.mean(axis=1) + 2.0) + effect
    clicked = (rng.random(rows) < 1 / (1 + np.exp(-logit))).astype(float)
    return ShownRows(clicked, base, shown, z.mean(axis=1), z.max(axis=1), who)


def test_lift_and_cost_are_found_although_clicks_depend_on_taste_anyway() -> None:
    rows = made(np.random.default_rng(1), lift=0.6, cost=0.1)
    found = fit_lift(rows)
    # a_k + b_k z with z + 2 in the truth: a_1 = 2 x .6 - .1, b_1 = .6, a_2 = 2 x .3 - .1, b_2 = .3
    errors = np.sqrt(np.diag(np.array(found.covariance)))
    assert np.abs(np.array(found.coefficients) - [1.1, 0.6, 0.5, 0.3]) == pytest.approx(
        np.zeros(4), abs=3 * errors.max()
    )
    assert errors.max() < 0.15
    assert found.is_claimed
    assert found.places == 2
    at_mean, liked = found.bounds(np.array([-2.0, -1.0])).T
    assert at_mean[0] < 0 < liked[0]  # costs .1 where nothing is liked, adds .5 where much is


def test_where_points_do_nothing_a_lift_is_claimed_as_seldom_as_promised() -> None:
    worlds = [made(np.random.default_rng(n), lift=0.0, cost=0.0, rows=4_000) for n in range(100)]
    p_values = np.array([fit_lift(world).p_value for world in worlds])
    assert (p_values <= 0.02).sum() <= 6  # 2 expected; 7 or more: 1 in 200
    assert 0.35 < p_values.mean() < 0.65  # even: no more and no fewer than chance


def test_a_phrase_liked_more_is_never_taken_to_add_less() -> None:
    rows = made(np.random.default_rng(3), lift=-0.6, cost=-0.3)
    found = fit_lift(rows)
    a_1, b_1, _, b_2 = found.coefficients
    assert (b_1, b_2) == (0.0, 0.0)
    assert found.covariance[1] == (0.0,) * 4
    assert a_1 == pytest.approx(0.3, abs=0.15)  # what a point adds on average


def test_too_few_clicks_or_shoppers_teach_nothing() -> None:
    rows = made(np.random.default_rng(4), lift=0.6, cost=0.1, rows=2_000)
    assert fit_lift(replace(rows, clicked=np.zeros(2_000))) == NOTHING_LEARNT
    assert fit_lift(replace(rows, shoppers=rows.shoppers % 5)) == NOTHING_LEARNT
    alone = replace(rows, shown=np.where(np.arange(3) < 1, rows.shown, np.nan))
    assert fit_lift(alone).places == 1
    never_plain = replace(rows, shown=np.where(np.isnan(rows.shown), -2.0, rows.shown))
    assert fit_lift(never_plain) == NOTHING_LEARNT


def test_some_of_the_rows_are_rows() -> None:
    rows = made(np.random.default_rng(5), lift=0.6, cost=0.1, rows=50)
    some = rows.take(np.array([3, 7]))
    assert some.clicked.tolist() == rows.clicked[[3, 7]].tolist()
    assert (some.shown.shape, some.best[1]) == ((2, 3), rows.best[7])


def test_the_tail_is_that_of_f() -> None:
    # F(2, 60) has its upper 5 % point at 3.150, F(4, 60) at 2.525, F(4, 20) at 2.866
    for size, rest, at in ((2, 60, 3.150), (4, 60, 2.525), (4, 20, 2.866)):
        clusters = rest + size
        wald = at * size * (clusters - 1) / rest
        assert _tail(wald, size, clusters) == pytest.approx(0.05, abs=2e-4)
    assert _tail(-1.0, 4, 50) == 1.0
