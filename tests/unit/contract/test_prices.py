from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.contract.prices import price_of, price_z


def test_thirty_units_are_usual() -> None:
    assert price_z(30_000_000) == pytest.approx((math.log(30) - 3.4) / 1.25)
    assert abs(price_z(30_000_000)) < 0.01


@pytest.mark.parametrize("micros", [0, -5, 1])
def test_free_is_as_low_as_it_gets(micros: int) -> None:
    assert price_z(micros) == -4.0


def test_dear_is_as_high_as_it_gets() -> None:
    assert price_z(10**18) == 4.0
    assert price_of(99.0) == price_of(4.0)


@given(st.floats(-3, 4))
def test_one_undoes_the_other(z: float) -> None:
    assert price_z(price_of(z)) == pytest.approx(z, abs=0.01)
    assert price_of(z) % 10_000 == 0
