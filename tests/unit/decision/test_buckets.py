"""Buckets are even, independent between experiments, and stay while arms grow."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.decision.buckets import BUCKETS, allot, bucket_of, holds, size_of

SHOPPERS = 100_000
CELLS = 20
CERTAIN = {19: 43.8, 361: 450.0}
"""What chi-square passes once in a thousand draws, by degrees of freedom."""


def cells_of(salt: str) -> np.ndarray:
    """Which twentieth each of many shoppers falls into."""
    buckets = [bucket_of(salt, f"user:u-{number}") for number in range(SHOPPERS)]
    return np.array(buckets) * CELLS // BUCKETS


def test_a_bucket_is_what_the_formula_says() -> None:
    digest = blake2b(b"autumn\0user:u-1042", digest_size=8).hexdigest()
    assert digest == "88d0a52815747a95"
    assert bucket_of("autumn", "user:u-1042") == int("88d0a52815747a95", 16) * 10_000 // 2**64


@pytest.mark.parametrize("salt", ["autumn", "winter", ""])
def test_shoppers_with_consecutive_ids_are_spread_evenly(salt: str) -> None:
    counts = np.bincount(cells_of(salt), minlength=CELLS)
    expected = SHOPPERS / CELLS
    assert ((counts - expected) ** 2 / expected).sum() < CERTAIN[CELLS - 1]


def test_experiments_with_other_salts_are_independent() -> None:
    table = np.zeros((CELLS, CELLS))
    np.add.at(table, (cells_of("autumn"), cells_of("winter")), 1)
    expected = table.sum(1, keepdims=True) * table.sum(0, keepdims=True) / SHOPPERS
    assert ((table - expected) ** 2 / expected).sum() < CERTAIN[(CELLS - 1) ** 2]


def test_every_bucket_is_in_range_and_no_id_breaks_it() -> None:
    odd = ("", "\0", "\ud800", "羊毛", "x" * 10_000)
    assert all(0 <= bucket_of(salt, one) < BUCKETS for salt in odd for one in odd)


def test_arms_get_the_first_buckets_that_are_free() -> None:
    assert allot([(), (), ()], [5000, 2500, 2500]) == (
        ((0, 5000),),
        ((5000, 7500),),
        ((7500, 10_000),),
    )


def test_an_arm_that_grows_keeps_its_buckets_and_takes_from_nobody() -> None:
    small = allot([(), ()], [100, 100])
    assert small == (((0, 100),), ((100, 200),))
    assert allot(small, [1000, 1000]) == (((0, 100), (200, 1100)), ((100, 200), (1100, 2000)))


def test_an_arm_that_shrinks_gives_its_last_buckets_away() -> None:
    even = allot([(), ()], [5000, 5000])
    assert allot(even, [7000, 3000]) == (((0, 5000), (8000, 10_000)), ((5000, 8000),))
    assert allot(even, [0, 3000]) == ((), ((5000, 8000),))


def test_more_weight_than_buckets_is_refused() -> None:
    with pytest.raises(ValueError, match="10001 for 10000"):
        allot([(), ()], [5001, 5000])


weights = st.lists(st.integers(0, BUCKETS // 4), min_size=4, max_size=4)


@given(st.lists(weights, min_size=1, max_size=6))
def test_whatever_the_weights_were_each_arm_has_its_own_and_moves_the_least(
    history: list[list[int]],
) -> None:
    held: tuple[tuple[tuple[int, int], ...], ...] = ((),) * 4
    before = [set[int]()] * 4
    for now in history:
        held = allot(held, now)
        after = [{b for first, end in ranges for b in range(first, end)} for ranges in held]
        assert [len(one) for one in after] == now == [size_of(ranges) for ranges in held]
        assert len(set().union(*after)) == sum(now)
        for was, one in zip(before, after, strict=True):
            assert was <= one or one < was  # grown with all it had, or shrunk to a part of it
        before = after


def test_ranges_hold_their_first_bucket_and_not_the_one_after_the_last() -> None:
    ranges = ((10, 20), (30, 31))
    assert [bucket for bucket in range(40) if holds(ranges, bucket)] == [*range(10, 20), 30]
