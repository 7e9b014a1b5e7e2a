from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import sparse

from training.shown import Shown, joined
from training.taste_factors import Factors
from training.taste_vectors import taste_vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

THEMES = 3
PER_THEME = 8
SIZE = 1 + THEMES * PER_THEME  # id 0 pads
RATE = 0.1


def _theme_of(words: NDArray[np.int64]) -> NDArray[np.int64]:
    return (words - 1) % THEMES


def _log(seed: int, rows: int = 15_000, shoppers: int = 120, taste: float = 2.5) -> Shown:
    """Words shown one by one; each shopper clicks words of one theme `taste` times as often."""
    rng = np.random.default_rng(seed)
    words, who = rng.integers(1, SIZE, rows), np.sort(rng.integers(0, shoppers, rows))
    lift = np.where(who % THEMES == _theme_of(words), taste, (3 - taste) / 2)
    clicks = (rng.random(rows) < RATE * lift).astype(np.float32)
    ones = np.ones(rows, np.float32)
    return Shown(
        sparse.csr_matrix((ones, (np.arange(rows), words)), (rows, SIZE)),
        who,
        rng.random(rows) * 1e6,
        clicks,
        np.full(rows, RATE, np.float32),
        ones,
    )


def _start(dim: int = 6) -> NDArray[np.float32]:
    start = np.random.default_rng(9).normal(0, 0.2, (SIZE, dim)).astype(np.float32)
    start[0] = 0.0
    return start


def _likeness(vectors: NDArray[np.float32]) -> tuple[float, float]:
    """Mean cosine of words of one theme, and of different ones."""
    unit = vectors[1:] / np.linalg.norm(vectors[1:], axis=1, keepdims=True)
    cosines, themes = unit @ unit.T, _theme_of(np.arange(1, SIZE))
    same = themes[:, None] == themes[None]
    apart = ~np.eye(SIZE - 1, dtype=bool)
    return float(cosines[same & apart].mean()), float(cosines[~same].mean())


def test_words_that_the_same_shoppers_click_come_together() -> None:
    found = taste_vectors([_log(1)], _start(), seed=0)
    assert _likeness(_start())[0] < 0.3
    same, other = _likeness(found.vectors)
    assert same > 0.8
    assert other < 0.1
    assert _likeness(found.older)[0] > 0.8
    assert not found.vectors[0].any()


def test_vectors_are_as_long_as_those_of_the_start() -> None:
    found = taste_vectors([_log(1)], _start(), seed=0)
    lengths = [np.sqrt((v[1:] ** 2).sum(axis=1).mean()) for v in (found.vectors, _start())]
    assert lengths[0] == pytest.approx(lengths[1], rel=0.02)


def test_clicks_since_the_edge_do_not_touch_the_older_vectors() -> None:
    log = _log(2)
    found = taste_vectors([log], _start(), seed=0)
    late = log.ts >= found.edge
    assert late.mean() == pytest.approx(0.2, abs=0.01)
    turned = log.clicks.copy()
    turned[np.flatnonzero(late)[:50]] = 1 - turned[np.flatnonzero(late)[:50]]
    again = taste_vectors([replace(log, clicks=turned)], _start(), seed=0)
    assert not np.array_equal(found.vectors, again.vectors)
    assert np.array_equal(found.older, again.older)


def test_without_taste_words_stay_where_the_catalogue_put_them() -> None:
    found = taste_vectors([_log(3, taste=1.0)], _start(), seed=0)
    assert np.array_equal(found.vectors, _start())
    assert found.edge == float("-inf")


@pytest.mark.parametrize("unknown", [True, False])
def test_too_few_clicks_teach_nothing(unknown: bool) -> None:
    log = _log(4, rows=15_000 if unknown else 2_000)
    if unknown:
        log = replace(log, shoppers=np.full(len(log.shoppers), -1))
    found = taste_vectors([log], _start(), seed=0)
    assert np.array_equal(found.vectors, _start())


def test_all_at_one_moment_teaches_nothing() -> None:
    log = _log(5)
    found = taste_vectors([replace(log, ts=np.zeros(len(log.ts)))], _start(), seed=0)
    assert np.array_equal(found.vectors, _start())


def test_the_same_seed_finds_the_same_vectors() -> None:
    one, other = (taste_vectors([_log(6)], _start(), seed=3).vectors for _ in range(2))
    assert np.array_equal(one, other)


def test_tastes_of_few_clicks_are_small() -> None:
    rows = _log(7)
    quiet = rows.shoppers < 40  # of these one row in ten is left
    few = rows.where(~quiet | (np.arange(len(rows.ts)) % 10 == 0))
    factors = Factors(few, _start(), hold=3.0)
    for _ in range(4):
        factors.improve()
    lengths = np.linalg.norm(factors.tastes()[0], axis=1)
    assert lengths[:40].mean() < 0.6 * lengths[40:].mean()


def test_other_rows_become_likelier_only_for_shoppers_that_are_known() -> None:
    factors = Factors(_log(8), _start(), hold=3.0)
    for _ in range(4):
        factors.improve()
    newest = _log(9)
    assert factors.gain(newest) > 30
    strangers = replace(newest, shoppers=newest.shoppers + 1_000)
    assert factors.gain(strangers) == pytest.approx(0.0, abs=1e-3)


def test_logs_are_joined_by_shopper_without_nobody() -> None:
    log = _log(10, rows=50)
    nobody = replace(log, shoppers=np.where(np.arange(50) < 20, -1, log.shoppers))
    both = joined([log, nobody])
    assert len(both.ts) == 80
    assert (np.diff(both.shoppers) >= 0).all()
    assert both.words.shape == (80, SIZE)
    assert both.clicks.sum() == log.clicks.sum() + log.clicks[20:].sum()
